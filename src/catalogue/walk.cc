#include "catalogue/walk.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>

#include "base/json_text.h"
#include "base/nearest.h"
#include "base/time_text.h"
#include "catalogue/canonical.h"
#include "catalogue/dom.h"
#include "catalogue/findings.h"
#include "catalogue/pattern.h"
#include "catalogue/walk_state.h"

namespace user_events::catalogue {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

const Node& open_node() {
  static const Node node;
  return node;
}

/// kWrite: normalise (write, fill in, refuse duplicates and forbidden names); otherwise pure validation.
template <bool kWrite>
class Walker {
 public:
  Walker(const Program* program, Scratch& scratch, std::vector<FieldError>* findings, std::string* out,
         std::int64_t now_ms, std::uint64_t& budget)
      : program_(program),
        scratch_(scratch),
        findings_(findings),
        out_(out),
        now_ms_(now_ms),
        budget_(budget) {}

  [[nodiscard]] bool failed() const noexcept { return failed_; }

  void value(const Node& node, const element& v, const Path& path) {
    if (quiet() && !spend(1)) return;
    if (path.depth > kMaxValueDepth) return fail(path, {"too-deep", "the value is nested too deep"});
    if (node.never) return fail(path, {"not-allowed", "no value is allowed here"});
    const element_type type = v.type();
    if ((node.types & type_bit(type, v)) == 0) return fail(path, {"type", "the value is of the wrong type"});
    switch (type) {
      case element_type::STRING:
        text(node, text_in(v), path);
        break;
      case element_type::OBJECT:
        object(node, object_in(v), path);
        break;
      case element_type::ARRAY:
        array(node, array_in(v), path);
        break;
      default:
        scalar(node, type, v, path);
        break;
    }
    if (node.enumeration) check_enum(*node.enumeration, v, path);
    if (node.reference != kNoNode || !node.any_of.empty()) in_place(node, v, path);
  }

 private:
  const Node& at(NodeIndex index) const noexcept {
    return index == kNoNode ? open_node() : program_->nodes[index];
  }
  [[nodiscard]] bool quiet() const noexcept { return findings_ == nullptr; }
  [[nodiscard]] bool stopped() const noexcept {
    return failed_ && (quiet() || findings_->size() >= kMaxFindings);
  }

  bool spend(std::uint64_t steps) noexcept {
    if (budget_ >= steps) {
      budget_ -= steps;
      return true;
    }
    budget_ = 0;
    failed_ = true;
    return false;
  }

  void fail(const Path& path, Finding finding) {
    failed_ = true;
    if (quiet() || findings_->size() >= kMaxFindings) return;
    FieldError error;
    path.append_to(error.pointer);
    error.code = finding.code;
    error.detail = std::move(finding.detail);
    findings_->push_back(std::move(error));
  }

  static TypeMask type_bit(element_type type, const element& v) noexcept {
    switch (type) {
      case element_type::STRING:
        return kString;
      case element_type::OBJECT:
        return kObject;
      case element_type::ARRAY:
        return kArray;
      case element_type::BOOL:
        return kBoolean;
      case element_type::NULL_VALUE:
        return kNull;
      case element_type::INT64:
      case element_type::UINT64:
        return kInteger;
      case element_type::DOUBLE: {
        const double number = v.get_double().value_unsafe();
        return number == std::trunc(number) ? kInteger : kFraction;  // 1.0 is an integer to JSON Schema
      }
    }
    return 0;
  }

  // ---- strings ----
  void text(const Node& node, std::string_view v, const Path& path) {
    if (!length_within(v, node.min_length, node.max_length))
      fail(path, wrong_length(code_points(v), node.min_length, node.max_length));
    if (node.pattern) {
      if (quiet() && !spend(v.size() / 16)) return;
      if (!matches_pattern(*node.pattern, v))
        fail(path, {"pattern", "the text does not match the pattern of the schema"});
    }
    if constexpr (kWrite) {
      if (node.formats == kFormatDateTime) return date_time(v, path);
      base::append_json_string(v, *out_);
    }
    if (node.formats != 0 && !fits_format(node.formats, v)) fail(path, wrong_format(node.formats));
  }

  // In the standard form a time is UTC with milliseconds; the submitted text is remembered.
  void date_time(std::string_view v, const Path& path) {
    const auto time = parse_date_time(v);
    if (!time) return fail(path, wrong_format(kFormatDateTime));
    const std::size_t begin = out_->size();
    *out_ += '"';
    base::append_time(*time, *out_);
    if (std::string_view(*out_).substr(begin + 1) != v)
      scratch_.edits.push_back({begin, out_->size() + 1, v, true});
    *out_ += '"';
  }

