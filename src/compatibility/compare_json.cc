// JSON Schema: a reader can read a writer's data if every value that the writer's schema allows is allowed by
// the reader's. Where that cannot be shown, it is a finding: the check may be too strict, but lets nothing
// through.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <unordered_map>
#include <utility>

#include "base/try.h"
#include "catalogue/dom.h"
#include "catalogue/formats.h"
#include "catalogue/pattern.h"
#include "compatibility/compatibility.h"
#include "compatibility/json_schema.h"

namespace user_events::compatibility {
namespace {

using namespace catalogue;  // the type bits and DOM helpers
using simdjson::dom::element;

// Keywords that narrow what is allowed in ways that are compared only for being the same.
constexpr std::string_view kOpaque[] = {
    "not",
    "if",
    "then",
    "else",
    "contains",
    "minContains",
    "maxContains",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "unevaluatedItems",
    "unevaluatedProperties",
    "$dynamicRef",
    "$recursiveRef",
    "extends",
    "disallow",
    "divisibleBy",
};

constexpr std::uint64_t kConjunctsPerStep = 8;
constexpr std::uint64_t kValuesPerStep = 64;  // comparing that many values costs as much as a step
constexpr std::uint64_t kKeyBytesPerStep = 512;

std::string types_text(TypeMask mask) {
  std::string out;
  const auto add = [&](TypeMask bits, std::string_view word) {
    if ((mask & bits) == bits) out += out.empty() ? std::string(word) : ", " + std::string(word);
  };
  add(kNull, "null");
  add(kBoolean, "boolean");
  (mask & kFraction) != 0 ? add(kFraction, "number") : add(kInteger, "integer");
  add(kString, "string");
  add(kArray, "array");
  add(kObject, "object");
  return out.empty() ? "nothing" : out;
}

bool is_within(const Bound& inner, const Bound& outer, bool is_lower) {
  if (inner.value == outer.value) return inner.is_exclusive || !outer.is_exclusive;
  return is_lower ? inner.value > outer.value : inner.value < outer.value;
}

class Comparison {
 public:
  Comparison(const JsonSchema& reader, const JsonSchema& writer) : reader_(reader), writer_(writer) {}

  Result<std::vector<Finding>> run() {
    UE_TRY_ASSIGN(const Group reader, reader_.root());
    UE_TRY_ASSIGN(const Group writer, writer_.root());
    UE_TRY_ASSIGN(const bool is_good, contains(reader, writer));
    if (!is_good && findings_.empty())
      report("nothing-allowed", "", "the reader's schema does not take all that the writer's allows");
    return std::move(findings_);
  }

 private:
  enum class Answer : std::uint8_t { open, good, bad };
  struct State {
    Answer answer = Answer::open;
    std::size_t level = 0;  // of the values that the question was about
  };

  // ---- limits ----
  Result<void> spend(std::uint64_t steps) {
    steps_ += steps + std::exchange(compared_, 0) / kValuesPerStep;
    if (steps_ <= kMaxSteps) return {};
    return refuse(reader_.name(), "",
                  fmt::format("comparing it with {} takes more than {} steps", writer_.name(), kMaxSteps));
  }

  // ---- findings ----
  bool report(std::string_view code, const std::string& pointer, std::string detail, bool in_writer = false) {
    if (trials_ == 0 && findings_.size() < kMaxFindingsPerPair) {
      const std::string& file = in_writer ? writer_.name() : reader_.name();
      findings_.push_back(
          {Severity::error, Breaks::nobody, std::string(code), file, pointer, std::move(detail)});
    }
    return false;
  }

  // ---- groups ----
  static std::string key_of(const Group& reader, const Group& writer) {
    std::string key = fmt::format("{}", writer.mask);
    for (const Group* group : {&reader, &writer}) {
      key += '|';
      for (const Conjunct& each : group->all)  // a member's name may hold any character
        key += fmt::format("{}{}{}", each.pointer.size(), each.is_split ? '!' : ':', each.pointer);
    }
    return key;
  }

