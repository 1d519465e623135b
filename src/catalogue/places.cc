#include "catalogue/places.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "base/try.h"
#include "catalogue/program.h"
#include "catalogue/schema_error.h"

namespace user_events::catalogue {
namespace {

constexpr std::size_t kMaxSteps = 10 * kMaxPlaces;  // schemas of all places; references and alternatives can multiply them

/// Follows all schemas of a place at once. What always counts, says more than what may count: a branch of `anyOf` that says nothing of a field
/// does not give it a class where the schema around has.
class PlaceFinder {
 public:
  PlaceFinder(const Program& program, const SchemaErrors& errors) : program_(program), errors_(errors) {}

  Result<Places> run() {
    UE_TRY(add({{0, {}, true}}));
    return std::move(places_);
  }

 private:
  /// A schema that a parent gives to a place, and the class that it takes from around. kNoNode: anything may stand there.
  struct Root {
    NodeIndex node;
    std::string_view klass;
    bool always;  ///< It counts whenever the value stands there.
  };
  /// A schema that counts because a root does: the root, what it refers to, a branch of `anyOf`.
  struct Applied {
    const Node* node;  ///< Null: anything.
    std::string_view klass;
    bool always;  ///< Whenever the root counts.
    [[nodiscard]] bool names_class() const { return always && node != nullptr && !node->personal.empty(); }
  };
  struct Group {
    Root root;
    std::vector<Applied> applied = {};
  };

  Result<PlaceIndex> add(const std::vector<Root>& roots) {  // NOLINT(misc-no-recursion): no schema contains itself
    if (places_.size() == kMaxPlaces) return errors_.invalid("", "the schema has more than " + std::to_string(kMaxPlaces) + " fields");
    const auto index = static_cast<PlaceIndex>(places_.size());
    places_.emplace_back();
    std::vector<Group> groups;
    for (const Root& root : roots) {
      auto& applied = groups.emplace_back(Group{root}).applied;
      apply(root.node, root.klass, true, applied);
      steps_ += applied.size();
    }
    if (steps_ > kMaxSteps) return errors_.invalid("", "the schema has too many alternatives for its fields");
    const TypeMask types = types_of(roots);
    Place made{.classes = classes_of(groups), .types = types, .takes_text = (types & kString) != 0, .takes_values = (types & kValue) != 0};
    made.has_members = (types & kObject) != 0 && (only(types) == kObject || any(groups, [](const Node& node) { return describes_members(node); }));
    made.has_items = (types & kArray) != 0 && (only(types) == kArray || any(groups, [](const Node& node) { return node.items != kNoNode; }));
    made.is_open = ((types & kObject) != 0 && !made.has_members) || ((types & kArray) != 0 && !made.has_items);
    if (made.has_members) UE_TRY(add_members(groups, made));
    if (made.is_open && any(groups, [](const Node&) { return true; })) UE_TRY(add_open(groups, types, made));
    if (made.has_items) { UE_TRY_ASSIGN(made.items, add(below(groups, kArray, [](const Node& node) { return node.items; }))); }
    places_[index] = std::move(made);
    return index;
  }

  static constexpr TypeMask kValue = kBoolean | kInteger | kFraction | kString;
  static TypeMask only(TypeMask types) noexcept { return static_cast<TypeMask>(types & ~kNull); }

  void apply(NodeIndex index, std::string_view around, bool always, std::vector<Applied>& out) const {  // NOLINT(misc-no-recursion): kMaxInPlaceDepth
    if (index == kNoNode) return void(out.push_back({nullptr, around, always}));
    const Node& node = program_.nodes[index];
    if (node.never) return;
    const std::string_view klass = node.personal.empty() ? around : std::string_view(node.personal);
    out.push_back({&node, klass, always});
    if (node.reference != kNoNode) apply(node.reference, klass, always, out);
    for (const NodeIndex branch : node.any_of) apply(branch, klass, false, out);
  }

  [[nodiscard]] TypeMask types_of(const std::vector<Root>& roots) const {
    TypeMask all = kAnyType, some = 0;
    bool is_sure = false;
    for (const Root& root : roots) {
      const TypeMask types = possible_types(program_, root.node);
      if (root.always) all = static_cast<TypeMask>(all & types);
      is_sure = is_sure || root.always;
      some = static_cast<TypeMask>(some | types);
    }
    return is_sure ? all : some;
  }