  // ---- null, booleans, numbers ----
  void scalar(const Node& node, element_type type, const element& v, const Path& path) {
    switch (type) {
      case element_type::INT64:
        return number(node, v.get_int64().value_unsafe(), path);
      case element_type::UINT64:
        return number(node, v.get_uint64().value_unsafe(), path);
      case element_type::DOUBLE:
        return number(node, v.get_double().value_unsafe(), path);
      case element_type::BOOL:
        if constexpr (kWrite) *out_ += v.get_bool().value_unsafe() ? "true" : "false";
        return;
      default:
        if constexpr (kWrite) *out_ += "null";
    }
  }

  template <class Number>
  void number(const Node& node, Number v, const Path& path) {
    if constexpr (kWrite) base::append_json_number(v, *out_);
    if (!node.number) return;
    const NumberRule& rule = *node.number;
    const auto exact = static_cast<long double>(v);
    if (exact < rule.minimum || exact <= rule.exclusive_minimum)
      fail(path, {"minimum", "the number is too small"});
    if (exact > rule.maximum || exact >= rule.exclusive_maximum)
      fail(path, {"maximum", "the number is too large"});
    if (rule.multiple_of != 0 && std::fmod(exact, static_cast<long double>(rule.multiple_of)) != 0)
      fail(path, {"multiple-of", "the number is no multiple of " + std::to_string(rule.multiple_of)});
  }

  // ---- arrays ----
  void array(const Node& node, const simdjson::dom::array& v, const Path& path) {
    std::size_t count = 0;
    const Node& items = at(node.items);
    if constexpr (kWrite) *out_ += '[';
    for (const auto item : v) {
      if constexpr (kWrite) {
        if (count != 0) *out_ += ',';
      } else if (node.items == kNoNode) {
        ++count;
        continue;
      }
      value(items, item, path.item(count++));
      if (stopped()) return;
    }
    if constexpr (kWrite) *out_ += ']';
    if (count < node.min_items)
      fail(path, {"min-items", "at least " + std::to_string(node.min_items) + " items are required"});
    if (count > node.max_items) fail(path, too_many_items(node.max_items));
    if (node.unique_items && count > 1) check_unique(v, path);
  }

  void check_unique(const simdjson::dom::array& v, const Path& path) {
    std::vector<std::string> texts;
    std::uint64_t bytes = 0;
    for (const auto item : v) {
      append_canonical(item, texts.emplace_back());
      bytes += texts.back().size();
    }
    if (quiet() && !spend(bytes / 16)) return;
    std::ranges::sort(texts);
    if (std::ranges::adjacent_find(texts) != texts.end())
      fail(path, {"unique-items", "an item is given twice"});
  }

  void check_enum(const EnumRule& rule, const element& v, const Path& path) {
    bool found = false;
    if (v.is_string()) {
      const std::string_view wanted = text_in(v);
      found = std::ranges::binary_search(rule.strings, wanted, {},
                                         [](const auto& text) { return std::string_view(text); });
    } else if (!rule.others.empty()) {
      std::string canonical;
      append_canonical(v, canonical);
      if (quiet() && !spend(canonical.size() / 16)) return;
      found = std::ranges::binary_search(rule.others, canonical);
    }
    if (!found) fail(path, {"enum", "the value is not one of those that the schema allows"});
  }

  // ---- objects ----
  /// The index of a declared or required name, or kUnlimited. `next` is where it stands if members come in
  /// the file's order.
  static std::uint32_t look_up(const Node& node, std::string_view name, std::uint32_t next) noexcept {
    const auto count = static_cast<std::uint32_t>(node.properties.size());
    for (std::uint32_t i = next; i < count && i < next + 2; ++i)
      if (node.properties[i].name == name) return i;
    const auto by = [&](std::uint32_t i) { return std::string_view(node.properties[i].name); };
    const auto found = std::ranges::lower_bound(node.by_name, name, {}, by);
    return found != node.by_name.end() && by(*found) == name ? *found : kUnlimited;
  }

