#include "compatibility/json_annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
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

using Notes = std::multimap<std::string, FieldNote>;  // several if fields of the older version have become one

FieldNote note_of(const element& schema) {
  if (!schema.is_object()) return {};
  FieldNote note{0, text_of(schema, "x-personal"), text_of(schema, "x-key")};
  if (schema["x-field-number"].get(note.number) != simdjson::SUCCESS) note.number = 0;
  return note;
}

void collect(const element& value, const std::string& pointer, Notes& notes) {
  if (value.is_array()) {
    std::size_t i = 0;
    for (const auto item : array_in(value)) collect(item, join(pointer, std::to_string(i++)), notes);
  }
  if (!value.is_object()) return;
  static constexpr std::string_view kData[] = {"examples", "default", "enum", "const"};
  static constexpr std::string_view kNamed[] = {"$defs", "definitions", "patternProperties", "dependentSchemas"};
  for (const auto field : object_in(value)) {
    const std::string at = join(pointer, field.key);
    if (is_listed(kData, field.key)) continue;
    const bool has_fields = field.key == "properties" && field.value.is_object();
    if (!has_fields && !(is_listed(kNamed, field.key) && field.value.is_object())) {
      collect(field.value, at, notes);
      continue;
    }
    for (const auto member : object_in(field.value)) {
      const std::string place = join(at, member.key);
      if (has_fields) notes.emplace(place, note_of(member.value));
      collect(member.value, place, notes);
    }
  }
}

std::string parent(const std::string& pointer) { return pointer.substr(0, pointer.rfind('/')); }

// Two versions, field by field as the data has them: references are followed, and what `x-cast` renames is the same field.
class Walk {
 public:
  Walk(const JsonText& older, const JsonText& newer) : older_(older), newer_(newer) {
    simdjson::dom::object renames;
    if (newer.root().is_object() && newer.root()["x-cast"]["rename"].get(renames) == simdjson::SUCCESS) renames_ = renames;
  }

  Result<Moves> run() {
    UE_TRY(step({older_.root(), ""}, {newer_.root(), ""}));
    std::erase_if(moves_, [](const auto& each) { return each.second.size() == 1 && each.second.contains(each.first); });
    return std::move(moves_);
  }

 private:
  struct Place {
    element schema;
    std::string pointer;
  };
  using Fields = std::map<std::string_view, Place>;

  // The schema and, behind it, what its references lead to.
  static std::vector<Place> in_place(const JsonText& text, Place at) {
    std::vector<Place> all;
    while (at.schema.is_object() && all.size() < kMaxNesting) {
      all.push_back(at);
      std::string_view reference;
      if (at.schema["$ref"].get(reference) != simdjson::SUCCESS) break;
      const auto target = catalogue::local_reference(reference);
      if (!target || text.root().at_pointer(*target).get(at.schema) != simdjson::SUCCESS) break;
      at.pointer = *target;
    }
    return all;
  }

  static Fields fields_of(const std::vector<Place>& schemas) {
    Fields fields;
    for (const auto& [schema, pointer] : schemas) {
      simdjson::dom::object properties;
      if (schema["properties"].get(properties) != simdjson::SUCCESS) continue;
      for (const auto field : properties)
        fields.emplace(field.key, Place{field.value, join(join(pointer, "properties"), field.key)});
    }
    return fields;
  }

  static std::optional<Place> inside(const std::vector<Place>& schemas, std::string_view word) {
    for (const auto& [schema, pointer] : schemas)
      if (element value; schema[word].get(value) == simdjson::SUCCESS) return Place{value, join(pointer, word)};
    return std::nullopt;
  }

  Result<void> step(const Place& older, const Place& newer) {  // NOLINT(misc-no-recursion): bounded by kMaxNesting
    if (depth_ == kMaxNesting || !seen_.emplace(older.pointer, newer.pointer).second) return {};
    const auto before = in_place(older_, older), after = in_place(newer_, newer);
    const Fields theirs = fields_of(before), mine = fields_of(after);
    steps_ += 1 + theirs.size() + mine.size();
    if (steps_ > kMaxSteps)
      return refuse(newer_.name(), "", fmt::format("following the fields of {} takes more than {} steps", older_.name(), kMaxSteps));
    for (const auto& [name, place] : theirs) {
      const std::string outer = std::exchange(data_, join(data_, name));
      std::string_view now = name;
      if (renames_ && (*renames_)[data_].get(now) != simdjson::SUCCESS) now = name;
      if (const auto found = mine.find(now); found != mine.end()) {
        moves_[place.pointer].insert(found->second.pointer);
        UE_TRY(step_in(place, found->second));
      }
      data_ = outer;
    }
    for (const std::string_view word : {"items", "additionalProperties"}) {
      const auto was = inside(before, word), is = inside(after, word);
      if (!was || !is) continue;
      const std::string outer = std::exchange(data_, join(data_, "*"));
      UE_TRY(step_in(*was, *is));
      data_ = outer;
    }
    return {};
  }
  Result<void> step_in(const Place& older, const Place& newer) {  // NOLINT(misc-no-recursion)
    ++depth_;
    UE_TRY(step(older, newer));
    --depth_;
    return {};
  }

  const JsonText &older_, &newer_;
  std::optional<simdjson::dom::object> renames_;
  std::string data_;  // pointer of what is looked at, in the older version's data
  Moves moves_;
  std::set<std::pair<std::string, std::string>> seen_;
  std::uint64_t steps_ = 0;
  std::size_t depth_ = 0;
};

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
      for (auto [other, end] = theirs.equal_range(pointer); other != end; ++other) compare(pointer, note, other->second);
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
    if (++reported_ > kMaxFindingsPerPair) return;
    findings_.push_back({severity, Breaks::nobody, std::string(code), newest_, std::move(pointer), std::move(detail)});
  }

  const std::string &newest_, &older_;
  std::vector<Finding>& findings_;
  std::size_t reported_ = 0;
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
    if (move == moves.end()) made.emplace(pointer, note);
    else
      for (const std::string& to : move->second) made.emplace(to, note);
  }
  return made;
}

}  // namespace

Result<Moves> moves_between(const JsonText& older, const JsonText& newer) { return Walk(older, newer).run(); }

Moves chain(const Moves& first, const Moves& second) {
  Moves made;
  for (const auto& [from, places] : first)
    for (const std::string& to : places) {
      if (const auto further = second.find(to); further != second.end())
        made[from].insert(further->second.begin(), further->second.end());
      else
        made[from].insert(to);
    }
  for (const auto& [from, places] : second)
    if (!first.contains(from)) made.emplace(from, places);
  return made;
}

Result<void> compare_annotations(std::span<const Document> versions, std::vector<Finding>& findings) {
  UE_TRY_ASSIGN(const JsonText newest, JsonText::parse(versions.back()));
  const Notes mine = notes_of(newest);
  Moves moves;  // from the version that is looked at to the newest
  std::optional<JsonText> next;
  for (std::size_t i = versions.size() - 1; i-- > 0;) {
    UE_TRY_ASSIGN(JsonText older, JsonText::parse(versions[i]));
    UE_TRY_ASSIGN(const Moves step, moves_between(older, next ? *next : newest));
    moves = chain(step, moves);
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