  /// What is said of the value itself; the class around it, where nothing that always counts says another.
  static std::vector<std::string> classes_of(const std::vector<Group>& groups) {
    std::vector<std::string> classes;
    const auto note = [&](std::string_view klass) {
      if (!klass.empty() && std::ranges::find(classes, klass) == classes.end()) classes.emplace_back(klass);
    };
    const auto names_class = [](const Group& group) { return std::ranges::any_of(group.applied, &Applied::names_class); };
    const bool is_said = std::ranges::any_of(groups, [&](const Group& group) { return group.root.always && names_class(group); });
    for (const Group& group : groups) {
      for (const Applied& each : group.applied)
        if (each.node != nullptr) note(each.node->personal);
      if (!names_class(group) && (group.root.always || !is_said)) note(group.root.klass);
    }
    return classes;
  }

  template <class Test>
  static bool any(const std::vector<Group>& groups, Test&& test) {
    for (const Group& group : groups)
      for (const Applied& each : group.applied)
        if (each.node != nullptr && test(*each.node)) return true;
    return false;
  }

  static bool describes_members(const Node& node) {
    return (node.types & kObject) != 0 &&
           (node.closed || node.additional != kNoNode || std::ranges::any_of(node.properties, [](const Property& each) { return each.node != kNoNode; }));
  }

  /// What a schema says of a member: by its name, or of all that it does not name.
  static NodeIndex member_of(const Node& node, std::string_view name) {
    const auto name_of = [&](std::uint32_t at) { return std::string_view(node.properties[at].name); };
    const auto found = std::ranges::lower_bound(node.by_name, name, {}, name_of);
    const bool is_named = found != node.by_name.end() && name_of(*found) == name && node.properties[*found].node != kNoNode;
    return is_named ? node.properties[*found].node : node.additional;
  }

  /// The schemas of what stands below values of `type`: those that `said` finds. A schema that says nothing leaves it free, of its own class.
  template <class Said>
  static std::vector<Root> below(const std::vector<Group>& groups, TypeMask type, Said&& said) {
    std::vector<Root> roots, free, perhaps_free;
    const auto note = [](std::vector<Root>& into, const Root& root) {
      const auto same = std::ranges::find_if(into, [&](const Root& each) { return each.node == root.node && each.klass == root.klass; });
      if (same == into.end()) return into.push_back(root);
      same->always = same->always || root.always;
    };
    bool is_sure = false;
    for (const Group& group : groups) {
      std::vector<Root> silent;
      bool is_said = false;
      for (const Applied& each : group.applied) {
        if (each.node != nullptr && (each.node->types & type) == 0) continue;
        const NodeIndex found = each.node == nullptr ? kNoNode : said(*each.node);
        const bool is_closed = type == kObject && each.node != nullptr && each.node->closed;
        if (found != kNoNode) note(roots, {found, each.klass, group.root.always && each.always});
        if (found == kNoNode && !is_closed) note(silent, {kNoNode, each.klass, group.root.always});
        is_said = is_said || (found != kNoNode && each.always);
      }
      if (is_said)
        is_sure = is_sure || group.root.always;
      else
        for (const Root& each : silent) note(group.root.always ? free : perhaps_free, each);
    }
    for (const Root& each : free) note(roots, each);
    if (!is_sure)
      for (const Root& each : perhaps_free) note(roots, each);
    return roots;
  }

  /// What is in an object or array that no schema describes: nothing of it is said but the class of what is around.
  Result<void> add_open(const std::vector<Group>& groups, TypeMask types, Place& made) {  // NOLINT(misc-no-recursion): as `add`
    const auto nothing = [](const Node&) { return kNoNode; };
    if ((types & kObject) != 0 && !made.has_members) { UE_TRY_ASSIGN(made.rest, add(below(groups, kObject, nothing))); }
    if ((types & kArray) != 0 && !made.has_items) { UE_TRY_ASSIGN(made.items, add(below(groups, kArray, nothing))); }
    return {};
  }

  Result<void> add_members(const std::vector<Group>& groups, Place& made) {  // NOLINT(misc-no-recursion): as `add`
    std::set<std::string_view> known;
    bool is_closed = false;
    for (const Group& group : groups)
      for (const Applied& each : group.applied) {
        if (each.node == nullptr || (each.node->types & kObject) == 0) continue;
        is_closed = is_closed || (each.node->closed && each.always && group.root.always);
        for (const Property& property : each.node->properties)
          if (property.node != kNoNode && known.insert(property.name).second) made.members.push_back({property.name});
      }
    for (Place::Member& member : made.members) {
      UE_TRY_ASSIGN(member.place, add(below(groups, kObject, [&](const Node& node) { return member_of(node, member.name); })));
    }
    if (is_closed) return {};
    UE_TRY_ASSIGN(made.rest, add(below(groups, kObject, [](const Node& node) { return node.additional; })));
    return {};
  }

  const Program& program_;
  const SchemaErrors& errors_;
  Places places_;
  std::size_t steps_ = 0;
};

}  // namespace

Result<Places> find_places(const Program& program, const SchemaErrors& errors) { return PlaceFinder(program, errors).run(); }

}  // namespace user_events::catalogue