  void object(const Node& node, const simdjson::dom::object& v, const Path& path) {
    Seen seen(node.properties.size(), scratch_.bits);
    const std::size_t names_base = scratch_.names.size();
    std::uint32_t next = 0, count = 0;
    if constexpr (kWrite) *out_ += '{';
    const std::size_t first = kWrite ? out_->size() : 0;
    for (const auto field : v) {
      ++count;
      const std::string_view key = field.key;
      const std::uint32_t index = node.properties.empty() ? kUnlimited : look_up(node, key, next);
      const bool fresh = index == kUnlimited || seen.insert(index);
      if (kWrite && !fresh) {
        fail(path.member(key), {"duplicate-key", "the member is given twice"});
      } else if (index != kUnlimited && node.properties[index].node != kNoNode) {
        next = index + 1;
        if constexpr (kWrite) {
          if (out_->size() != first) *out_ += ',';
          *out_ += node.properties[index].prefix;
        }
        value(at(node.properties[index].node), field.value, path.member(key));
      } else {
        additional(node, key, field.value, path, first, index == kUnlimited);
      }
      if (stopped()) break;
    }
    if constexpr (kWrite) {
      check_duplicates(names_base, path);
      scratch_.names.resize(names_base);
    }
    if (stopped()) return;
    finish_object(node, v, seen, count, path, first);
    if constexpr (kWrite) *out_ += '}';
  }

  void additional(const Node& node, std::string_view key, const element& v, const Path& path,
                  std::size_t first, bool remember) {
    if constexpr (kWrite) {
      if (is_forbidden_name(key)) return fail(path.member(key), forbidden_name());
    }
    if (node.closed) return fail(path.member(key), unknown(node, key));
    if constexpr (kWrite) {
      if (remember) scratch_.names.push_back(key);
      if (out_->size() != first) *out_ += ',';
      base::append_json_string(key, *out_);
      *out_ += ':';
    } else if (node.additional == kNoNode) {
      return;
    }
    value(at(node.additional), v, path.member(key));
  }

  static Finding unknown(const Node& node, std::string_view key) {
    constexpr std::size_t kMaxCandidates = 64;
    std::vector<std::string> names;
    if (node.properties.size() <= kMaxCandidates)
      for (const Property& property : node.properties) names.emplace_back(property.name);
    const std::string nearest = base::nearest(key, names);
    std::string detail = "the schema has no such field";
    if (!nearest.empty()) detail.append("; did you mean `").append(nearest).append("`?");
    return {"unknown-field", std::move(detail)};
  }

  void check_duplicates(std::size_t base, const Path& path) {
    const std::span names(scratch_.names.begin() + static_cast<std::ptrdiff_t>(base), scratch_.names.end());
    if (names.size() < 2) return;
    std::ranges::sort(names);
    for (std::size_t i = 1; i < names.size(); ++i)
      if (names[i] == names[i - 1] && (i < 2 || names[i] != names[i - 2]))
        fail(path.member(names[i]), {"duplicate-key", "the member is given twice"});
  }

  /// True if normalising will fill this member in.
  static bool fillable(const Property& property, const Seen& seen) noexcept {
    return property.fill == Fill::acceptance_time ||
           (property.fill == Fill::keys_of && seen.has(property.fill_source));
  }

  void finish_object(const Node& node, const simdjson::dom::object& v, const Seen& seen, std::uint32_t count,
                     const Path& path, std::size_t first) {
    for (std::uint32_t i = 0; i < node.properties.size(); ++i) {
      const Property& property = node.properties[i];
      if (seen.has(i)) continue;
      if (kWrite && node.has_fills && fillable(property, seen)) {
        ++count;
        if (!failed_) fill(node, property, v, first);
      } else if (property.required) {
        fail(path.member(property.name), missing());
      }
    }
    if (!node.one_required.empty()) check_one_required(node, seen, path);
    if (count < node.min_properties) fail(path, too_few_members(node.min_properties));
    if (count > node.max_properties) fail(path, too_many_members(node.max_properties));
  }

  void check_one_required(const Node& node, const Seen& seen, const Path& path) {
    for (const std::uint64_t set : node.one_required)
      if ((set & ~seen.first_word()) == 0) return;
    std::vector<std::string_view> names;
    for (const std::uint64_t set : node.one_required)
      for (std::uint64_t rest = set; rest != 0; rest &= rest - 1)
        names.push_back(node.properties[static_cast<std::size_t>(std::countr_zero(rest))].name);
    fail(path, one_missing(names));
  }

