// What a caller hands in besides a typed event of user_events/events.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace user_events {

/// A point in time with milliseconds, UTC.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// JSON text that the caller vouches for; it is parsed and checked like any other input.
struct RawJson {
  std::string text;
};

/// The new value of a changed field.
using Value = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, RawJson>;

/// Field name → new value, ordered by name.
using Changes = std::map<std::string, Value, std::less<>>;

/// Optional attributes of any event.
struct PublishOptions {
  std::string id = {};                     ///< Event id; empty: a new UUIDv7. Given: publishing twice is accepted once.
  std::optional<Timestamp> time = {};      ///< When it happened; empty: now.
  std::string traceparent = {}, tracestate = {};  ///< W3C trace context, passed on.
};

/// An event whose type is known at run time only.
struct DynamicEvent {
  std::string_view type;
  std::string_view data;              ///< JSON object.
  std::uint32_t version = 0;          ///< 0: the newest.
  std::string_view id = {};                ///< Empty: a new UUIDv7.
  std::string_view time = {};              ///< RFC 3339; empty: now.
  std::string_view source = {};            ///< CloudEvents `source`; empty: the configured one.
  std::string_view traceparent = {}, tracestate = {};
  std::vector<std::pair<std::string_view, std::string_view>> extensions = {};  ///< Further CloudEvents attributes, as text.
};

}  // namespace user_events