  // Every value of `writer` is one of `reader`. Of values inside those that are being compared a pair is taken to be
  // good: that is what recursion means. Of the same values it shows nothing.
  Result<bool> contains(const Group& reader, const Group& writer) {
    const std::string key = key_of(reader, writer);
    UE_TRY(spend(1 + writer.all.size() / kConjunctsPerStep + key.size() / kKeyBytesPerStep));
    auto& states = states_[trials_ > 0 ? 1 : 0];
    const auto [at, is_new] = states.try_emplace(key, State{Answer::open, level_});
    if (!is_new) {
      if (at->second.answer != Answer::open) return at->second.answer == Answer::good;
      ++guesses_;
      return at->second.level < level_;
    }
    if (depth_ >= kMaxNesting)
      return refuse(reader_.name(), "",
                    fmt::format("schemas refer to each other more than {} deep", kMaxNesting));
    ++depth_;
    const auto result = contains_now(reader, writer);
    --depth_;
    UE_TRY_ASSIGN(const bool is_good, result);
    states[key].answer = is_good ? Answer::good : Answer::bad;
    return is_good;
  }

  // The same of values inside those that are being compared.
  Result<bool> contains_inside(const Group& reader, const Group& writer) {
    ++level_;
    const auto result = contains(reader, writer);
    --level_;
    return result;
  }
  Result<bool> would_contain_inside(const Group& reader, const Group& writer) {
    ++level_;
    const auto result = would_contain(reader, writer);
    --level_;
    return result;
  }

  // A question whose answer is no finding by itself. What a failed one took for granted is forgotten.
  Result<bool> would_contain(const Group& reader, const Group& writer) {
    const std::uint64_t guesses = guesses_;
    ++trials_;
    auto result = contains(reader, writer);
    --trials_;
    if (result && !*result && guesses_ != guesses) {
      UE_TRY(spend(states_[1].size() / kValuesPerStep));
      std::erase_if(states_[1], [](const auto& each) { return each.second.answer == Answer::good; });
    }
    return result;
  }

  Result<bool> contains_now(const Group& reader, const Group& writer) {
    UE_TRY_ASSIGN(Facts facts, writer_.facts(writer));
    UE_TRY_ASSIGN(const Facts wanted, reader_.facts(reader));  // checks the reader's keywords
    compared_ += facts.compared + wanted.compared + (facts.values ? facts.values->size() : 0);
    if (facts.is_never) return true;
    if (const Conjunct* choice = unsplit(writer)) return contains_each(reader, writer, *choice);
    bool is_good = true;
    for (const Conjunct& conjunct : reader.all) {
      UE_TRY_ASSIGN(const bool holds, check(conjunct, writer, facts));
      is_good = is_good && holds;
    }
    return is_good;
  }

  static std::optional<element> alternatives(const Conjunct& conjunct) {
    if (auto any_of = keyword(conjunct.value, "anyOf")) return any_of;
    return keyword(conjunct.value, "oneOf");
  }
  static std::string alternatives_pointer(const Conjunct& conjunct) {
    return join(conjunct.pointer, keyword(conjunct.value, "anyOf") ? "anyOf" : "oneOf");
  }

  static const Conjunct* unsplit(const Group& writer) {
    for (const Conjunct& each : writer.all)
      if (!each.is_split && alternatives(each)) return &each;
    return nullptr;
  }

  // The writer may send what any one of its alternatives allows.
  Result<bool> contains_each(const Group& reader, const Group& writer, const Conjunct& choice) {
    const element branches = *alternatives(choice);
    const std::string pointer = alternatives_pointer(choice);
    if (!branches.is_array() || array_in(branches).size() == 0)
      return refuse(writer_.name(), pointer, "a non-empty array of schemas is expected");
    bool is_good = true;
    std::size_t i = 0;
    for (const auto branch : array_in(branches)) {
      Group chosen = writer;
      for (Conjunct& each : chosen.all) each.is_split = each.is_split || each.pointer == choice.pointer;
      UE_TRY(writer_.expand(branch, join(pointer, std::to_string(i++)), chosen));
      UE_TRY_ASSIGN(const bool holds, contains(reader, chosen));
      is_good = is_good && holds;
    }
    return is_good;
  }

