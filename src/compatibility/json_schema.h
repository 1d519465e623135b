// What a JSON Schema says of one value, gathered from all schemas that apply to it. Private to the room.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/pattern.h"
#include "catalogue/program.h"
#include "compatibility/json_text.h"

namespace user_events::compatibility {

/// One schema that applies to a value; all of a group must hold.
struct Conjunct {
  simdjson::dom::element value;  ///< `false` or an object.
  std::string pointer;
  bool is_split = false;  ///< One branch of its anyOf or oneOf has been chosen and stands in the group, too.
};

struct Group {
  std::vector<Conjunct> all;
  catalogue::TypeMask mask = catalogue::kAnyType;  ///< Only values of these types.
};

struct Bound {
  long double value;
  bool is_exclusive = false;
};

/// The bounds that hold for all values of a group.
struct Facts {
  catalogue::TypeMask types = catalogue::kAnyType;
  bool is_never = false;
  std::uint64_t min_length = 0, max_length = kNoLimit;
  std::uint64_t min_items = 0, max_items = kNoLimit;
  std::uint64_t min_properties = 0, max_properties = kNoLimit;
  Bound lower{-std::numeric_limits<long double>::infinity()},
      upper{std::numeric_limits<long double>::infinity()};
  std::set<std::string_view> required;
  std::optional<std::vector<simdjson::dom::element>> values;  ///< `enum` and `const`.
  std::uint64_t compared = 0;                                 ///< Values that were looked at to find them.

  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();
};

/// Reads schemas of one document. Malformed keywords and references are errors that name the place.
class JsonSchema {
 public:
  explicit JsonSchema(const JsonText& text);
  JsonSchema(const JsonSchema&) = delete;  // it points into itself
  JsonSchema& operator=(const JsonSchema&) = delete;

  /// The whole schema.
  [[nodiscard]] Result<Group> root() const;
  /// Adds what `value` (at `pointer`) asks: `$ref` and `allOf` are followed.
  [[nodiscard]] Result<void> expand(const simdjson::dom::element& value, const std::string& pointer,
                                    Group& group) const;
  [[nodiscard]] Result<Facts> facts(const Group& group) const;
  /// A compiled regular expression that stands at `pointer`; each is compiled once.
  [[nodiscard]] Result<const re2::RE2*> pattern(std::string_view text, const std::string& pointer) const;
  [[nodiscard]] const std::string& name() const noexcept { return text_.name(); }
  [[nodiscard]] simdjson::dom::element document() const noexcept { return text_.root(); }

 private:
  Result<void> add_facts(const Conjunct& conjunct, Facts& facts) const;
  Result<catalogue::TypeMask> types(const simdjson::dom::element& value, const std::string& pointer) const;

  const JsonText& text_;
  simdjson::dom::parser parser_;
  simdjson::dom::element nothing_;  ///< `{}`
  mutable catalogue::Patterns patterns_;
  bool ref_stands_alone_ = false;  ///< Up to draft 7 nothing beside a `$ref` counts.
  std::string_view id_keyword_ = "$id";
};

/// A keyword of an object schema; nullopt if it is not there.
[[nodiscard]] std::optional<simdjson::dom::element> keyword(const simdjson::dom::element& schema,
                                                            std::string_view name);
/// The type bit of a value.
[[nodiscard]] catalogue::TypeMask type_of(const simdjson::dom::element& value);
/// Code points.
[[nodiscard]] std::uint64_t length_of(std::string_view text) noexcept;

}  // namespace user_events::compatibility
