#include "random_event.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/json_text.h"
#include "base/time_text.h"

namespace user_events::schemas::test {
namespace {

constexpr std::int64_t kNowMs = 1'795'000'000'123;

std::string json_text(std::string_view text) {
  std::string json;
  base::append_json_string(text, json);
  return json;
}

}  // namespace

std::string RandomEvent::raw(const Model& model) {
  std::string out;
  object(model, model.root(), 0, out);
  return out;
}

std::string RandomEvent::normalised(const catalogue::EventType& type, const Model& model) {
  simdjson::dom::parser parser;
  std::string last;
  for (int i = 0; i < 10'000; ++i) {
    const std::string text = raw(model);
    simdjson::dom::element element;
    if (const auto error = parser.parse(text).get(element); error != simdjson::SUCCESS)
      throw std::logic_error("not JSON: " + text);
    std::string out;
    std::vector<FieldError> findings;
    if (type.schema.normalise(element, {.now_ms = kNowMs}, "", out, findings)) return out;
    last = findings.front().pointer + " " + findings.front().code;
  }
  throw std::logic_error("no valid " + type.name + " found; the last try failed at " + last);
}

template <class Item>
void RandomEvent::list(char open, char close, std::size_t count, Item&& item, std::string& out) {
  out += open;
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) out += ',';
    item(i);
  }
  out += close;
}

void RandomEvent::key(std::size_t i, std::string& out) {
  out += json_text((below(8) == 0 ? words(below(300)) : words(below(6))) + std::to_string(i)) + ":";
}

void RandomEvent::object(const Model& model, const Object& object, int depth, std::string& out) {
  std::vector<std::string> members;
  std::vector<std::string> wanted;
  if (!object.one_required.empty()) wanted = object.one_required[below(object.one_required.size())];
  const bool all = below(6) == 0, few = below(6) == 0;
  for (const Field& field : object.fields) {
    const bool needed = (field.required && field.filled_with.empty()) ||
                        std::ranges::find(wanted, field.name) != wanted.end();
    if (!needed && !all && (few || below(2) == 0)) continue;
    std::string& member = members.emplace_back(json_text(field.name) + ":");
    value(model, field.shape, depth + 1, member);
  }
  for (std::size_t i = object.extra == nullptr ? 0 : below(4); i > 0; --i) {
    std::string& member = members.emplace_back();
    key(i, member);
    value(model, *object.extra, depth + 1, member);
  }
  if (below(2) == 0) std::ranges::shuffle(members, random_);
  list('{', '}', members.size(), [&](std::size_t i) { out += members[i]; }, out);
}

void RandomEvent::value(const Model& model, const Shape& shape, int depth, std::string& out) {
  if (shape.nullable && shape.kind != Kind::any && below(4) == 0) {
    out += "null";
    return;
  }
  const std::size_t count = below(5) == 0 ? 0 : below(depth > 3 ? 2 : 6) + (below(30) == 0 ? 150 : 0);
  switch (shape.kind) {
    case Kind::boolean:
      out += below(2) == 0 ? "true" : "false";
      return;
    case Kind::integer:
      out += whole(shape.constraints);
      return;
    case Kind::number:
      out += real(shape.constraints);
      return;
    case Kind::enumeration:
      out += json_text(shape.symbols[below(shape.symbols.size())]);
      return;
    case Kind::timestamp:
    case Kind::text:
      return text(shape, out);
    case Kind::object:
      return object(model, model.objects[shape.object], depth, out);
    case Kind::array:
      return list('[', ']', count, [&](std::size_t) { value(model, *shape.element, depth + 1, out); }, out);
    case Kind::map:
      return list(
          '{', '}', count,
          [&](std::size_t i) {
            key(i, out);
            value(model, *shape.element, depth + 1, out);
          },
          out);
    case Kind::any:
      return any(depth, out);
  }
}

void RandomEvent::any(int depth, std::string& out) {
  switch (below(depth > 8 ? 6 : 8)) {
    case 0:
      out += "null";
      return;
    case 1:
      out += below(2) == 0 ? "true" : "false";
      return;
    case 2:
      out += whole({});
      return;
    case 3:
      out += real({});
      return;
    case 4:
    case 5:
      out += json_text(words(below(20)));
      return;
    case 6:
      return list('[', ']', below(5), [&](std::size_t) { any(depth + 1, out); }, out);
    default:
      return list(
          '{', '}', below(5),
          [&](std::size_t i) {
            key(i, out);
            any(depth + 1, out);
          },
          out);
  }
}

