#include "compatibility/json_annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/try.h"
#include "catalogue/dom.h"
#include "catalogue/reference.h"

namespace user_events::compatibility {
namespace {

using catalogue::array_in;
using catalogue::object_in;
using catalogue::text_in;
using simdjson::dom::element;

// What the annotations say of one field.
struct FieldNote {
  std::int64_t number = 0;  // `x-field-number`; 0: none
  std::string personal, key;
};

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

// Where the schema of a field stands in the file, whose pointer in the data is given (`*` is an array's item): references are followed. Empty: nowhere.
std::string schema_pointer(const element& root, std::string_view data) {
  std::string pointer;
  std::size_t references = 0;
  while (!data.empty()) {
    element at = root;
    std::string_view reference;
    if (!pointer.empty() && root.at_pointer(pointer).get(at) != simdjson::SUCCESS) return {};
    if (!at.is_object()) return {};
    const std::string_view token = data.substr(1, data.find('/', 1) - 1);
    const std::string below = token == "*" ? "/items" : "/properties/" + std::string(token);
    if (at.at_pointer(below).error() == simdjson::SUCCESS) {
      pointer += below;
      data.remove_prefix(token.size() + 1);
      continue;
    }
    const auto target = at["$ref"].get(reference) == simdjson::SUCCESS ? catalogue::local_reference(reference) : std::nullopt;
    if (!target || ++references > kMaxNesting) return {};
    pointer = *target;
  }
  return pointer;
}

// The data pointer of a field in the newer version, whose pointer in the older one is given: it, and what is around it, may have another name.
std::string newer_pointer(const simdjson::dom::object& renames, std::string_view older) {
  std::string newer;
  for (std::size_t end = 0; end < older.size();) {
    const std::size_t begin = end + 1;
    end = std::min(older.find('/', begin), older.size());
    std::string_view name;
    if (renames[older.substr(0, end)].get(name) == simdjson::SUCCESS)
      newer = join(newer, name);
    else
      newer.append("/").append(older.substr(begin, end - begin));
  }
  return newer;
}

using Notes = std::map<std::string, FieldNote>;

// One older version beside the newest. `theirs` stands where the newest has the fields.
class Pair {
 public:
  Pair(const JsonText& newest, const JsonText& older, std::vector<Finding>& findings)
      : newest_(newest.name()), older_(older.name()), findings_(findings) {}

  void run(const Notes& mine, const Notes& theirs) {
    std::map<std::pair<std::string, std::int64_t>, std::string> by_number;  // (object, number) → the older version's field
    for (const auto& [pointer, note] : theirs)
      if (note.number != 0) by_number.emplace(std::pair(parent(pointer), note.number), pointer);
    for (const auto& [pointer, note] : mine) {
      if (const auto other = theirs.find(pointer); other != theirs.end()) compare(pointer, note, other->second);
      if (note.number == 0) continue;
      const auto used = by_number.find({parent(pointer), note.number});
      if (used != by_number.end() && used->second != pointer)
        report(Severity::error, "field-number-reused", pointer + "/x-field-number",
               fmt::format("{} uses {} for {}", older_, note.number, used->second));
    }
  }

 private:
  void compare(const std::string& pointer, const FieldNote& mine, const FieldNote& theirs) {
    if (mine.number != 0 && theirs.number != 0 && mine.number != theirs.number)
      report(Severity::error, "field-number-changed", pointer + "/x-field-number",
             fmt::format("the number is {} here and {} in {}", mine.number, theirs.number, older_));
    if (mine.key != theirs.key)
      report(Severity::warning, "key-changed", pointer + "/x-key", fmt::format("`x-key` differs from {}", older_));
    if (mine.personal != theirs.personal)
      report(Severity::warning, "personal-class-changed", pointer + "/x-personal",
             fmt::format("the class of personal data differs from {}", older_));
  }

  void report(Severity severity, std::string_view code, std::string pointer, std::string detail) {
    findings_.push_back({severity, Breaks::nobody, std::string(code), newest_, std::move(pointer), std::move(detail)});
  }

  const std::string &newest_, &older_;
  std::vector<Finding>& findings_;
};

// Every member that some `properties` of the schema names, by its pointer.
Notes notes_of(const JsonText& text) {
  Notes notes;
  collect(text.root(), "", notes);
  return notes;
}

Notes moved(const Notes& notes, const Moves& moves) {
  Notes made;
  for (const auto& [pointer, note] : notes) {
    const auto move = moves.find(pointer);
    made.insert_or_assign(move == moves.end() ? pointer : move->second, note);
  }
  return made;
}

}  // namespace

Moves moves_between(const JsonText& older, const JsonText& newer) {
  Moves moves;
  simdjson::dom::object renames;
  if (!newer.root().is_object() || newer.root()["x-cast"]["rename"].get(renames) != simdjson::SUCCESS) return moves;
  for (const auto field : renames) {
    const std::string_view pointer = field.key;
    if (!pointer.starts_with('/') || !field.value.is_string()) continue;
    std::string from = schema_pointer(older.root(), pointer), to = schema_pointer(newer.root(), newer_pointer(renames, pointer));
    if (!from.empty() && !to.empty()) moves.emplace(std::move(from), std::move(to));
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

Result<void> compare_annotations(std::span<const Document> versions, std::vector<Finding>& findings) {
  UE_TRY_ASSIGN(const JsonText newest, JsonText::parse(versions.back()));
  const Notes mine = notes_of(newest);
  Moves moves;  // from the version that is looked at to the newest
  std::optional<JsonText> next;
  for (std::size_t i = versions.size() - 1; i-- > 0;) {
    UE_TRY_ASSIGN(JsonText older, JsonText::parse(versions[i]));
    moves = chain(moves_between(older, next ? *next : newest), moves);
    Pair(newest, older, findings).run(mine, moved(notes_of(older), moves));
    next = std::move(older);
  }
  return {};
}

Result<void> check_numbers(const catalogue::Catalogue& catalogue) {
  std::vector<Document> versions;  // of one type, up to the one that is looked at
  std::string_view type;
  for (const catalogue::EventType* const each : catalogue.all()) {
    if (each->name != std::exchange(type, each->name)) versions.clear();
    versions.push_back({fmt::format("{}/{}.json", each->name, each->version), each->schema_text});
    std::vector<Finding> findings;
    UE_TRY(compare_annotations(versions, findings));
    const auto found = std::ranges::find(findings, Severity::error, &Finding::severity);
    if (found == findings.end()) continue;
    Error error{ErrorKind::usage,
                found->code,
                fmt::format("{}: at \"{}\": {}", found->file, found->pointer, found->detail),
                "take a number that no version of the type has used; `user-events schema lint` finds them all",
                {{found->pointer, found->code, found->detail}}};
    return std::unexpected(std::move(error));
  }
  return {};
}

}  // namespace user_events::compatibility
