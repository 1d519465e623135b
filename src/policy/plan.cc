#include "policy/plan.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/hex.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "crypto/digest.h"

namespace user_events::policy {
namespace {

using catalogue::Place, catalogue::PlaceIndex, catalogue::Places;

constexpr std::size_t kMarkBytes = 4;

Treatment treatment_of(const PrivacyPolicy& policy, std::string_view klass) {
  return {policy.of(klass), mask_of(klass), klass == "email" || klass == "username"};
}

/// Of classes that cannot be told apart; `without` is not looked at.
Treatment treatment_of(const PrivacyPolicy& policy, const std::vector<std::string>& classes, std::string_view without = {}) {
  std::optional<Treatment> found;
  for (const std::string& klass : classes)
    if (klass != without) found = found ? stricter(*found, treatment_of(policy, klass)) : treatment_of(policy, klass);
  return found.value_or(Treatment{});
}

Treatment strictest(const PrivacyPolicy& policy) { return {policy.strictest(), Mask::all, false}; }

bool holds(const std::vector<std::string>& classes, std::string_view klass) { return std::ranges::find(classes, klass) != classes.end(); }

/// Of an object or array that no schema describes, and of all that is in it.
std::vector<std::string> classes_of_whole(const Places& places, const Place& place) {
  std::vector<std::string> all = place.classes;
  for (const auto& [index, is_described] : {std::pair(place.rest, place.has_members), std::pair(place.items, place.has_items)})
    if (index != catalogue::kNoPlace && !is_described) all.insert(all.end(), places[index].classes.begin(), places[index].classes.end());
  return all;
}

class Builder {
 public:
  Builder(const Places& places, const PrivacyPolicy& policy) : places_(places), policy_(policy) { plan_.nodes.emplace_back(); }

  Plan run(std::shared_ptr<const KnownNames> names) {
    plan_.names = std::move(names);
    if (!policy_.is_clear()) plan_.root = place(0);
    if (plan_.root == kKeep) return std::move(plan_);
    plan_.variant = mark_of(policy_);
    return std::move(plan_);
  }

 private:
  PlanIndex add(PlanNode node) {
    const auto [known, is_new] = known_.try_emplace(node, static_cast<PlanIndex>(plan_.nodes.size()));
    if (is_new) plan_.nodes.push_back(std::move(node));
    return known->second;
  }

  PlanIndex place(PlaceIndex index) {  // NOLINT(misc-no-recursion): fields inside fields are bounded in the catalogue
    const Place& source = places_[index];
    const auto whole = classes_of_whole(places_, source);
    const bool is_free = source.is_open && holds(whole, kFreeText);  // its members are told apart by their names
    PlanNode node;
    bool changes = add_values(source, whole, is_free, node);
    changes = (source.has_members ? add_members(source, node) : is_free && add_free(whole, node)) || changes;
    changes = add_items(source, node) || changes;
    if (!changes) return kKeep;
    std::ranges::sort(node.members, {}, &PlanMember::prefix);
    return add(std::move(node));
  }

  bool add_values(const Place& source, const std::vector<std::string>& whole, bool is_free, PlanNode& node) {
    const Treatment all = strictest(policy_);
    // Text of no class cannot stand anywhere; if it does, nothing is known of it.
    node.types = source.types;
    node.value = !source.takes_values || (source.classes.empty() && source.takes_text) ? all : treatment_of(policy_, source.classes);
    node.whole = source.is_open && !is_free ? treatment_of(policy_, whole) : all;
    return (source.takes_values && node.value.action != Action::clear) || (source.is_open && node.whole.action != Action::clear);
  }

  bool add_members(const Place& source, PlanNode& node) {  // NOLINT(misc-no-recursion): as `place`
    node.has_members = true;
    bool changes = false;
    for (const Place::Member& each : source.members) {
      PlanMember member{.prefix = base::member_prefix(each.name), .token = {}};
      base::append_pointer_token(each.name, member.token);
      member.node = place(each.place);
      changes = changes || member.node != kKeep;
      node.members.push_back(std::move(member));
    }
    if (source.rest == catalogue::kNoPlace) {
      node.rest = add({.value = strictest(policy_), .whole = strictest(policy_)});
      return changes;
    }
    const Place& rest = places_[source.rest];
    if (holds(rest.classes, kFreeText) && !rest.has_members && !rest.has_items) return add_free(rest.classes, node);
    node.rest = place(source.rest);
    return changes || node.rest != kKeep;
  }

  /// Members that nobody foresaw, by their names.
  bool add_free(const std::vector<std::string>& classes, PlanNode& node) {
    node.has_members = true;
    const Treatment other = treatment_of(policy_, classes, kFreeText);
    if (other.action != Action::clear) node.rest = add({.value = other, .whole = other});
    node.rest_by_name = true;
    return true;
  }

  bool add_items(const Place& source, PlanNode& node) {  // NOLINT(misc-no-recursion): as `place`
    node.has_items = source.has_items;
    if (source.has_items) node.items = place(source.items);
    return node.items != kKeep;
  }

  const Places& places_;
  const PrivacyPolicy& policy_;
  Plan plan_;
  std::map<PlanNode, PlanIndex> known_;
};

}  // namespace

Treatment stricter(const Treatment& a, const Treatment& b) noexcept {
  if (a.action != b.action) return a.action > b.action ? a : b;
  return {a.action, a.mask == b.mask ? a.mask : Mask::all, a.any_case && b.any_case};
}

KnownNames KnownNames::gather(const catalogue::Catalogue& catalogue, const PrivacyPolicy& policy) {
  std::map<std::string, Treatment> found;
  for (const auto* type : catalogue.all())
    for (const Place& place : type->places)
      for (const Place::Member& member : place.members) {
        const Place& named = type->places[member.place];
        if (!named.takes_values || named.classes.empty()) continue;
        const Treatment treatment = treatment_of(policy, named.classes);
        const auto [known, is_new] = found.try_emplace(base::member_prefix(member.name), treatment);
        if (!is_new) known->second = stricter(known->second, treatment);
      }
  KnownNames out;
  out.names_.assign(found.begin(), found.end());
  out.others_ = strictest(policy);
  return out;
}

const Treatment& KnownNames::of(std::string_view prefix) const noexcept {
  const auto found = std::ranges::lower_bound(names_, prefix, {}, [](const auto& one) { return std::string_view(one.first); });
  return found != names_.end() && found->first == prefix ? found->second : others_;
}

const PlanMember* find_member(const PlanNode& node, std::string_view prefix) noexcept {
  const auto found = std::ranges::lower_bound(node.members, prefix, {}, [](const PlanMember& each) { return std::string_view(each.prefix); });
  return found != node.members.end() && found->prefix == prefix ? &*found : nullptr;
}

std::string mark_of(const PrivacyPolicy& policy) {
  const auto digest = crypto::sha256(policy.actions());
  std::string mark = "p";
  base::append_hex({reinterpret_cast<const char*>(digest.data()), kMarkBytes}, mark);
  return mark;
}

Plan make_plan(const Places& places, const PrivacyPolicy& policy, std::shared_ptr<const KnownNames> names) {
  return Builder(places, policy).run(std::move(names));
}

}  // namespace user_events::policy
