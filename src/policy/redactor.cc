#include "policy/redactor.h"

#include <cstdint>

#include "base/ascii.h"
#include "base/json_scan.h"
#include "base/json_values.h"
#include "base/json_text.h"

namespace user_events::policy {
bool Redactor::run(const Plan& plan, std::string_view data, Substitutes& substitutes, std::string& out) {
  plan_ = &plan;
  substitutes_ = &substitutes;
  out_ = &out;
  pointer_.clear();
  good_ = true;
  return value(plan.root, data) && good_;
}

bool Redactor::value(PlanIndex index, std::string_view json) {
  if (json.empty()) return good_ = false;
  const PlanNode& node = plan_->nodes[index];
  const bool is_null = json == "null" && (node.types & kScalars) == 0;
  if (index == kKeep || is_null) {
    out_->append(json);
    return true;
  }
  if (json.front() == '{') return node.has_members ? object(node, json) : treat(node.whole, json);
  if (json.front() == '[') return node.has_items ? items(node, json) : treat(node.whole, json);
  return treat(node.value, json);
}

template <class Write>
bool Redactor::members(std::string_view json, Write&& write) {
  *out_ += '{';
  bool is_first = true;
  const bool is_object = base::each_member(json, [&](std::string_view key, std::string_view json_value) {
    const std::size_t before = out_->size(), depth = pointer_.size();
    const std::string_view prefix = base::prefix_of(key);
    if (json_value.empty()) return good_ = false;
    if (!is_first) *out_ += ',';
    out_->append(prefix);
    if (write(key, prefix, json_value))
      is_first = false;
    else
      out_->resize(before);
    pointer_.resize(depth);
    return good_;
  });
  good_ = good_ && is_object;
  *out_ += '}';
  return true;
}

bool Redactor::object(const PlanNode& node, std::string_view json) {
  return members(json, [&](std::string_view key, std::string_view prefix, std::string_view json_value) {
    if (const PlanMember* const known = find_member(node, prefix)) {
      pointer_ += known->token;
      return value(known->node, json_value);
    }
    enter(key);
    return node.rest_by_name ? treat(by_name(node, prefix, json_value), json_value) : value(node.rest, json_value);
  });
}

/// A field's name says nothing of an object or array that somebody put under it.
Treatment Redactor::by_name(const PlanNode& node, std::string_view prefix, std::string_view json) const noexcept {
  const bool is_value = json.front() != '{' && json.front() != '[';
  return stricter(is_value ? plan_->names->of(prefix) : plan_->names->others(), plan_->nodes[node.rest].value);
}

bool Redactor::items(const PlanNode& node, std::string_view json) {
  *out_ += '[';
  std::uint64_t written = 0;
  const bool is_array = base::each_item(json, [&](std::string_view item) {
    const std::size_t before = out_->size(), depth = pointer_.size();
    if (written != 0) *out_ += ',';
    pointer_ += '/';
    base::append_json_number(written, pointer_);
    if (value(node.items, item))
      ++written;
    else
      out_->resize(before);
    pointer_.resize(depth);
    return good_;
  });
  good_ = good_ && is_array;
  *out_ += ']';
  return true;
}

std::string_view Redactor::text_of(std::string_view json) {
  text_.clear();
  good_ = base::append_unescaped(base::content_of(json), text_) && good_;
  return text_;
}

void Redactor::enter(std::string_view key) {
  name_.clear();
  good_ = base::append_unescaped(key, name_) && good_;
  base::append_pointer_token(name_, pointer_);
}

bool Redactor::treat(const Treatment& treatment, std::string_view json) {
  // That there is nothing says nothing, and keeps saying it; only what is encrypted does not even tell that.
  const bool is_plain = treatment.action == Action::clear || (json == "null" && treatment.action < Action::encrypt);
  if (is_plain) {
    out_->append(json);
    return true;
  }
  switch (treatment.action) {
    case Action::mask: return mask(treatment, json);
    case Action::token: return token(treatment, json);
    case Action::encrypt: {
      *out_ += '"';
      const bool has_key = substitutes_->append_encrypted(pointer_, json, *out_);
      *out_ += '"';
      return has_key;
    }
    case Action::clear:
    case Action::omit: break;
  }
  return false;
}

bool Redactor::mask(const Treatment& treatment, std::string_view json) {
  if (!base::is_string(json)) return false;  // of a number or an object nothing can be shown that names nobody
  masked_.clear();
  append_masked(treatment.mask, text_of(json), masked_);
  base::append_json_string(masked_, *out_);
  return true;
}

bool Redactor::token(const Treatment& treatment, std::string_view json) {
  const bool is_text = base::is_string(json);
  if (is_text)
    (void)text_of(json);
  else
    text_.assign(json);
  if (is_text && treatment.any_case) base::lower_ascii(text_);
  *out_ += '"';
  substitutes_->append_token(text_, *out_);
  *out_ += '"';
  return true;
}

}  // namespace user_events::policy
