// Kinds of destination for these tests alone, so that they need no broker's library: `bus` takes a prefix and
// two settings of its own.
#include "destinations/destination.h"

namespace user_events::destinations {
namespace {

// Like kafka: all that is wrong, each with its key.
Result<void> check_bus(const DestinationOptions& options) {
  Error error{ErrorKind::usage, "bus", "a setting of the bus is wrong", {}, {}};
  if (options.topic.empty())
    error.fields.push_back({"topic", "topic-missing", "is missing (write topic = \"user.events\")"});
  for (const auto& [name, value] : options.settings) {
    if (name.find("bad") != std::string::npos) error.fields.push_back({name, "bad", "is refused"});
  }
  if (error.fields.empty()) return {};
  return std::unexpected(std::move(error));
}
Result<void> check_any(const DestinationOptions&) { return {}; }
Result<std::unique_ptr<Destination>> make_none(const DestinationOptions&) {
  return fail(ErrorKind::internal, "none", "not here");
}

}  // namespace

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {{"bus", check_bus, make_none, {"bus.", "password", "unsafe"}},
                                        {"file", check_any, make_none, {"path", "key_file"}}};
  return all;
}

const Kind* find_kind(std::string_view name) {
  for (const auto& kind : kinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

}  // namespace user_events::destinations
