#include "typings/words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/json_text.h"

namespace user_events::typings {
namespace {

void add_range(std::string_view what, const std::optional<std::uint32_t>& least, const std::optional<std::uint32_t>& most, std::vector<std::string>& notes) {
  if (least && most) notes.push_back(fmt::format("{} {} to {}.", what, *least, *most));
  if (least && !most) notes.push_back(fmt::format("{} {} or more.", what, *least));
  if (!least && most) notes.push_back(fmt::format("{} at most {}.", what, *most));
}

}  // namespace

std::vector<std::string> notes_of(const schemas::Field& field) {
  std::vector<std::string> notes;
  if (!field.description.empty()) notes.push_back(one_line(field.description));
  const auto& rule = field.shape.constraints;
  const bool is_time = field.shape.kind == schemas::Kind::timestamp;  // its form is fixed
  if (!is_time && !field.shape.formats.empty()) notes.push_back(fmt::format("Format: {}.", fmt::join(field.shape.formats, " or ")));
  if (!is_time) add_range("Length", rule.min_length, rule.max_length, notes);
  add_range("Items:", rule.min_items, rule.max_items, notes);
  add_range("Members:", rule.min_members, rule.max_members, notes);
  if (!rule.pattern.empty()) notes.push_back("Pattern: " + one_line(rule.pattern));
  if (!rule.minimum.empty()) notes.push_back(fmt::format("At least {}.", rule.minimum));
  if (!rule.exclusive_minimum.empty()) notes.push_back(fmt::format("More than {}.", rule.exclusive_minimum));
  if (!rule.maximum.empty()) notes.push_back(fmt::format("At most {}.", rule.maximum));
  if (!rule.exclusive_maximum.empty()) notes.push_back(fmt::format("Less than {}.", rule.exclusive_maximum));
  if (!field.personal.empty() && field.personal != "none") notes.push_back(fmt::format("Personal data: {}.", one_line(field.personal)));
  if (!field.since.empty()) notes.push_back(fmt::format("Since {}.", one_line(field.since)));
  return notes;
}

std::vector<std::string> notes_of(const schemas::Model& model, const schemas::Object& object) {
  std::vector<std::string> notes;
  if (object.pointer.empty())
    notes = {one_line(model.description.empty() ? model.title : model.description), fmt::format("Data of `{}`, version {}.", model.type, model.version)};
  else
    notes = {one_line(object.description.empty() ? object.name : object.description)};
  std::vector<std::string> sets;
  for (const auto& set : object.one_required) sets.push_back(fmt::format("{}", fmt::join(set, " with ")));
  if (!sets.empty()) notes.push_back(one_line(fmt::format("At least one is there of: {}.", fmt::join(sets, ", "))));
  return notes;
}

std::string one_line(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return out;
}

std::string literal(std::string_view text) {
  std::string out;
  base::append_json_string(text, out);
  return out;
}

namespace {

std::string cpp_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '?')
      (out += '\\') += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out + "\"";
}

/// A literal by itself would end at its first zero.
std::string cpp_text(std::string_view type, std::string_view text) {
  return text.find('\0') == std::string_view::npos ? cpp_quoted(text) : fmt::format("std::{}({}, {})", type, cpp_quoted(text), text.size());
}

}  // namespace

std::string cpp_literal(std::string_view text) { return cpp_text("string_view", text); }
std::string cpp_name(std::string_view text) { return cpp_text("string", text); }

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
  return text;
}

}  // namespace user_events::typings
