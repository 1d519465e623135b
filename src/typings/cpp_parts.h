// What every generated C++ header has. Private to the room.
#pragma once

namespace user_events::typings {

inline constexpr char kCppHead[] = R"cpp(//
// Events of user-events: structs, a variant of them, and how they are read from and written as CloudEvents JSON (structured mode).
// C++20; needs nlohmann/json 3.10 or later (https://json.nlohmann.me).
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace user_events_types {

/// Any JSON value; objects keep the order of their members.
using Json = nlohmann::ordered_json;
/// A point in time, UTC.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// What is no event of the catalogue. `path` is a JSON Pointer to what is wrong; no value is told.
class EventParseError : public std::runtime_error {
 public:
  EventParseError(std::string path, const std::string& problem)
      : std::runtime_error((path.empty() ? "the event" : path) + " " + problem), path_(std::move(path)) {}
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};
)cpp";

inline constexpr char kCppEvent[] = R"cpp(
/// An event: CloudEvents 1.0 attributes, the extensions of user-events, and the data. `std::visit` over `data` tells the types apart.
struct Event {
  /// Identifies the event within its source: drop duplicates by `source` and `id`.
  std::string id = {};
  std::string source = {};
  /// The user's id; nothing if the event names no known user.
  std::optional<std::string> subject = {};
  Timestamp time = {};
  /// Events of one key come in the order of `sequence`.
  std::string partitionkey = {};
  /// The event's number in the journal `journalid`, 20 digits.
  std::string sequence = {};
  std::string journalid = {};
  /// Only if a person had the event sent again: how often.
  std::optional<std::string> replay = {};
  std::optional<std::string> traceparent = {};
  std::optional<std::string> tracestate = {};
  /// Only if the event stands for several that were folded into it: how many.
  std::optional<std::int64_t> foldedcount = {};
  /// Further CloudEvents attributes of the producer.
  std::map<std::string, Json> extensions = {};
  Data data = {};

