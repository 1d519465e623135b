// Kinds of destination for these tests alone, so that they need no broker's library: `bus` takes a prefix and
// two settings of its own.
#include "destinations/destination.h"

namespace user_events::destinations {
namespace {

Result<void> check_bus(const DestinationOptions& options) {
  if (options.topic.empty())
    return fail(ErrorKind::usage, "topic-missing", "a bus needs a topic", "write topic = \"user.events\"");
  return {};
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