  // ---- one schema of the reader ----
  Result<bool> check(const Conjunct& r, const Group& writer, const Facts& facts) {
    if (r.value.is_bool())
      return report("nothing-allowed", r.pointer, "nothing is allowed here, but the writer may send a value");
    Group own;
    own.all.push_back(r);
    UE_TRY_ASSIGN(Facts wanted, reader_.facts(own));
    bool is_good = check_types(r, facts);
    Facts rest = facts;
    rest.types = static_cast<TypeMask>(facts.types & wanted.types);
    is_good = check_values(r, wanted, facts) && is_good;
    if ((rest.types & kString) != 0) {
      UE_TRY_ASSIGN(const bool holds, check_text(r, writer, wanted, rest));
      is_good = holds && is_good;
    }
    if ((rest.types & (kInteger | kFraction)) != 0)
      is_good = check_number(r, writer, wanted, rest) && is_good;
    if ((rest.types & kArray) != 0) {
      UE_TRY_ASSIGN(const bool holds, check_array(r, writer, wanted, rest));
      is_good = holds && is_good;
    }
    if ((rest.types & kObject) != 0) {
      UE_TRY_ASSIGN(const bool holds, check_object(r, writer, wanted, rest));
      is_good = holds && is_good;
    }
    is_good = check_opaque(r, writer) && is_good;
    if (!keyword(r.value, "anyOf") && !keyword(r.value, "oneOf")) return is_good;
    for (const std::string_view word : {"anyOf", "oneOf"}) {
      const auto branches = keyword(r.value, word);
      if (!branches) continue;
      UE_TRY_ASSIGN(const bool holds,
                    check_alternatives(*branches, join(r.pointer, word), writer, rest.types));
      is_good = holds && is_good;
    }
    return is_good;
  }

  bool check_types(const Conjunct& r, const Facts& facts) {
    const auto refused = static_cast<TypeMask>(facts.types & ~types_only(r));
    return refused == 0 || report("type-narrowed", join(r.pointer, "type"),
                                  fmt::format("the writer may send {}, the reader takes {}",
                                              types_text(refused), types_text(types_only(r))));
  }
  static TypeMask types_only(const Conjunct& r) {
    const auto type = keyword(r.value, "type");
    const auto one = [](const element& word) -> TypeMask {
      const std::string_view text = word.is_string() ? text_in(word) : std::string_view();
      if (text == "null") return kNull;
      if (text == "boolean") return kBoolean;
      if (text == "integer") return kInteger;
      if (text == "number") return kInteger | kFraction;
      if (text == "string") return kString;
      return text == "array" ? kArray : kObject;
    };
    if (!type) return kAnyType;
    if (!type->is_array()) return one(*type);
    TypeMask mask = 0;
    for (const auto word : array_in(*type)) mask = static_cast<TypeMask>(mask | one(word));
    return mask;
  }

  bool check_values(const Conjunct& r, const Facts& wanted, const Facts& facts) {
    const bool has_enum = keyword(r.value, "enum").has_value();
    if (!has_enum && !keyword(r.value, "const")) return true;
    const std::string pointer = join(r.pointer, has_enum ? "enum" : "const");
    if (!facts.values)
      return report("enum-narrowed", pointer, "the reader allows listed values only, the writer any");
    const auto is_refused = [&](const element& value) {
      return std::ranges::none_of(*wanted.values,
                                  [&](const element& other) { return is_same(value, other, compared_); });
    };
    const auto refused = std::ranges::count_if(*facts.values, is_refused);
    return refused == 0 || report("enum-narrowed", pointer,
                                  fmt::format("{} of the {} values that the writer may send are not allowed",
                                              refused, facts.values->size()));
  }

  // All values that the writer lists, if it does, or an unlisted one.
  template <class Predicate>
  static bool all_listed(const Facts& facts, TypeMask types, Predicate holds) {
    return facts.values && std::ranges::all_of(*facts.values, [&](const element& value) {
             return (type_of(value) & types) == 0 || holds(value);
           });
  }

  bool check_range(const Conjunct& r, std::string_view low, std::string_view high, std::uint64_t reader_min,
                   std::uint64_t reader_max, std::uint64_t writer_min, std::uint64_t writer_max) {
    bool is_good = true;
    if (writer_min < reader_min)
      is_good =
          report("range-narrowed", join(r.pointer, low),
                 fmt::format("the reader asks for at least {}, the writer for {}", reader_min, writer_min));
    if (writer_max > reader_max)
      is_good =
          report("range-narrowed", join(r.pointer, high),
                 writer_max == Facts::kNoLimit
                     ? fmt::format("the reader takes at most {}, the writer has no limit", reader_max)
                     : fmt::format("the reader takes at most {}, the writer {}", reader_max, writer_max));
    return is_good;
  }

