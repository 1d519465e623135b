// The event types that are compiled in.
#include <gtest/gtest.h>
#include <simdjson.h>

#include "catalogue/catalogue.h"
#include "catalogue/typed_data.h"
#include "user_events/event_list.inc"

namespace user_events::catalogue {
namespace {

using namespace simdjson;  // the _padded literal

TEST(BuiltinCatalogue, HasEveryTypeOfTheContract) {
  const auto catalogue = Catalogue::builtin();
  ASSERT_TRUE(catalogue) << describe(catalogue.error());
  EXPECT_EQ(catalogue->all().size(), 18u);
#define UE_EXPECT_TYPE(Event, method) EXPECT_NE(catalogue->find(Event::kType, Event::kVersion), nullptr);
  UE_FOR_EACH_EVENT(UE_EXPECT_TYPE)
#undef UE_EXPECT_TYPE
}

TEST(TypedData, WritesWhatTheJsonPathWrites) {
  const auto catalogue = Catalogue::builtin();
  ASSERT_TRUE(catalogue);
  std::string typed, json, typed_submitted, json_submitted;
  std::vector<FieldError> findings;
  const UserCreated event{.user_id = "u-1", .email = "ada@example.com", .status = "active"};
  ASSERT_TRUE(write_data(event, {.now_ms = 1'795'000'000'123}, typed, findings, &typed_submitted));
  simdjson::dom::parser parser;
  const simdjson::dom::element element = parser.parse(R"({ "userId": "u-1", "email": "ada@example.com", "status": "active" })"_padded).value();
  ASSERT_TRUE(catalogue->find("user.created")->schema.normalise(element, {.now_ms = 1'795'000'000'123}, "/data", json, findings, &json_submitted));
  EXPECT_EQ(typed, json);
  EXPECT_EQ(typed_submitted, json_submitted);
  EXPECT_EQ(typed_submitted, R"({"userId":"u-1","email":"ada@example.com","status":"active"})");
  EXPECT_EQ(typed, R"({"userId":"u-1","email":"ada@example.com","status":"active","registrationTimestamp":"2026-11-18T11:06:40.123Z"})");
  EXPECT_EQ(typed_key(event).value, "u-1");
  EXPECT_TRUE(typed_key(event).is_user);
}

}  // namespace
}  // namespace user_events::catalogue
