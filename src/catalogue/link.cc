#include "catalogue/link.h"

#include <algorithm>
#include <limits>

#include "base/try.h"

namespace user_events::catalogue {
namespace {

/// Finds how deep references and alternatives are nested for one value.
class DepthCheck {
 public:
  DepthCheck(const Program& program, const SchemaErrors& errors)
      : program_(program), errors_(errors), depth_(program.nodes.size(), 0) {}

  Result<std::size_t> run(NodeIndex index, std::size_t above) {
    const Node& node = program_.nodes[index];
    if (depth_[index] == kUnderWay)
      return errors_.unsupported(node.pointer, "the schema refers to itself without going down in the value");
    if (above + depth_[index] > kMaxInPlaceDepth + 1)
      return errors_.unsupported(node.pointer, "`$ref` and `anyOf` are nested more than " +
                                                   std::to_string(kMaxInPlaceDepth) + " deep");
    if (depth_[index] != 0) return depth_[index];
    depth_[index] = kUnderWay;
    std::size_t deepest = 0;
    for (const NodeIndex branch : node.any_of) {
      UE_TRY_ASSIGN(const std::size_t depth, run(branch, above + 1));
      deepest = std::max(deepest, depth);
    }
    if (node.reference != kNoNode) {
      UE_TRY_ASSIGN(const std::size_t depth, run(node.reference, above + 1));
      deepest = std::max(deepest, depth);
    }
    depth_[index] = deepest + 1;
    return depth_[index];
  }

 private:
  static constexpr std::size_t kUnderWay = std::numeric_limits<std::size_t>::max();

  const Program& program_;
  const SchemaErrors& errors_;
  std::vector<std::size_t> depth_;  // 0: not known yet
};

/// Lets nodes that only annotate what they refer to be checked, and written, like it: each becomes its
/// target, with its own annotations before the target's. References were found to end, so following them
/// does.
class AnnotatedAliases {
 public:
  explicit AnnotatedAliases(Program& program) : program_(program) {}

  void resolve(NodeIndex index) {
    Node& node = program_.nodes[index];
    if (!node.annotated_alias) return;
    node.annotated_alias = false;
    NodeIndex target = node.reference;
    while (program_.nodes[target].alias) target = program_.nodes[target].reference;
    resolve(target);
    Node made = program_.nodes[target];
    if (made.taken_from.empty()) made.taken_from = std::move(made.pointer);
    made.pointer = node.pointer;
    if (!node.personal.empty()) made.personal = node.personal;
    if (!node.key.empty()) made.key = node.key;
    if (node.field_number != 0) made.field_number = node.field_number;
    node = std::move(made);
  }

 private:
  Program& program_;
};

void skip_aliases(const Program& program, Node& node) {
  const auto skip = [&](NodeIndex& index) {
    while (index != kNoNode && program.nodes[index].alias) index = program.nodes[index].reference;
  };
  skip(node.items);
  skip(node.additional);
  skip(node.reference);
  for (NodeIndex& branch : node.any_of) skip(branch);
  for (Property& property : node.properties) skip(property.node);
}

}  // namespace

Result<void> link_references(Program& program, const std::vector<PendingReference>& references,
                             const std::unordered_map<std::string, NodeIndex>& at_pointer,
                             const SchemaErrors& errors) {
  for (const PendingReference& reference : references) {
    const auto found = at_pointer.find(reference.target);
    if (found == at_pointer.end())
      return errors.invalid(reference.pointer, "the reference points to no schema of this file");
    program.nodes[reference.node].reference = found->second;
  }
  DepthCheck check(program, errors);
  for (NodeIndex i = 0; i < program.nodes.size(); ++i) UE_TRY(check.run(i, 0));
  AnnotatedAliases aliases(program);
  for (NodeIndex i = 0; i < program.nodes.size(); ++i) aliases.resolve(i);
  for (Node& node : program.nodes) skip_aliases(program, node);
  return {};
}

}  // namespace user_events::catalogue