  // The same keyword with the same value stands in some schema of the writer.
  bool has_same(const Group& writer, std::string_view word, const element& value) {
    return std::ranges::any_of(writer.all, [&](const Conjunct& each) {
      const auto other = keyword(each.value, word);
      return other && is_same(value, *other, compared_);
    });
  }
  // Keywords that say something only together stand in one schema of the writer as they stand in the reader's.
  bool has_same(const Group& writer, std::span<const std::string_view> words, const element& schema) {
    return std::ranges::any_of(writer.all, [&](const Conjunct& each) {
      return std::ranges::all_of(words, [&](std::string_view word) {
        const auto mine = keyword(schema, word), theirs = keyword(each.value, word);
        return mine.has_value() == theirs.has_value() &&
               (!mine || (is_same(*mine, *theirs, compared_) && means_the_same(*mine)));
      });
    });
  }

  // Texts that the writer lists can be looked at, if we know the format.
  static bool all_listed_fit(const element& format, const Facts& facts) {
    const auto mask = format.is_string() ? format_named(text_in(format)) : std::nullopt;
    return mask &&
           all_listed(facts, kString, [&](const element& value) { return fits_format(*mask, text_in(value)); });
  }

  Result<bool> check_text(const Conjunct& r, const Group& writer, const Facts& wanted, const Facts& facts) {
    bool is_good = all_listed(facts, kString,
                              [&](const element& value) {
                                const auto length = length_of(text_in(value));
                                return length >= wanted.min_length && length <= wanted.max_length;
                              }) ||
                   check_range(r, "minLength", "maxLength", wanted.min_length, wanted.max_length,
                               facts.min_length, facts.max_length);
    if (const auto pattern = keyword(r.value, "pattern"); pattern && !has_same(writer, "pattern", *pattern)) {
      UE_TRY_ASSIGN(const re2::RE2* compiled, reader_.pattern(text_in(*pattern), join(r.pointer, "pattern")));
      const bool holds = all_listed(
          facts, kString, [&](const element& value) { return matches_pattern(*compiled, text_in(value)); });
      is_good = (holds || report("pattern-changed", join(r.pointer, "pattern"),
                                 "the writer may send text that the reader's pattern refuses")) &&
                is_good;
    }
    for (const std::string_view word : {"format", "contentEncoding", "contentMediaType"}) {
      const auto value = keyword(r.value, word);
      if (value && !has_same(writer, word, *value) && !(word == "format" && all_listed_fit(*value, facts)))
        is_good = report("format-changed", join(r.pointer, word),
                         fmt::format("the reader's `{}` is not the writer's", word));
    }
    return is_good;
  }

  bool check_number(const Conjunct& r, const Group& writer, const Facts& wanted, const Facts& facts) {
    bool is_good = true;
    const auto inside = [&](const element& value) {
      const Bound exact{*number(value)};
      return is_within(exact, wanted.lower, true) && is_within(exact, wanted.upper, false);
    };
    if (!all_listed(facts, kInteger | kFraction, inside)) {
      const bool low = is_within(facts.lower, wanted.lower, true),
                 high = is_within(facts.upper, wanted.upper, false);
      if (!low)
        is_good = report("range-narrowed",
                         join(r.pointer, keyword(r.value, "minimum") ? "minimum" : "exclusiveMinimum"),
                         "the writer may send smaller numbers than the reader takes");
      if (!high)
        is_good = report("range-narrowed",
                         join(r.pointer, keyword(r.value, "maximum") ? "maximum" : "exclusiveMaximum"),
                         "the writer may send larger numbers than the reader takes");
    }
    const auto divisor = keyword(r.value, "multipleOf");
    if (!divisor) return is_good;
    const long double wanted_divisor = number(*divisor).value_or(0);
    const auto divides = [&](const Conjunct& each) {
      const auto other = keyword(each.value, "multipleOf");
      const auto n = other ? number(*other) : std::nullopt;
      return n && wanted_divisor > 0 && (*n == wanted_divisor || std::fmod(*n, wanted_divisor) == 0);
    };
    const bool is_any_integer = wanted_divisor == 1 && (facts.types & kFraction) == 0;
    return (is_any_integer || std::ranges::any_of(writer.all, divides) ||
            report("multiple-of-changed", join(r.pointer, "multipleOf"),
                   "the writer may send numbers that are no multiples of the reader's")) &&
           is_good;
  }

