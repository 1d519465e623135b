// How a schema file is refused: always with the file, the JSON Pointer of the place, and the reason.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "user_events/error.h"

namespace user_events::catalogue {

/// Makes the errors of one file. `file` must outlive it.
class SchemaErrors {
 public:
  explicit SchemaErrors(std::string_view file) noexcept : file_(file) {}

  /// It is no schema, or not one of an event type.
  [[nodiscard]] std::unexpected<Error> invalid(const std::string& pointer, const std::string& what) const {
    return refuse("schema-invalid", pointer, what);
  }
  /// It may be a schema, but it is outside the profile.
  [[nodiscard]] std::unexpected<Error> unsupported(const std::string& pointer,
                                                   const std::string& what) const {
    return refuse("schema-unsupported", pointer, what);
  }

 private:
  [[nodiscard]] std::unexpected<Error> refuse(std::string code, const std::string& pointer,
                                              const std::string& what) const {
    Error error{ErrorKind::usage,
                std::move(code),
                std::string(file_) + ": at \"" + pointer + "\": " + what,
                "docs/catalogue.md lists the supported keywords and what an event type's schema must have",
                {}};
    error.fields.push_back({pointer, error.code, what});
    return std::unexpected(std::move(error));
  }

  std::string_view file_;
};

}  // namespace user_events::catalogue
