#include "policy/plan.h"

#include <algorithm>
#include <map>

#include "base/hex.h"
#include "base/json_text.h"
#include "base/try.h"
#include "crypto/digest.h"

namespace user_events::policy {
namespace {

using schemas::Field, schemas::Kind, schemas::Model, schemas::Object, schemas::Shape;

constexpr std::size_t kVariantBytes = 4;

std::string prefix_of(std::string_view name) {
  std::string prefix;
  base::append_json_string(name, prefix);
  prefix += ':';
  return prefix;
}

bool is_container(Kind kind) noexcept { return kind == Kind::array || kind == Kind::map || kind == Kind::object; }

class Builder {
 public:
  Builder(const Model& model, const PrivacyPolicy& policy) : model_(model), policy_(policy) { plan_.nodes.emplace_back(); }

  Plan run(std::shared_ptr<const KnownNames> names) {
    plan_.names = std::move(names);
    plan_.root = object(0);
    if (plan_.root == kKeep) return std::move(plan_);
    // What the data looks like depends on what is done where, and on nothing else.
    const auto digest = crypto::sha256(what_is_done_);
    plan_.variant = "p";
    base::append_hex({reinterpret_cast<const char*>(digest.data()), kVariantBytes}, plan_.variant);
    return std::move(plan_);
  }

 private:
  PlanIndex add(PlanNode node) {
    plan_.nodes.push_back(std::move(node));
    return static_cast<PlanIndex>(plan_.nodes.size() - 1);
  }

  void note(std::string_view word) { what_is_done_.append(pointer_).append(1, ' ').append(word).append(1, '\n'); }

  /// `klass`: of what stands there. Empty only where no text can stand.
  PlanIndex place(const Shape& shape, std::string_view klass) {
    if (shape.kind == Kind::object) return object(shape.object);
    if (shape.kind == Kind::array) return items(shape);
    if (shape.kind == Kind::map) return klass == kFreeText ? free_text(klass) : members(shape);
    if (shape.kind == Kind::any && klass == kFreeText) return free_text(klass);
    const Treatment treatment = klass.empty() ? Treatment{} : treatment_of(policy_, klass);
    if (treatment.action == Action::clear) return kKeep;
    note(name(treatment.action));
    return add({.step = Step::treat, .treatment = treatment});
  }

  PlanIndex free_text(std::string_view klass) {
    if (policy_.is_clear()) return kKeep;
    note("names");
    return add({.step = Step::names, .treatment = treatment_of(policy_, klass)});
  }

  PlanIndex items(const Shape& shape) {
    const PlanIndex each = inside("/*", *shape.element, shape.element->personal);
    return each == kKeep ? kKeep : add({.step = Step::items, .rest = each});
  }

  PlanIndex members(const Shape& shape) {
    const PlanIndex each = inside("/*", *shape.element, shape.element->personal);
    return each == kKeep ? kKeep : add({.step = Step::object, .rest = each});
  }

  PlanIndex inside(std::string_view token, const Shape& shape, std::string_view klass) {
    const std::size_t before = pointer_.size();
    pointer_ += token;
    const PlanIndex node = place(shape, klass);
    pointer_.resize(before);
    return node;
  }

  PlanIndex object(std::uint32_t index) {
    const Object& source = model_.objects[index];
    PlanNode node{.step = Step::object};
    bool changes = false;
    for (const Field& field : source.fields) {
      PlanMember member{.prefix = prefix_of(field.name), .token = {}};
      base::append_pointer_token(field.name, member.token);
      member.node = inside(member.token, field.shape, field.personal);
      changes = changes || member.node != kKeep;
      node.members.push_back(std::move(member));
    }
    if (source.extra != nullptr) {
      // Members that nobody foresaw are as free as a map's.
      const std::string& klass = source.extra->personal;
      node.rest_by_name = klass == kFreeText && !policy_.is_clear();
      if (node.rest_by_name) note("names");
      if (!node.rest_by_name) node.rest = inside("/*", *source.extra, klass);
    }
    if (!changes && node.rest == kKeep && !node.rest_by_name) return kKeep;
    std::ranges::sort(node.members, {}, &PlanMember::prefix);
    return add(std::move(node));
  }

  const Model& model_;
  const PrivacyPolicy& policy_;
  Plan plan_;
  std::string pointer_, what_is_done_;
};

}  // namespace

Treatment treatment_of(const PrivacyPolicy& policy, std::string_view klass) {
  return {policy.of(klass), mask_of(klass), klass == "email" || klass == "username"};
}

Result<KnownNames> KnownNames::gather(const catalogue::Catalogue& catalogue, const PrivacyPolicy& policy) {
  std::map<std::string, Treatment> found;
  for (const auto* type : catalogue.all()) {
    UE_TRY_ASSIGN(const Model model, schemas::make_model(*type));
    for (const Object& object : model.objects)
      for (const Field& field : object.fields) {
        if (field.personal.empty() || is_container(field.shape.kind)) continue;
        const Treatment treatment = treatment_of(policy, field.personal);
        const auto [known, is_new] = found.try_emplace(prefix_of(field.name), treatment);
        if (!is_new && treatment.action > known->second.action) known->second = treatment;
      }
  }
  KnownNames out;
  out.names_.assign(found.begin(), found.end());
  out.others_ = {policy.strictest(), Mask::all, false};
  return out;
}

const Treatment& KnownNames::of(std::string_view prefix) const noexcept {
  const auto found = std::ranges::lower_bound(names_, prefix, {}, [](const auto& one) { return std::string_view(one.first); });
  return found != names_.end() && found->first == prefix ? found->second : others_;
}

Plan make_plan(const schemas::Model& model, const PrivacyPolicy& policy, std::shared_ptr<const KnownNames> names) {
  return Builder(model, policy).run(std::move(names));
}

}  // namespace user_events::policy