  static bool has_reference(const element& value) {
    if (value.is_array()) return std::ranges::any_of(array_in(value), has_reference);
    if (!value.is_object()) return false;
    return std::ranges::any_of(object_in(value), [](const auto& field) {
      return field.key == "$ref" || field.key == "$dynamicRef" || field.key == "$recursiveRef" ||
             has_reference(field.value);
    });
  }
  // The same text means the same only if what it refers to is the same.
  bool means_the_same(const element& value) {
    if (!has_reference(value)) return true;
    if (!same_documents_) same_documents_ = is_same(reader_.document(), writer_.document());
    return *same_documents_;
  }

  bool is_same_there(std::string_view word, const element& value, const Conjunct& r, const Group& writer) {
    static constexpr std::string_view kCondition[] = {"if", "then", "else"};
    static constexpr std::string_view kContains[] = {"contains", "minContains", "maxContains"};
    if (is_listed(kCondition, word)) return has_same(writer, kCondition, r.value);
    if (is_listed(kContains, word)) return has_same(writer, kContains, r.value);
    if (!word.starts_with("unevaluated") && !word.starts_with('$'))
      return has_same(writer, word, value) && means_the_same(value);
    return std::ranges::any_of(writer.all,
                               [&](const Conjunct& each) { return is_same(each.value, r.value, compared_); }) &&
           means_the_same(r.value);
  }

  bool check_opaque(const Conjunct& r, const Group& writer) {
    bool is_good = true;
    for (const auto field : object_in(r.value)) {
      if (!is_listed(kOpaque, field.key)) continue;
      if (!is_same_there(field.key, field.value, r, writer))
        is_good = report(
            "keyword-undecided", join(r.pointer, field.key),
            fmt::format("`{}` is not the same in both, and what it allows is not compared", field.key));
    }
    return is_good;
  }

  // For each type that the writer may send, one alternative must take it all.
  Result<bool> check_alternatives(const element& branches, const std::string& pointer, const Group& writer,
                                  TypeMask types) {
    if (!branches.is_array() || array_in(branches).size() == 0)
      return refuse(reader_.name(), pointer, "a non-empty array of schemas is expected");
    UE_TRY_ASSIGN(const bool whole, some_contains(branches, pointer, writer));
    if (whole) return true;
    std::string refused;
    for (TypeMask bit = 1; bit <= kObject; bit = static_cast<TypeMask>(bit << 1)) {
      if ((types & bit) == 0) continue;
      Group one = writer;
      one.mask = static_cast<TypeMask>(one.mask & bit);
      UE_TRY_ASSIGN(const bool holds, some_contains(branches, pointer, one));
      if (!holds) refused += refused.empty() ? types_text(bit) : ", " + types_text(bit);
    }
    return refused.empty() ||
           report("alternatives-narrowed", pointer,
                  fmt::format("no alternative takes every {} that the writer may send", refused));
  }
  Result<bool> some_contains(const element& branches, const std::string& pointer, const Group& writer) {
    std::size_t i = 0;
    for (const auto branch : array_in(branches)) {
      Group group;
      UE_TRY(reader_.expand(branch, join(pointer, std::to_string(i++)), group));
      UE_TRY_ASSIGN(const bool holds, would_contain(group, writer));
      if (holds) return true;
    }
    return false;
  }

