#include "catalogue/program.h"

namespace user_events::catalogue {
namespace {

/// Types of the values that an `enum` or `const` allows.
TypeMask types_of(const EnumRule& rule) {
  TypeMask mask = rule.strings.empty() ? TypeMask{0} : kString;
  for (const std::string& text : rule.others) {
    const char first = text.empty() ? 'n' : text.front();
    mask = static_cast<TypeMask>(mask | (first == '{'                                     ? kObject
                                         : first == '['                                   ? kArray
                                         : first == 'n'                                   ? kNull
                                         : first == 't' || first == 'f'                   ? kBoolean
                                         : text.find_first_of(".eE") == std::string::npos ? kInteger
                                                                                          : kInteger | kFraction));
  }
  return mask;
}

}  // namespace

TypeMask possible_types(const Program& program, NodeIndex index) {  // NOLINT(misc-no-recursion): kMaxInPlaceDepth
  if (index == kNoNode) return kAnyType;
  const Node& node = program.nodes[index];
  if (node.never) return 0;
  TypeMask mask = node.types;
  if (node.enumeration) mask = static_cast<TypeMask>(mask & types_of(*node.enumeration));
  if (node.reference != kNoNode) mask = static_cast<TypeMask>(mask & possible_types(program, node.reference));
  if (node.any_of.empty()) return mask;
  TypeMask branches = 0;
  for (const NodeIndex branch : node.any_of) branches = static_cast<TypeMask>(branches | possible_types(program, branch));
  return static_cast<TypeMask>(mask & branches);
}

}  // namespace user_events::catalogue
