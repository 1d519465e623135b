#include "casts/plan.h"

#include <algorithm>
#include <set>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/try.h"

namespace user_events::casts {
namespace {

using namespace catalogue;  // nodes and type bits

std::string below(const std::string& pointer, std::string_view name) {
  std::string made = pointer;
  base::append_pointer_token(name, made);
  return made;
}

const Property* find_property(const Node& node, std::string_view name) {
  const auto by = [&](std::uint32_t i) { return std::string_view(node.properties[i].name); };
  const auto found = std::ranges::lower_bound(node.by_name, name, {}, by);
  return found != node.by_name.end() && by(*found) == name ? &node.properties[*found] : nullptr;
}

bool is_described(const Property* property) { return property != nullptr && property->node != kNoNode; }

class Planner {
 public:
  Planner(const Neighbours& neighbours, Direction direction)
      : it_(neighbours),
        is_up_(direction == Direction::up),
        source_(is_up_ ? neighbours.older : neighbours.newer),
        target_(is_up_ ? neighbours.newer : neighbours.older) {
    for (const auto& [pointer, name] : neighbours.declared.rename)
      old_names_.emplace(below(object_of(pointer), name), pointer);
  }

  Result<Plan> run() {
    UE_TRY_ASSIGN(plan_.root, visit(0, 0, {"", "", true, 0}));
    // Each direction sees every entry that can be right, so that one that was not used is wrong.
    UE_TRY(check_used("rename", it_.declared.rename, it_.older_version));
    if (is_up_) {
      UE_TRY(check_used("drop", it_.declared.drop, it_.older_version));
      UE_TRY(check_used("default", it_.declared.defaults, it_.newer_version));
    } else {
      UE_TRY(check_used("restore", it_.declared.restore, it_.older_version));
    }
    return std::move(plan_);
  }

 private:
  /// Where a value stands in both versions.
  struct Place {
    std::string older, newer;
    bool is_always = true;  ///< No valid event is without it.
    std::size_t depth = 0;
  };

  Result<PlanIndex> visit(NodeIndex from, NodeIndex to, const Place& place) {
    if (++visits_ > kMaxVisits) return refuse(it_.file, "", "the schema has too many fields to cast");
    if (place.depth == kMaxCastDepth) return kNoPlan;
    const Node& source = skip_alias(source_, from);
    const Node& target = skip_alias(target_, to);
    if ((source.types & target.types & kObject) != 0 && !(source.properties.empty() && target.properties.empty()))
      return visit_object(source, target, place);
    if ((source.types & target.types & kArray) == 0 || source.items == kNoNode || target.items == kNoNode)
      return kNoPlan;
    const Place item{below(place.older, "*"), below(place.newer, "*"), false, place.depth + 1};
    UE_TRY_ASSIGN(const PlanIndex items, visit(source.items, target.items, item));
    if (items == kNoPlan) return kNoPlan;
    return add({.source = index_of(source_, source), .is_array = true, .items = items, .changes = {}, .fills = {}});
  }

  Result<PlanIndex> visit_object(const Node& source, const Node& target, const Place& place) {
    Step step{.source = index_of(source_, source), .is_array = false, .items = kNoPlan, .changes = {}, .fills = {}};
    UE_TRY(add_fills(source, target, place, step));
    std::set<std::string> made;  // names in the target
    for (std::uint32_t i = 0; i < source.properties.size(); ++i) {
      const Property& property = source.properties[i];
      UE_TRY_ASSIGN(auto change, change_of(source, property, target, place));
      change.property = i;
      if (!change.name.empty() && !made.insert(change.name).second)
        return refuse(it_.file, "/x-cast", "two fields become `" + change.name + "`");
      const auto fill = std::ranges::find(step.fills, change.name, &Fill::name);
      if (fill != step.fills.end()) change.fill = static_cast<std::uint32_t>(fill - step.fills.begin());
      if (change.name == property.name && change.inner == kNoPlan && change.fill == kNoFill) continue;
      change.from = base::member_prefix(property.name);
      if (!change.name.empty()) change.to = base::member_prefix(change.name);
      step.changes.push_back(std::move(change));
    }
    note_missing(source, target, made, step, place);
    if (step.changes.empty() && step.fills.empty()) return kNoPlan;
    std::ranges::sort(step.changes, {}, &Change::from);
    return add(std::move(step));
  }

  Result<Change> change_of(const Node& source, const Property& property, const Node& target, const Place& place) {
    Change change;
    if (property.node == kNoNode) {  // required and not described: whatever it holds stays
      change.name = property.name;
      return change;
    }
    const std::string older = older_pointer_of(place, property.name);
    const auto renamed = it_.declared.rename.find(older);
    const bool is_renamed = renamed != it_.declared.rename.end();
    if (is_renamed) used_.insert("rename " + older);
    const std::string name = !is_up_ ? base::last_pointer_token(older) : is_renamed ? renamed->second : property.name;
    const Property* const there = find_property(target, name);
    if (is_up_ && it_.declared.drop.contains(older)) {
      used_.insert("drop " + older);
      if (is_described(there)) return refuse(it_.file, entry_pointer("drop", older), "this version still has the field");
      return change;
    }
    if (!is_described(there)) {
      if (is_renamed) return refuse(it_.file, entry_pointer("rename", older), "there is no field `" + name + "` to become");
      if (!target.closed) change.name = property.name;
      else if (is_up_ && property.required) note_loss(older);
      return change;
    }
    if (is_renamed && !source.closed)
      return refuse(it_.file, entry_pointer("rename", older), "the object around it is open, and may hold the other name already");
    change.name = name;
    const Place inner{older, below(place.newer, is_up_ ? name : property.name), place.is_always && property.required,
                      place.depth + 1};
    UE_TRY_ASSIGN(change.inner, visit(property.node, there->node, inner));
    return change;
  }