  // ---- arrays ----
  struct Tuple {
    std::vector<element> first;
    std::optional<element> rest;
    std::string first_pointer, rest_pointer;
  };
  static Tuple tuple_of(const Conjunct& conjunct) {
    Tuple tuple;
    const auto items = keyword(conjunct.value, "items");
    auto prefix = keyword(conjunct.value, "prefixItems");
    const bool is_old = items && items->is_array();
    tuple.first_pointer = join(conjunct.pointer, is_old ? "items" : "prefixItems");
    if (is_old) prefix = items;
    if (prefix && prefix->is_array())
      for (const auto item : array_in(*prefix)) tuple.first.push_back(item);
    tuple.rest = is_old ? keyword(conjunct.value, "additionalItems") : items;
    tuple.rest_pointer = join(conjunct.pointer, is_old ? "additionalItems" : "items");
    return tuple;
  }
  static Result<void> expand_item(const JsonSchema& schema, const Tuple& tuple, std::size_t position, Group& group) {
    if (position < tuple.first.size())
      return schema.expand(tuple.first[position], join(tuple.first_pointer, std::to_string(position)), group);
    return tuple.rest ? schema.expand(*tuple.rest, tuple.rest_pointer, group) : Result<void>{};
  }

  Result<bool> check_array(const Conjunct& r, const Group& writer, const Facts& wanted, const Facts& facts) {
    bool is_good = check_range(r, "minItems", "maxItems", wanted.min_items, wanted.max_items, facts.min_items,
                               facts.max_items);
    const auto is_unique = [](const element& schema) {
      const auto unique = keyword(schema, "uniqueItems");
      return unique && unique->is_bool() && unique->get_bool().value_unsafe();
    };
    if (is_unique(r.value) && facts.max_items > 1 &&
        std::ranges::none_of(writer.all, is_unique, &Conjunct::value))
      is_good = report("unique-items-added", join(r.pointer, "uniqueItems"),
                       "the writer may send the same item twice");
    const Tuple read = tuple_of(r);
    std::vector<Tuple> written;
    std::size_t positions = read.first.size();
    for (const Conjunct& each : writer.all)
      positions = std::max(positions, written.emplace_back(tuple_of(each)).first.size());
    for (std::size_t i = 0; i <= positions && i < facts.max_items;
         ++i) {  // the last stands for all behind the tuples
      Group mine, theirs;
      UE_TRY(expand_item(reader_, read, i, mine));
      if (mine.all.empty()) continue;
      for (const Tuple& each : written) UE_TRY(expand_item(writer_, each, i, theirs));
      UE_TRY_ASSIGN(const bool holds, contains_inside(mine, theirs));
      is_good = holds && is_good;
    }
    return is_good;
  }

  // ---- objects ----
  using Members = std::unordered_map<std::string_view, element>;
  // Of each object schema once: looking members up one by one would take quadratic time.
  Result<const Members*> members_of(const JsonSchema& schema, const Conjunct& conjunct) {
    auto& known = &schema == &reader_ ? reader_members_ : writer_members_;
    const auto [at, is_new] = known.try_emplace(conjunct.pointer);
    if (!is_new) return &at->second;
    const auto properties = keyword(conjunct.value, "properties");
    if (!properties) return &at->second;
    if (!properties->is_object())
      return refuse(schema.name(), join(conjunct.pointer, "properties"), "an object of schemas is expected");
    for (const auto field : object_in(*properties)) at->second.emplace(field.key, field.value);
    return &at->second;
  }

  // What `conjunct` asks of the member `name`; without a name, of any member that nobody names.
  Result<void> expand_member(const JsonSchema& schema, const Conjunct& conjunct,
                             std::optional<std::string_view> name, Group& group) {
    UE_TRY_ASSIGN(const Members* members, members_of(schema, conjunct));
    bool is_covered = false;
    if (name) {
      if (const auto found = members->find(*name); found != members->end()) {
        is_covered = true;
        UE_TRY(schema.expand(found->second, join(join(conjunct.pointer, "properties"), *name), group));
      }
      if (const auto patterns = keyword(conjunct.value, "patternProperties");
          patterns && patterns->is_object()) {
        for (const auto field : object_in(*patterns)) {
          const std::string pointer = join(join(conjunct.pointer, "patternProperties"), field.key);
          UE_TRY_ASSIGN(const re2::RE2* compiled, schema.pattern(field.key, pointer));
          UE_TRY(spend(1));
          if (!matches_pattern(*compiled, *name)) continue;
          is_covered = true;
          UE_TRY(schema.expand(field.value, pointer, group));
        }
      }
    }
    const auto additional = keyword(conjunct.value, "additionalProperties");
    if (is_covered || !additional) return {};
    return schema.expand(*additional, join(conjunct.pointer, "additionalProperties"), group);
  }

