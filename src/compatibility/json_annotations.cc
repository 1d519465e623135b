#include "compatibility/json_annotations.h"

#include <fmt/format.h>

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

}  // namespace

std::map<std::string, FieldNote> notes_of(const JsonText& text) {
  std::map<std::string, FieldNote> notes;
  collect(text.root(), "", notes);
  return notes;
}

void compare_annotations(const JsonText& reader, const JsonText& writer, std::vector<Finding>& findings) {
  const auto mine = notes_of(reader), theirs = notes_of(writer);
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