void RandomEvent::text(const Shape& shape, std::string& out) {
  if (!shape.formats.empty()) {
    out += json_text(formatted(shape.formats[below(shape.formats.size())]));
    return;
  }
  const std::size_t least = shape.constraints.min_length.value_or(0),
                    most = shape.constraints.max_length.value_or(300);
  const std::size_t length =
      below(4) == 0 ? most - below(std::min<std::size_t>(most - least + 1, 3)) : least + below(20);
  out += json_text(words(std::min(length, most)));
}

std::string RandomEvent::words(std::size_t code_points) {
  static constexpr std::array<std::string_view, 24> kPieces = {
      "a",    "b", "Z", "0",  " ",      "\"", "\\", "/", "\n", "\t", "\x01", "\x1f",
      "\x7f", "é", "ß", "漢", "\u2028", "😀", "𝄞",  "<", "&",  "'",  "{",    ","};
  const std::uint64_t plain = below(2);
  std::string text;
  for (std::size_t i = 0; i < code_points; ++i)
    text += plain != 0 ? std::string_view(&"abcdefghij"[below(10)], 1) : kPieces[below(kPieces.size())];
  return text;
}

std::string RandomEvent::formatted(const std::string& format) {
  const auto digits = [this](std::size_t count) {
    std::string text;
    while (text.size() < count) text += "0123456789abcdef"[below(16)];
    return text;
  };
  if (format == "date-time") {
    static constexpr std::array<std::string_view, 12> kTimes = {
        "0001-01-01T00:00:00Z",        "0999-12-31T23:59:59.999Z", "1582-10-15T00:00:00.001Z",
        "1969-12-31T23:59:59.999Z",    "1970-01-01T00:00:00Z",     "1970-01-01T00:00:00.001Z",
        "2000-02-29T12:00:00+14:00",   "2016-12-31T23:59:60Z",     "2026-11-24T09:00:00.123456789Z",
        "2026-11-24t09:00:00.1-02:30", "9999-12-31T23:59:59.999Z", "2038-01-19T03:14:08Z"};
    if (below(2) == 0) return std::string(kTimes[below(kTimes.size())]);
    std::string text;
    base::append_time(static_cast<std::int64_t>(below(315'537'897'600'000)) - 62'135'596'800'000, text);
    return text;
  }
  if (format == "uuid")
    return digits(8) + "-" + digits(4) + "-" + digits(4) + "-" + digits(4) + "-" + digits(12);
  if (format == "date") return "2026-0" + std::to_string(1 + below(9)) + "-1" + std::to_string(below(10));
  if (format == "email") return "a" + digits(below(50)) + "@example.com";
  if (format == "ipv4") return "10." + std::to_string(below(256)) + ".0." + std::to_string(below(256));
  if (format == "ipv6") return "2001:db8::" + digits(4);
  return "https://example.com/" + digits(below(40));
}

std::string RandomEvent::whole(const Constraints& limits) {
  const bool bounded = !limits.minimum.empty();
  const std::int64_t least = bounded ? std::stoll(limits.minimum) : std::numeric_limits<std::int64_t>::min();
  const std::int64_t most = bounded ? std::stoll(limits.maximum) : std::numeric_limits<std::int64_t>::max();
  if (bounded)
    return std::to_string(least +
                          static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least) + 1)));
  static constexpr std::array<std::string_view, 17> kWholes = {"0",
                                                               "-0",
                                                               "1",
                                                               "-1",
                                                               "63",
                                                               "-64",
                                                               "64",
                                                               "127",
                                                               "128",
                                                               "9007199254740992",
                                                               "-9007199254740993",
                                                               "9223372036854775807",
                                                               "-9223372036854775808",
                                                               "1e15",
                                                               "-1e18",
                                                               "2.0",
                                                               "18446744073709551615"};
  const std::uint64_t choice = below(6);
  if (choice == 0) return std::string(kWholes[below(kWholes.size())]);
  if (choice == 1) return std::to_string(static_cast<std::int64_t>(random_()));
  return std::to_string(static_cast<std::int64_t>(below(2'000)) - 1'000);
}

std::string RandomEvent::real(const Constraints& limits) {
  static constexpr std::array<std::string_view, 12> kReals = {
      "0", "-0.0", "0.1",           "1e300", "-1e-300", "5e-324", "1.7976931348623157e308",
      "3", "1e20", "123456789.125", "-2.5",  "1E2"};
  if (limits.minimum.empty() && below(2) == 0) return std::string(kReals[below(kReals.size())]);
  if (limits.minimum.empty() && below(4) == 0) return whole({});
  std::string text;
  base::append_json_number(std::uniform_real_distribution(-90.0, 90.0)(random_), text);
  return text;
}

}  // namespace user_events::schemas::test
