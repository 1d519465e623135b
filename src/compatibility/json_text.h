// A JSON document that is a schema: parsed strictly, within limits.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "compatibility/compatibility.h"

namespace user_events::compatibility {

/// `usage`, code `schema-invalid`: `FILE: at "POINTER": what`.
[[nodiscard]] std::unexpected<Error> refuse(const std::string& file, const std::string& pointer,
                                            const std::string& what);

/// A parsed schema. Elements live as long as it.
class JsonText {
 public:
  /// Refuses what is no JSON, a member that is given twice, and what is over the limits of compatibility.h.
  [[nodiscard]] static Result<JsonText> parse(const Document& document);

  [[nodiscard]] simdjson::dom::element root() const noexcept { return root_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  JsonText() = default;
  std::unique_ptr<simdjson::dom::parser> parser_ =
      std::make_unique<simdjson::dom::parser>();  // elements point into it
  simdjson::dom::element root_;
  std::string name_;
};

/// By value: object members in any order, 1 and 1.0 the same. Linear. Adds to `compared` how many values it looked at.
[[nodiscard]] bool is_same(const simdjson::dom::element& a, const simdjson::dom::element& b, std::uint64_t& compared);
[[nodiscard]] bool is_same(const simdjson::dom::element& a, const simdjson::dom::element& b);
/// Exact for every number of JSON that simdjson reads; nullopt for what is none.
[[nodiscard]] std::optional<long double> number(const simdjson::dom::element& value);

[[nodiscard]] std::string join(const std::string& pointer, std::string_view token);

[[nodiscard]] inline bool is_listed(std::span<const std::string_view> words, std::string_view word) noexcept { return std::ranges::find(words, word) != words.end(); }

}  // namespace user_events::compatibility