  Result<bool> check_object(const Conjunct& r, const Group& writer, const Facts& wanted, const Facts& facts) {
    bool is_good = true;
    for (const std::string_view name : wanted.required)
      if (!facts.required.contains(name))
        is_good = report("required-added", join(r.pointer, "required"),
                         fmt::format("`{}` is required, but the writer may leave it out", name));
    const std::uint64_t least = std::max<std::uint64_t>(facts.min_properties, facts.required.size());
    is_good = check_range(r, "minProperties", "maxProperties", wanted.min_properties, wanted.max_properties,
                          least, facts.max_properties) &&
              is_good;
    UE_TRY_ASSIGN(const bool members, check_members(r, writer));
    UE_TRY_ASSIGN(const bool names, check_names(r, writer));
    return is_good && members && names;
  }

  Result<bool> check_members(const Conjunct& r, const Group& writer) {
    UE_TRY_ASSIGN(const Members* mine, members_of(reader_, r));
    std::map<std::string_view, bool>
        names;  // true: the writer speaks of it. Sorted, so that findings come in order.
    for (const auto& [name, unused] : *mine) names.emplace(name, false);
    for (const Conjunct& each : writer.all) {
      UE_TRY_ASSIGN(const Members* theirs, members_of(writer_, each));
      for (const auto& [name, unused] : *theirs) names.insert_or_assign(name, true);
    }
    bool is_good = true;
    for (const auto& [name, is_written] : names) {
      UE_TRY_ASSIGN(const bool holds, check_member(r, writer, name, is_written, mine->contains(name)));
      is_good = holds && is_good;
    }
    Group rest_mine, rest_theirs;
    UE_TRY(expand_member(reader_, r, std::nullopt, rest_mine));
    for (const Conjunct& each : writer.all) UE_TRY(expand_member(writer_, each, std::nullopt, rest_theirs));
    if (rest_mine.all.empty()) return is_good;
    UE_TRY_ASSIGN(const bool holds, would_contain_inside(rest_mine, rest_theirs));
    return (holds || report("property-not-allowed", join(r.pointer, "additionalProperties"),
                            "the writer may send members of any name that the reader refuses")) &&
           is_good;
  }

  Result<bool> check_member(const Conjunct& r, const Group& writer, std::string_view name, bool is_written,
                            bool is_read) {
    UE_TRY(spend(1));
    Group mine, theirs;
    UE_TRY(expand_member(reader_, r, name, mine));
    if (mine.all.empty()) return true;
    for (const Conjunct& each : writer.all) UE_TRY(expand_member(writer_, each, name, theirs));
    if (is_written && is_read) return contains_inside(mine, theirs);
    UE_TRY_ASSIGN(const bool holds, would_contain_inside(mine, theirs));
    if (holds) return true;
    if (is_written) {
      const auto place = std::ranges::find_if(writer.all, [&](const Conjunct& each) {
        return writer_members_.at(each.pointer).contains(name);  // looked at by the caller
      });
      return report(
          "property-not-allowed", join(join(place->pointer, "properties"), name),
          fmt::format("the reader's schema has no `{}`, and refuses or constrains what it does not know",
                      name),
          true);
    }
    return report("property-in-open-content", join(join(r.pointer, "properties"), name),
                  fmt::format("the writer's schema does not know `{}` and so allows any value of it", name));
  }

  static std::optional<element> schema_of_pattern(const Conjunct& conjunct, std::string_view pattern) {
    const auto patterns = keyword(conjunct.value, "patternProperties");
    return patterns ? keyword(*patterns, pattern) : std::nullopt;
  }
  static std::string pattern_pointer(const Conjunct& conjunct, std::string_view pattern) {
    return join(join(conjunct.pointer, "patternProperties"), pattern);
  }

