// What a schema file says of a place in words and literal values, which the compiled form leaves out. Private
// to the room.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

namespace user_events::schemas {

/// A schema of the file, and behind it those that its `$ref`s lead to: a keyword is the first one's that has
/// it.
class Words {
 public:
  /// `root` outlives it. `pointers`: where the schemas stand, the nearest first.
  Words(const simdjson::dom::element& root, std::initializer_list<std::string_view> pointers);

  [[nodiscard]] std::string text(std::string_view keyword) const;
  /// The keyword's value as compact JSON; empty if nobody has it.
  [[nodiscard]] std::string json(std::string_view keyword) const;
  /// The items of an array as compact JSON.
  [[nodiscard]] std::vector<std::string> json_items(std::string_view keyword) const;
  /// The texts among the values that `enum` or `const` allows, in the file's order.
  [[nodiscard]] std::vector<std::string> allowed_texts() const;
  [[nodiscard]] bool flag(std::string_view keyword) const;

 private:
  [[nodiscard]] bool find(std::string_view keyword, simdjson::dom::element& value) const;

  std::vector<simdjson::dom::element> schemas_;
};

}  // namespace user_events::schemas