  /// Going down, a field may have had another name; going up, its name is the old one.
  std::string older_pointer_of(const Place& place, const std::string& name) const {
    std::string pointer = below(place.older, name);
    if (is_up_) return pointer;
    const auto renamed = old_names_.find(pointer);
    return renamed == old_names_.end() ? pointer : renamed->second;
  }

  static std::string object_of(const std::string& pointer) { return pointer.substr(0, pointer.rfind('/')); }

  /// `default` on the way up, `restore` on the way down.
  Result<void> add_fills(const Node& source, const Node& target, const Place& place, Step& step) {
    const std::string_view member = is_up_ ? "default" : "restore";
    const std::string& object = is_up_ ? place.newer : place.older;
    for (const auto& [pointer, value] : is_up_ ? it_.declared.defaults : it_.declared.restore) {
      if (object_of(pointer) != object) continue;
      const std::string name = base::last_pointer_token(pointer);
      if (!is_described(find_property(target, name))) continue;  // an entry that was not used is an error in the end
      used_.insert(std::string(member) + " " + pointer);
      if (!source.closed)
        return refuse(it_.file, entry_pointer(member, pointer), "the object around it is open, and may hold the field already");
      if (step.fills.size() == kMaxFills)
        return refuse(it_.file, entry_pointer(member, pointer), "one object gets more than " + std::to_string(kMaxFills) + " fields");
      step.fills.push_back({name, value, base::member_prefix(name) + value});
    }
    return {};
  }

  /// A required field that nothing gives a value to.
  void note_missing(const Node& source, const Node& target, const std::set<std::string>& made, const Step& step,
                    const Place& place) {
    if (!place.is_always || !source.closed) return;
    for (const Property& property : target.properties) {
      if (!property.required || made.contains(property.name) ||
          std::ranges::find(step.fills, property.name, &Fill::name) != step.fills.end())
        continue;
      const std::string pointer = below(is_up_ ? place.newer : place.older, property.name);
      note("/x-cast", "`" + pointer + "` is required in version " + std::to_string(is_up_ ? it_.newer_version : it_.older_version) +
                    ", and nothing in version " + std::to_string(is_up_ ? it_.older_version : it_.newer_version) +
                    " becomes it: name it in `rename`, or give a value in `" + (is_up_ ? "default" : "restore") + "`");
    }
  }

  void note_loss(const std::string& older) {
    note("/x-cast", "`" + older + "` is required in version " + std::to_string(it_.older_version) + " and gone in version " +
                        std::to_string(it_.newer_version) + ": name it in `rename` or `drop`");
  }

  void note(std::string pointer, std::string what) {
    if (!plan_.obstacle.empty()) return;
    plan_.obstacle = std::move(what);
    plan_.obstacle_pointer = std::move(pointer);
  }

  Result<void> check_used(std::string_view member, const Entries& entries, std::uint32_t version) const {
    for (const auto& [pointer, value] : entries)
      if (!used_.contains(std::string(member) + " " + pointer))
        return refuse(it_.file, entry_pointer(member, pointer),
                      "version " + std::to_string(version) + " has no such field" +
                          (member == "rename" ? ", or it is not a plain member of objects in both" : ""));
    return {};
  }

  PlanIndex add(Step step) {
    plan_.steps.push_back(std::move(step));
    return static_cast<PlanIndex>(plan_.steps.size() - 1);
  }

  // Edges lead past aliases; only a root can be one.
  static const Node& skip_alias(const Program& program, NodeIndex index) {
    while (program.nodes[index].alias) index = program.nodes[index].reference;
    return program.nodes[index];
  }
  static NodeIndex index_of(const Program& program, const Node& node) {
    return static_cast<NodeIndex>(&node - program.nodes.data());
  }

  const Neighbours& it_;
  const bool is_up_;
  const Program& source_;
  const Program& target_;
  Plan plan_;
  std::set<std::string> used_;  // `rename /name`
  Entries old_names_;           // going down: a field's place in the older version, by its new name there
  std::size_t visits_ = 0;
};

/// What objects of a step gain at most: longer names, and members that are added with their comma.
std::uint64_t gain_of(const Step& step) {
  std::uint64_t gain = 0;
  for (const Change& change : step.changes) gain += std::max(change.to.size(), change.from.size()) - change.from.size();
  for (const Fill& fill : step.fills) gain += fill.text.size() + 1;
  return gain;
}

/// Objects that an event has once add to `bytes`. Those in arrays can be many, but each takes two bytes of the data at least: `{}`.
class GrowthSum {
 public:
  explicit GrowthSum(const Plan& plan) : plan_(plan) {}

  void add(PlanIndex index, bool is_in_array) {  // NOLINT(misc-no-recursion): kMaxCastDepth
    if (index == kNoPlan) return;
    const Step& step = plan_.steps[index];
    if (is_in_array)
      most_ = std::max(most_, gain_of(step));
    else
      once_ += gain_of(step);
    add(step.items, true);
    for (const Change& change : step.changes) add(change.inner, is_in_array);
  }

  [[nodiscard]] encoding::Growth growth() const { return {std::min(1 + (most_ + 1) / 2, encoding::kNoBound), std::min(once_, encoding::kNoBound)}; }

 private:
  const Plan& plan_;
  std::uint64_t once_ = 0, most_ = 0;
};

}  // namespace

encoding::Growth growth_of(const Plan& plan) {
  GrowthSum sum(plan);
  sum.add(plan.root, false);
  return sum.growth();
}

Result<Plan> make_plan(const Neighbours& neighbours, Direction direction) { return Planner(neighbours, direction).run(); }

}  // namespace user_events::casts