  void fill(const Node& node, const Property& property, const simdjson::dom::object& v, std::size_t first) {
    const std::size_t begin = out_->size();
    if (begin != first) *out_ += ',';
    *out_ += property.prefix;
    if (property.fill == Fill::acceptance_time) {
      *out_ += '"';
      base::append_time(now_ms_, *out_);
      *out_ += '"';
    } else {
      *out_ += '[';
      const std::size_t list = out_->size();
      element source;
      if (v.at_key(node.properties[property.fill_source].name).get(source) == simdjson::SUCCESS &&
          source.is_object())
        for (const auto field : object_in(source)) {
          if (out_->size() != list) *out_ += ',';
          base::append_json_string(field.key, *out_);
        }
      *out_ += ']';
    }
    scratch_.edits.push_back({begin, out_->size(), {}, false});
  }

  // ---- other schemas for the same value ----
  void in_place(const Node& node, const element& v, const Path& path) {
    if (node.reference != kNoNode) {
      Walker<false> inner(program_, scratch_, findings_, nullptr, now_ms_, budget_);
      if (!spend(1)) return fail(path, too_complex());
      inner.value(at(node.reference), v, path);
      failed_ = failed_ || inner.failed();
    }
    if (node.any_of.empty()) return;
    for (const NodeIndex branch : node.any_of) {
      Walker<false> inner(program_, scratch_, nullptr, nullptr, now_ms_, budget_);
      inner.value(at(branch), v, path);
      if (!inner.failed()) return;
      if (budget_ == 0) return fail(path, too_complex());
    }
    fail(path, {"any-of", "the value fits none of the alternatives of the schema"});
  }
  static Finding too_complex() {
    return {"too-complex", "checking the value against the schema takes too many steps"};
  }

  const Program* program_;
  Scratch& scratch_;
  std::vector<FieldError>* findings_;  // nullptr: only yes or no is wanted, and the walk ends at the first no
  std::string* out_;
  std::int64_t now_ms_;
  std::uint64_t& budget_;
  bool failed_ = false;
};

Scratch& scratch() {
  static thread_local Scratch instance;
  return instance;
}

// `out` from `start` on, with each edit undone.
void append_submitted(const std::string& out, std::size_t start, const std::vector<Scratch::Edit>& edits,
                      std::string& submitted) {
  std::size_t at = start;
  for (const Scratch::Edit& edit : edits) {
    submitted.append(out, at, edit.begin - at);
    if (edit.quoted) submitted.append(1, '"').append(edit.submitted).append(1, '"');
    at = edit.end;
  }
  submitted.append(out, at);
}

bool normalise_node(const Program* program, const Node& node, const element& value, std::int64_t now_ms,
                    std::string_view pointer_prefix, std::string& out, std::vector<FieldError>& findings,
                    std::string* as_submitted) {
  Scratch& memory = scratch();
  memory.edits.clear();
  std::uint64_t budget = kMaxAlternativeSteps;
  const std::size_t start = out.size();
  Walker<true> walker(program, memory, &findings, &out, now_ms, budget);
  walker.value(node, value, Path{.name = pointer_prefix});
  if (walker.failed()) {
    out.resize(start);
    return false;
  }
  if (as_submitted != nullptr) append_submitted(out, start, memory.edits, *as_submitted);
  return true;
}

}  // namespace

bool validate_value(const Program& program, const element& value, std::vector<FieldError>& findings) {
  std::uint64_t budget = kMaxAlternativeSteps;
  Walker<false> walker(&program, scratch(), &findings, nullptr, 0, budget);
  walker.value(program.nodes.front(), value, Path{});
  return !walker.failed();
}

bool normalise_value(const Program& program, const element& value, const NormaliseContext& context,
                     std::string_view pointer_prefix, std::string& out, std::vector<FieldError>& findings,
                     std::string* as_submitted) {
  return normalise_node(&program, program.nodes.front(), value, context.now_ms, pointer_prefix, out, findings,
                        as_submitted);
}

bool normalise_open(const element& value, std::string_view pointer_prefix, std::string& out,
                    std::vector<FieldError>& findings) {
  return normalise_node(nullptr, open_node(), value, 0, pointer_prefix, out, findings, nullptr);
}

bool Schema::validate(const element& value, std::vector<FieldError>& findings) const {
  return validate_value(impl_->program, value, findings);
}

bool Schema::normalise(const element& data, const NormaliseContext& context, std::string_view pointer_prefix,
                       std::string& out, std::vector<FieldError>& findings, std::string* as_submitted) const {
  return normalise_value(impl_->program, data, context, pointer_prefix, out, findings, as_submitted);
}

}  // namespace user_events::catalogue
