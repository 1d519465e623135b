// The compiled form of a schema: what the compiler (compile.cc) builds, the walker (walk.cc) runs, and the
// generator and the rooms `schemas` and `policy`, which derive other schemas, read. Nobody else looks at it.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.h"
#include "catalogue/formats.h"

namespace re2 {
class RE2;
}

namespace user_events::catalogue {

inline constexpr std::size_t kMaxSchemaBytes = 1u << 20;
inline constexpr std::size_t kMaxSchemaDepth = 64;  ///< Nesting of the schema's text.
inline constexpr std::size_t kMaxInPlaceDepth =
    16;  ///< `$ref` and `anyOf` applied to one value, one inside the other.
inline constexpr std::size_t kMaxValueDepth = 512;  ///< Nesting of a checked value, counting in-place steps.
inline constexpr std::size_t kMaxFindings = 32;
inline constexpr std::uint64_t kMaxAlternativeSteps =
    100'000;  ///< Work inside `anyOf` and `$ref` beside the main walk, per document.
inline constexpr std::size_t kMaxEchoedNameBytes =
    128;  ///< Of a stranger's member name in a finding's pointer.

using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kNoNode = std::numeric_limits<NodeIndex>::max();
inline constexpr std::uint32_t kUnlimited = std::numeric_limits<std::uint32_t>::max();

/// Bounds as long double: exact for every int64, uint64 and double.
struct NumberRule {
  static constexpr long double kInfinity = std::numeric_limits<long double>::infinity();
  long double minimum = -kInfinity, exclusive_minimum = -kInfinity;
  long double maximum = kInfinity, exclusive_maximum = kInfinity;
  std::uint64_t multiple_of = 0;  ///< 0: none.
};

/// `enum` and `const`: the allowed values, sorted for look-up.
struct EnumRule {
  std::vector<std::string> strings;  ///< Raw text of allowed strings.
  std::vector<std::string> others;   ///< Canonical text of allowed values of other types.
};

/// How normalising fills a member that was left out.
enum class Fill : std::uint8_t { none, acceptance_time, keys_of };

struct Property {
  std::string name;
  std::string prefix;        ///< `"name":`, escaped.
  NodeIndex node = kNoNode;  ///< kNoNode: named in `required` only.
  bool required = false;
  Fill fill = Fill::none;
  std::uint32_t fill_source = 0;  ///< Property whose keys are taken.
};

/// One schema, compiled.
struct Node {
  TypeMask types = kAnyType;
  bool never = false;  ///< The schema `false`.
  bool unique_items = false;
  bool closed = false;  ///< additionalProperties: false.
  bool has_fills = false;
  bool alias = false;  ///< Nothing but a `$ref` (and words about it): edges lead to its target instead.
  bool annotated_alias = false;  ///< Nothing but a `$ref`, words and `x-…`: takes over its target's rules.
  FormatMask formats = 0;
  std::uint32_t min_length = 0, max_length = kUnlimited;
  std::uint32_t min_items = 0, max_items = kUnlimited;
  std::uint32_t min_properties = 0, max_properties = kUnlimited;
  NodeIndex items = kNoNode;       ///< kNoNode: anything.
  NodeIndex additional = kNoNode;  ///< kNoNode: anything, unless closed.
  NodeIndex reference = kNoNode;   ///< `$ref`.
  std::vector<NodeIndex> any_of;
  std::vector<Property> properties;         ///< In the file's order.
  std::vector<std::uint32_t> by_name;       ///< Indexes into properties, sorted by name.
  std::vector<std::uint64_t> one_required;  ///< anyOf of `required`: sets of properties of which one must be
                                            ///< complete (at most 64 properties).
  std::shared_ptr<NumberRule> number;
  std::shared_ptr<EnumRule> enumeration;
  std::shared_ptr<const re2::RE2> pattern;

  std::string pointer;   ///< Where it stands in the file.
  std::string taken_from;  ///< Where the rules stand that it took over (`annotated_alias`); empty: its own.
  std::string personal;  ///< `x-personal`, empty if not given.
  std::string key;       ///< `x-key`, empty if not given.
  std::uint32_t field_number = 0;
};

/// A whole schema: what refers to each other by index.
struct Program {
  std::vector<Node> nodes;  ///< The root is the first.
};

/// Types of the values that can be valid for a node, as far as it shows without looking at them: its own, those of what it refers to, and of some
/// branch of `anyOf`. kNoNode: any.
[[nodiscard]] TypeMask possible_types(const Program& program, NodeIndex index);

struct Schema::Impl {
  Program program;
};

/// The one door into a Schema for the rest of the room.
struct SchemaAccess {
  static const Program& program(const Schema& schema) noexcept { return schema.impl_->program; }
};

}  // namespace user_events::catalogue
