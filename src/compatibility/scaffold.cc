#include "compatibility/scaffold.h"

#include <fmt/format.h>

#include <algorithm>

namespace user_events::compatibility {
namespace {

// `user.email-address.verified` → `User email address verified`. A title is at most 80 bytes (lint); a longer
// name is cut at a word.
std::string title_of(std::string_view type) {
  constexpr std::size_t kMaxTitleBytes = 80;
  std::string title(type);
  std::ranges::replace_if(title, [](char c) { return c == '.' || c == '-' || c == '_'; }, ' ');
  if (title.size() > kMaxTitleBytes)
    title.resize(title.rfind(' ', kMaxTitleBytes) == std::string::npos ? kMaxTitleBytes
                                                                       : title.rfind(' ', kMaxTitleBytes));
  title.front() = static_cast<char>(title.front() - 'a' + 'A');  // a type's name begins with a letter
  return title;
}

// Behind the JSON string or value that begins at `at`. The text has been parsed before.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return at + 1;
}
std::size_t end_of_value(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (depth == 0 && (c == ',' || c == '}')) break;
    if (c == '"') {
      at = end_of_string(text, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  }
  return at;
}

// Takes the root's member `x-cast` out, with the comma and white space before it, or behind it if it is the first.
void remove_cast(std::string& text) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::size_t before = text.find('{');  // the brace or comma in front of a member
  while (before < text.size() && text[before] != '}') {
    const std::size_t name = text.find('"', before);
    if (name == std::string::npos) return;
    const std::size_t name_end = end_of_string(text, name);
    const std::size_t end = end_of_value(text, text.find(':', name_end) + 1);
    if (text.substr(name, name_end - name) != "\"x-cast\"") {
      before = end;
      continue;
    }
    if (text[before] == ',') {
      const std::size_t last = text.find_last_not_of(kSpace, end - 1);
      text.erase(before, last + 1 - before);
    } else if (end < text.size()) {
      text.erase(name, text.find_first_not_of(kSpace, end + (text[end] == ',' ? 1 : 0)) - name);
    }
    return;
  }
}

std::string id_of(std::string_view type, std::uint32_t version) {
  return fmt::format("\"urn:user-events:schema:{}:{}\"", type, version);
}

}  // namespace

std::string first_version(std::string_view type, std::uint32_t version) {
  return fmt::format(R"({{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": {},
  "title": "{}",
  "description": "Say here what has happened when this event is published.",
  "type": "object",
  "properties": {{
    "userId": {{
      "description": "The user's id. All events of one user are delivered in order of this id.",
      "type": "string",
      "minLength": 1,
      "maxLength": 255,
      "x-personal": "user-id",
      "x-key": "user",
      "x-field-number": 1
    }},
    "occurredAt": {{
      "description": "When it happened. RFC 3339; the time of acceptance if left out.",
      "type": "string",
      "format": "date-time",
      "maxLength": 64,
      "x-personal": "none",
      "x-default": "acceptance-time",
      "x-field-number": 2
    }}
  }},
  "required": [
    "userId",
    "occurredAt"
  ],
  "additionalProperties": false
}}
)",
                     id_of(type, version), title_of(type));
}

Result<std::string> next_version(std::string_view text, std::string_view type, std::uint32_t version,
                                 std::uint32_t next) {
  const std::string id = id_of(type, version);
  const std::size_t place = text.find(id);
  if (place == std::string_view::npos)
    return fail(ErrorKind::usage, "schema-invalid",
                fmt::format("the `$id` of version {} of {} is not written plainly", version, type),
                fmt::format("write it as {}", id));
  std::string made(text);
  made.replace(place, id.size(), id_of(type, next));
  remove_cast(made);
  return made;
}

}  // namespace user_events::compatibility