  // Members whose names match the reader's patterns. A pattern that the writer does not have may match any of
  // its other names.
  Result<bool> check_read_patterns(const Conjunct& r, const Group& writer) {
    const auto patterns = keyword(r.value, "patternProperties");
    if (!patterns) return true;
    if (!patterns->is_object())
      return refuse(reader_.name(), join(r.pointer, "patternProperties"), "an object of schemas is expected");
    const bool names_all = std::ranges::any_of(writer.all, [](const Conjunct& each) {
      const auto additional = keyword(each.value, "additionalProperties");
      return additional && additional->is_bool() && !additional->get_bool().value_unsafe() &&
             !keyword(each.value, "patternProperties");
    });
    if (names_all) return true;  // and each name has been looked at
    if (object_in(*patterns).size() == 0) return true;
    const auto other = std::ranges::find_if(writer.all, [&](const Conjunct& each) {
      const auto theirs = keyword(each.value, "patternProperties");
      return theirs && theirs->is_object() && object_in(*theirs).size() == object_in(*patterns).size() &&
             std::ranges::all_of(object_in(*patterns), [&](const auto& field) {
               return schema_of_pattern(each, field.key).has_value();
             });
    });
    if (other == writer.all.end())
      return report("keyword-undecided", join(r.pointer, "patternProperties"),
                    "the patterns of `patternProperties` are not the same in both, and what they match is "
                    "not compared");
    bool is_good = true;
    for (const auto field : object_in(*patterns)) {
      Group mine, theirs;
      UE_TRY(reader_.expand(field.value, pattern_pointer(r, field.key), mine));
      UE_TRY(
          writer_.expand(*schema_of_pattern(*other, field.key), pattern_pointer(*other, field.key), theirs));
      UE_TRY_ASSIGN(const bool holds, contains_inside(mine, theirs));
      is_good = holds && is_good;
    }
    return is_good;
  }

  // Members whose names match the writer's patterns, if the reader knows them only as additional ones.
  Result<bool> check_written_patterns(const Conjunct& r, const Group& writer) {
    Group rest;
    UE_TRY(expand_member(reader_, r, std::nullopt, rest));
    if (rest.all.empty()) return true;
    bool is_good = true;
    for (const Conjunct& each : writer.all) {
      const auto patterns = keyword(each.value, "patternProperties");
      if (!patterns || !patterns->is_object()) continue;
      for (const auto field : object_in(*patterns)) {
        if (schema_of_pattern(r, field.key)) continue;
        Group theirs;
        UE_TRY(writer_.expand(field.value, pattern_pointer(each, field.key), theirs));
        UE_TRY_ASSIGN(const bool holds, would_contain_inside(rest, theirs));
        if (!holds)
          is_good = report("property-not-allowed", pattern_pointer(each, field.key),
                           "the reader refuses or constrains members that match this pattern", true);
      }
    }
    return is_good;
  }

  // patternProperties and propertyNames.
  Result<bool> check_names(const Conjunct& r, const Group& writer) {
    UE_TRY_ASSIGN(bool is_good, check_read_patterns(r, writer));
    UE_TRY_ASSIGN(const bool written, check_written_patterns(r, writer));
    is_good = is_good && written;
    const auto names = keyword(r.value, "propertyNames");
    if (!names) return is_good;
    Group mine, theirs;
    UE_TRY(reader_.expand(*names, join(r.pointer, "propertyNames"), mine));
    for (const Conjunct& each : writer.all)
      if (const auto other = keyword(each.value, "propertyNames"))
        UE_TRY(writer_.expand(*other, join(each.pointer, "propertyNames"), theirs));
    theirs.mask = kString;
    UE_TRY_ASSIGN(const bool holds, contains_inside(mine, theirs));
    return holds && is_good;
  }

  const JsonSchema& reader_;
  const JsonSchema& writer_;
  std::vector<Finding> findings_;
  std::unordered_map<std::string, State> states_[2];  // of what is reported, and of trials
  std::unordered_map<std::string, Members> reader_members_, writer_members_;
  std::uint64_t steps_ = 0, compared_ = 0;
  int trials_ = 0;
  std::size_t depth_ = 0, level_ = 0;
  std::uint64_t guesses_ = 0;  // answers taken for granted so far
  std::optional<bool> same_documents_;
};

}  // namespace

Result<std::vector<Finding>> compare_json(const Document& reader, const Document& writer) {
  UE_TRY_ASSIGN(const JsonText reader_text, JsonText::parse(reader));
  UE_TRY_ASSIGN(const JsonText writer_text, JsonText::parse(writer));
  const JsonSchema reader_schema(reader_text), writer_schema(writer_text);
  return Comparison(reader_schema, writer_schema).run();
}

}  // namespace user_events::compatibility
