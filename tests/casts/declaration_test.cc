// What `x-cast` may not say.
#include "casts/support.h"

namespace user_events::casts {
namespace {

using test::catalogue_of;
using test::schema_of;

constexpr std::string_view kOld = R"(,"name":{"type":"string","x-personal":"username"},"note":{"type":"string","x-personal":"none"})";
constexpr std::string_view kNew = R"(,"fullName":{"type":"string","x-personal":"username"},"note":{"type":"string","x-personal":"none"})";

void expect_refused(std::string_view declaration, std::string_view pointer, std::string_view what) {
  const auto catalogue = catalogue_of({schema_of(1, kOld), schema_of(2, kNew, "", fmt::format(R"(,"x-cast":{})", declaration))});
  const auto casts = Casts::build(catalogue);
  ASSERT_FALSE(casts) << declaration;
  EXPECT_EQ(casts.error().code, "cast-invalid") << declaration << ": " << casts.error().message;
  EXPECT_TRUE(casts.error().message.starts_with(fmt::format("user.rated/2.json: at \"{}\": ", pointer))) << casts.error().message;
  EXPECT_NE(casts.error().message.find(what), std::string::npos) << casts.error().message;
}

TEST(Declaration, WhatIsNoDeclarationIsRefusedWithItsPlace) {
  expect_refused("7", "/x-cast", "`none`, or an object");
  expect_refused(R"("never")", "/x-cast", "`none`, or an object");
  expect_refused(R"({"renames":{}})", "/x-cast/renames", "only `rename`");
  expect_refused(R"({"rename":[]})", "/x-cast/rename", "an object");
  expect_refused(R"({"rename":{"name":"fullName"}})", "/x-cast/rename/name", "JSON Pointer");
  expect_refused(R"({"rename":{"/name":"/fullName"}})", "/x-cast/rename/~1name", "stays in its object");
  expect_refused(R"({"rename":{"/name":7}})", "/x-cast/rename/~1name", "new name");
  expect_refused(R"({"drop":{}})", "/x-cast/drop", "array");
  expect_refused(R"({"drop":["/name","/name"]})", "/x-cast/drop/~1name", "twice");
  expect_refused(R"({"default":[]})", "/x-cast/default", "object");
  std::string many = R"({"restore":{"/a0":0)";
  for (int i = 1; i <= 1'000; ++i) many += fmt::format(R"(,"/a{}":0)", i);
  expect_refused(many + "}}", "/x-cast/restore", "more than 1000 entries");
}

TEST(Declaration, FieldsThatAreNotThereAreRefused) {
  expect_refused(R"({"rename":{"/nick":"fullName"}})", "/x-cast/rename/~1nick", "version 1 has no such field");
  expect_refused(R"({"rename":{"/name":"nick"}})", "/x-cast/rename/~1name", "there is no field `nick`");
  expect_refused(R"({"rename":{"/name":"note"}})", "/x-cast", "two fields become `note`");
  expect_refused(R"({"drop":["/nick"]})", "/x-cast/drop/~1nick", "version 1 has no such field");
  expect_refused(R"({"drop":["/note"]})", "/x-cast/drop/~1note", "still has the field");
  expect_refused(R"({"default":{"/name":"x"}})", "/x-cast/default/~1name", "version 2 has no such field");
  expect_refused(R"({"restore":{"/fullName":"x"}})", "/x-cast/restore/~1fullName", "version 1 has no such field");
  expect_refused(R"({"rename":{"/name/first":"fullName"}})", "/x-cast/rename/~1name~1first", "no such field");
}

TEST(Declaration, OnlyTheRootDeclares) {
  const auto schema = catalogue::Schema::compile("x.json", R"({"type":"object","properties":{"a":{"x-cast":"none"}}})");
  ASSERT_FALSE(schema);
  EXPECT_TRUE(schema.error().message.starts_with("x.json: at \"/properties/a/x-cast\"")) << schema.error().message;
}

}  // namespace
}  // namespace user_events::casts
