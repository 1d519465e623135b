// Members of a JSON answer; what is missing or of another type reads as nothing. Only for the files that take answers apart.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/time_text.h"
#include "user_events/error.h"
#include "user_events/publisher.h"

namespace user_events::cli {

using simdjson::dom::element;

inline std::unexpected<Error> not_understood() {
  return fail(ErrorKind::unavailable, "bad-answer", "the answer is not one of a user-events daemon",
              "does USER_EVENTS_URL name the daemon, and has it the same version as this command?");
}

inline std::string text(const element& object, std::string_view name) {
  std::string_view value;
  return object[name].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

inline std::uint64_t number(const element& object, std::string_view name) {
  std::uint64_t value = 0;
  return object[name].get(value) == simdjson::SUCCESS ? value : 0;
}

inline bool flag(const element& object, std::string_view name) {
  bool value = false;
  return object[name].get(value) == simdjson::SUCCESS && value;
}

inline std::optional<Timestamp> time(const element& object, std::string_view name) {
  return base::parse_timestamp(text(object, name));
}

/// A parsed document; the parser owns what `root` points into.
struct Document {
  simdjson::dom::parser parser;
  element root;
};

inline bool parse_object(std::string_view body, Document& document) {
  return document.parser.parse(body.data(), body.size()).get(document.root) == simdjson::SUCCESS &&
         document.root.is_object();
}

/// A destination as `/v1/status` and `/v1/destinations` write it.
[[nodiscard]] DestinationStatus destination_status(const element& object);

}  // namespace user_events::cli
