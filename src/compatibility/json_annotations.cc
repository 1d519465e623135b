#include "compatibility/json_annotations.h"

#include <fmt/format.h>

#include <charconv>

#include "catalogue/dom.h"

namespace user_events::compatibility {
namespace {

using catalogue::array_in;
using catalogue::object_in;
using catalogue::text_in;
using simdjson::dom::element;

std::string text_of(const element& schema, std::string_view name) {
  std::string_view text;
  return schema[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

void collect(const element& value, const std::string& pointer, std::map<std::string, FieldNote>& notes) {
  if (value.is_array()) {
    std::size_t i = 0;
    for (const auto item : array_in(value)) collect(item, join(pointer, std::to_string(i++)), notes);
  }
  if (!value.is_object()) return;
  for (const auto field : object_in(value)) {
    const std::string at = join(pointer, field.key);
    if (field.key == "examples" || field.key == "default" || field.key == "enum" || field.key == "const")
      continue;
    if (field.key != "properties" || !field.value.is_object()) {
      collect(field.value, at, notes);
      continue;
    }
    for (const auto member : object_in(field.value)) {
      const std::string place = join(at, member.key);
      FieldNote note;
      if (member.value.is_object()) {
        note = {0, text_of(member.value, "x-personal"), text_of(member.value, "x-key")};
        if (member.value["x-field-number"].get(note.number) != simdjson::SUCCESS) note.number = 0;
      }
      notes.emplace(place, note);
      collect(member.value, place, notes);
    }
  }
}

std::string parent(const std::string& pointer) { return pointer.substr(0, pointer.rfind('/')); }

// `/address/zip` in the data → `/properties/address/properties/zip` in the schema; `*` is an array's item.
std::string schema_pointer(std::string_view data) {
  std::string made;
  while (!data.empty()) {
    const std::string_view token = data.substr(1, data.find('/', 1) - 1);
    made += token == "*" ? "/items" : "/properties/" + std::string(token);
    data.remove_prefix(token.size() + 1);
  }
  return made;
}

// N of `urn:user-events:schema:TYPE:N`; 0: no such `$id`.
std::uint32_t version_of(const JsonText& text) {
  std::string_view id;
  std::uint32_t version = 0;
  if (!text.root().is_object() || text.root()["$id"].get(id) != simdjson::SUCCESS) return 0;
  const std::string_view digits = id.substr(id.rfind(':') + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  return error == std::errc() && end == digits.data() + digits.size() ? version : 0;
}

}  // namespace

Moves moves_of(const JsonText& newer) {
  Moves moves;
  simdjson::dom::object renames;
  if (!newer.root().is_object() || newer.root()["x-cast"]["rename"].get(renames) != simdjson::SUCCESS) return moves;
  for (const auto field : renames) {
    const std::string_view pointer = field.key;
    if (!pointer.starts_with('/') || !field.value.is_string()) continue;
    const std::string older = schema_pointer(pointer);
    moves.emplace(older, join(parent(older), text_in(field.value)));
  }
  return moves;
}

Moves chain(const Moves& first, const Moves& second) {
  Moves moves = second;
  for (const auto& [from, to] : first) {
    moves.erase(to);
    const auto further = second.find(to);
    moves.insert_or_assign(from, further == second.end() ? to : further->second);
  }
  return moves;
}

Moves moves_between(const JsonText& reader, const JsonText& writer) {
  const std::uint32_t mine = version_of(reader), theirs = version_of(writer);
  if (mine == theirs + 1) return moves_of(reader);
  Moves moves;
  if (theirs == mine + 1)
    for (const auto& [older, newer] : moves_of(writer)) moves.emplace(newer, older);
  return moves;
}

std::map<std::string, FieldNote> notes_of(const JsonText& text) {
  std::map<std::string, FieldNote> notes;
  collect(text.root(), "", notes);
  return notes;
}

void compare_annotations(const JsonText& reader, const JsonText& writer, const Moves& moves,
                         std::vector<Finding>& findings) {
  const auto mine = notes_of(reader), written = notes_of(writer);
  std::map<std::string, FieldNote> theirs;  // where the reader has them
  for (const auto& [pointer, note] : written) {
    const auto move = moves.find(pointer);
    theirs.insert_or_assign(move == moves.end() ? pointer : move->second, note);
  }
  std::map<std::pair<std::string, std::int64_t>, std::string>
      by_number;  // (object, number) → field of the writer
  for (const auto& [pointer, note] : theirs)
    if (note.number != 0) by_number.emplace(std::pair(parent(pointer), note.number), pointer);
  const auto report = [&](Severity severity, std::string_view code, const std::string& pointer,
                          std::string detail) {
    findings.push_back(
        {severity, Breaks::nobody, std::string(code), reader.name(), pointer, std::move(detail)});
  };
  for (const auto& [pointer, note] : mine) {
    const auto other = theirs.find(pointer);
    if (other != theirs.end()) {
      const FieldNote& their = other->second;
      if (note.number != 0 && their.number != 0 && note.number != their.number)
        report(Severity::error, "field-number-changed", pointer + "/x-field-number",
               fmt::format("the number is {} here and {} in {}", note.number, their.number, writer.name()));
      if (note.key != their.key)
        report(Severity::warning, "key-changed", pointer + "/x-key",
               fmt::format("`x-key` differs from {}", writer.name()));
      if (note.personal != their.personal)
        report(Severity::warning, "personal-class-changed", pointer + "/x-personal",
               fmt::format("the class of personal data differs from {}", writer.name()));
    }
    const auto used = note.number == 0 ? by_number.end() : by_number.find({parent(pointer), note.number});
    if (used != by_number.end() && used->second != pointer)
      report(Severity::error, "field-number-reused", pointer + "/x-field-number",
             fmt::format("{} uses {} for {}", writer.name(), note.number, used->second));
  }
}

}  // namespace user_events::compatibility