  /// `user.created`
  [[nodiscard]] std::string_view type() const {
    return std::visit([](const auto& one) { return one.kType; }, data);
  }
  bool operator==(const Event&) const = default;
};

namespace detail {

inline std::string below(const std::string& path, std::string_view name) {
  std::string out = path + "/";
  for (const char c : name) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

inline void expect_object(const Json& value, const std::string& path) {
  if (!value.is_object()) throw EventParseError(path, "is no object");
}

inline Json as_json(const Json& value, const std::string&) { return value; }

inline bool as_boolean(const Json& value, const std::string& path) {
  if (!value.is_boolean()) throw EventParseError(path, "is no boolean");
  return value.get<bool>();
}

inline std::string as_text(const Json& value, const std::string& path) {
  if (!value.is_string()) throw EventParseError(path, "is no text");
  return value.get<std::string>();
}

inline double as_number(const Json& value, const std::string& path) {
  if (!value.is_number()) throw EventParseError(path, "is no number");
  return value.get<double>();
}

/// 1.0 is a whole number, too.
inline std::int64_t as_integer(const Json& value, const std::string& path) {
  constexpr double kBeyond = 9223372036854775808.0;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    throw EventParseError(path, "is larger than 64 bits hold");
  if (value.is_number_integer()) return value.get<std::int64_t>();
  const double number = as_number(value, path);
  if (number != std::floor(number) || number < -kBeyond || number >= kBeyond) throw EventParseError(path, "is no whole number of 64 bits");
  return static_cast<std::int64_t>(number);
}

/// RFC 3339, UTC, with milliseconds: the form of every time in an event.
inline Timestamp as_timestamp(const Json& value, const std::string& path) {
  const std::string text = as_text(value, path);
  int year = 0, hour = 0, minute = 0, second = 0, millisecond = 0, end = 0;
  unsigned month = 0, day = 0;
  const int found = std::sscanf(text.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d.%3dZ%n", &year, &month, &day, &hour, &minute, &second, &millisecond, &end);
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
  if (found != 7 || end != static_cast<int>(text.size()) || !date.ok()) throw EventParseError(path, "is no time");
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second} +
         std::chrono::milliseconds{millisecond};
}

inline std::string time_text(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

[[maybe_unused]] inline auto one_of(std::initializer_list<std::string_view> symbols) {
  return [known = std::vector<std::string_view>(symbols)](const Json& value, const std::string& path) {
    const std::string text = as_text(value, path);
    for (const std::string_view symbol : known)
      if (symbol == text) return text;
    throw EventParseError(path, "is none of the known values");
  };
}

template <class T, class Read>
auto nullable(Read read) {
  return [read](const Json& value, const std::string& path) {
    return value.is_null() ? std::optional<T>() : std::optional<T>(read(value, path));
  };
}

template <class T, class Read>
auto array_of(Read read) {
  return [read](const Json& value, const std::string& path) {
    if (!value.is_array()) throw EventParseError(path, "is no array");
    std::vector<T> out;
    for (std::size_t i = 0; i < value.size(); ++i) out.push_back(read(value[i], path + "/" + std::to_string(i)));
    return out;
  };
}

template <class T, class Read>
auto map_of(Read read) {
  return [read](const Json& value, const std::string& path) {
    expect_object(value, path);
    std::map<std::string, T> out;
    for (const auto& [name, member] : value.items()) out.emplace(name, read(member, below(path, name)));
    return out;
  };
}

template <class T, class Read>
void read_required(const Json& object, const std::string& name, const std::string& path, T& out, Read read) {
  const auto member = object.find(name);
  if (member == object.end()) throw EventParseError(below(path, name), "is missing");
  out = read(*member, below(path, name));
}

template <class T, class Read>
void read_optional(const Json& object, const std::string& name, const std::string& path, std::optional<T>& out, Read read) {
  const auto member = object.find(name);
  if (member != object.end()) out = read(*member, below(path, name));
}

inline void read_extra(const Json& object, std::initializer_list<std::string_view> known, std::map<std::string, Json>& out) {
  for (const auto& [name, member] : object.items()) {
    bool is_known = false;
    for (const std::string_view one : known) is_known = is_known || one == name;
    if (!is_known) out.emplace(name, member);
  }
}

template <class Items, class Write>
Json write_array(const Items& items, Write write) {
  Json out = Json::array();
  for (const auto& item : items) out.push_back(write(item));
  return out;
}

template <class Items, class Write>
Json write_map(const Items& items, Write write) {
  Json out = Json::object();
  for (const auto& [name, item] : items) out[name] = write(item);
  return out;
}
)cpp";

inline constexpr char kCppTail[] = R"cpp(
}  // namespace detail

/// Reads an event. Types, required members and enumerations are checked; members that the catalogue does not know are passed over, so that
/// newer producers do not break older consumers. Throws EventParseError.
[[nodiscard]] inline Event parse_event(const Json& value) {
  detail::expect_object(value, "");
  std::string specversion, type, schema;
  detail::read_required(value, "specversion", "", specversion, detail::one_of({"1.0"}));
  detail::read_required(value, "type", "", type, detail::as_text);
  detail::read_required(value, "dataschema", "", schema, detail::as_text);
  Event event;
  detail::read_required(value, "id", "", event.id, detail::as_text);
  detail::read_required(value, "source", "", event.source, detail::as_text);
  detail::read_optional(value, "subject", "", event.subject, detail::as_text);
  detail::read_required(value, "time", "", event.time, detail::as_timestamp);
  detail::read_required(value, "partitionkey", "", event.partitionkey, detail::as_text);
  detail::read_required(value, "sequence", "", event.sequence, detail::as_text);
  detail::read_required(value, "journalid", "", event.journalid, detail::as_text);
  detail::read_optional(value, "replay", "", event.replay, detail::as_text);
  detail::read_optional(value, "traceparent", "", event.traceparent, detail::as_text);
  detail::read_optional(value, "tracestate", "", event.tracestate, detail::as_text);
  detail::read_optional(value, "foldedcount", "", event.foldedcount, detail::as_integer);
  detail::read_extra(value, {"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "partitionkey", "sequence",
                             "journalid", "replay", "traceparent", "tracestate", "foldedcount", "data"}, event.extensions);
  Json data;
  detail::read_required(value, "data", "", data, detail::as_json);
  event.data = detail::read_data(type, schema, data);
  return event;
}

[[nodiscard]] inline Event parse_event(std::string_view text) {
  Json value = Json::parse(text, nullptr, false);
  if (value.is_discarded()) throw EventParseError("", "is no JSON");
  return parse_event(value);
}
[[nodiscard]] inline Event parse_event(const std::string& text) { return parse_event(std::string_view(text)); }
[[nodiscard]] inline Event parse_event(const char* text) { return parse_event(std::string_view(text)); }

/// CloudEvents JSON, structured mode.
[[nodiscard]] inline Json to_json(const Event& event) {
  Json out = {{"specversion", "1.0"}, {"id", event.id}, {"source", event.source}, {"type", event.type()}};
  if (event.subject) out["subject"] = *event.subject;
  out["time"] = detail::time_text(event.time);
  out["datacontenttype"] = "application/json";
  out["dataschema"] = std::visit([](const auto& one) { return one.kDataSchema; }, event.data);
  out["partitionkey"] = event.partitionkey;
  out["sequence"] = event.sequence;
  out["journalid"] = event.journalid;
  if (event.replay) out["replay"] = *event.replay;
  if (event.traceparent) out["traceparent"] = *event.traceparent;
  if (event.tracestate) out["tracestate"] = *event.tracestate;
  if (event.foldedcount) out["foldedcount"] = *event.foldedcount;
  for (const auto& [name, value] : event.extensions) out[name] = value;
  out["data"] = std::visit([](const auto& one) { return detail::write(one); }, event.data);
  return out;
}

/// An event as `POST /v1/events` takes it.
[[nodiscard]] inline Json new_event(const Data& data) {
  return std::visit(
      [](const auto& one) { return Json{{"type", one.kType}, {"version", one.kVersion}, {"data", detail::write(one)}}; }, data);
}

}  // namespace user_events_types
)cpp";

}  // namespace user_events::typings
