// What the tests of derived schemas share.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "catalogue/event_type.h"
#include "schemas/model.h"

namespace user_events::schemas::test {

/// The built-in catalogue, read once.
inline const catalogue::Catalogue& builtin() {
  static const auto catalogue = catalogue::Catalogue::builtin().value();
  return catalogue;
}

inline Model model_of(std::string_view type) {
  const catalogue::EventType* found = builtin().find(type);
  EXPECT_NE(found, nullptr) << type;
  auto model = make_model(*found);
  EXPECT_TRUE(model) << describe(model.error());
  return *std::move(model);
}

/// A type `user.tested` with a user id and these further properties, as `"name": {…}, …`. `rest`: further
/// members of the root schema.
inline std::unique_ptr<const catalogue::EventType> type_with(const std::string& properties,
                                                             const std::string& rest = "",
                                                             std::uint32_t version = 1) {
  const std::string text =
      R"({"$id": "urn:user-events:schema:user.tested:)" + std::to_string(version) +
      R"(", "title": "Tested", "type": "object", "additionalProperties": false, "properties": {)"
      R"("userId": {"type": "string", "minLength": 1, "x-personal": "user-id", "x-key": "user", "x-field-number": 1},)" +
      properties + R"(}, "required": ["userId"])" + (rest.empty() ? "" : ", " + rest) + "}";
  auto type = catalogue::make_event_type("test.json", "user.tested", version, text);
  EXPECT_TRUE(type) << describe(type.error());
  return std::move(type).value();
}

inline Model model_with(const std::string& properties, const std::string& rest = "") {
  auto model = make_model(*type_with(properties, rest));
  EXPECT_TRUE(model) << describe(model.error());
  return *std::move(model);
}

}  // namespace user_events::schemas::test
