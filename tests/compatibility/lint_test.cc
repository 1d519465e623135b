#include <fmt/format.h>

#include "compatibility/lint.h"

#include "catalogue/catalogue.h"
#include "catalogue/event_type.h"
#include "compatibility/scaffold.h"
#include "compatibility/support.h"

namespace user_events::compatibility {
namespace {

std::string linted(std::string_view type, std::string_view text, std::uint32_t version = 1) {
  const auto findings = lint({{std::string(type), version, "f", text}}, {});
  EXPECT_TRUE(findings);
  return findings ? listed(*findings) : "";
}

TEST(Lint, EveryBuiltInTypePasses) {
  const auto builtin = catalogue::Catalogue::builtin();
  std::vector<CatalogueFile> files;
  for (const auto* type : builtin->all())
    files.push_back({type->name, type->version, type->name, type->schema_text});
  EXPECT_EQ(files.size(), 19U);
  EXPECT_EQ(listed(*lint(files, {})), "");
}

TEST(Lint, ATypesNameSaysWhatHappened) {
  for (const char* good : {"user.created", "user.loggedin", "user.signedup", "user.message.sent",
                           "user.order.paid", "user.registration", "user.payment", "user.login",
                           "user.profile-updated", "user.password.reset", "user.order_shipped"})
    EXPECT_TRUE(says_what_happened(good)) << good;
  for (const char* bad : {"user.create", "user.update", "user.email", "user.feed", "user.need", "user.in",
                          "user.ed", "user.deleting", "user.created.event", "user.status"})
    EXPECT_FALSE(says_what_happened(bad)) << bad;
}

TEST(Lint, EachRuleHasItsPlace) {
  EXPECT_EQ(
      linted(
          "user.rated",
          R"({"title":"x.","properties":{"Bad_name":{"description":"d","x-field-number":1},"n":{"description":"d"},"o":{"x-field-number":3},
      "when":{"description":"d","x-field-number":4,"format":"date-time"},"list":{"description":"d","x-field-number":5,"items":{"properties":{"x":{}}}}}})"),
      "lint-title /title\nlint-description /description\nlint-field-name "
      "/properties/Bad_name\nlint-field-number-missing /properties/n\nlint-description /properties/o\n"
      "lint-time-name /properties/when\nlint-field-number-missing "
      "/properties/list/items/properties/x\nlint-description /properties/list/items/properties/x");
  EXPECT_EQ(linted("user.rate", R"({"title":"x","description":"y"})"), "lint-type-name ");
  EXPECT_EQ(linted("user.rated", R"({"title":"x","description":"y"})", 2), "lint-version-gap ");
}

TEST(Lint, NumbersAreNotUsedAgainInALaterVersion) {
  const std::string first =
      R"({"title":"x","description":"y","properties":{"a":{"description":"d","x-field-number":1},"b":{"description":"d","x-field-number":2}}})";
  const std::string second =
      R"({"title":"x","description":"y","properties":{"a":{"description":"d","x-field-number":1}}})";
  const std::string third =
      R"({"title":"x","description":"y","properties":{"a":{"description":"d","x-field-number":1},"c":{"description":"d","x-field-number":2}}})";
  EXPECT_EQ(
      listed(*lint(
          {{"user.rated", 1, "1", first}, {"user.rated", 2, "2", second}, {"user.rated", 3, "3", third}},
          {})),
      "lint-field-number-reused /properties/c/x-field-number");
  EXPECT_EQ(listed(*lint({{"user.rated", 2, "2", third}}, {{"user.rated", 1, "1", first}})),
            "lint-field-number-reused /properties/c/x-field-number")
      << "versions that are built in count, too";
}

TEST(Lint, AFieldThatIsRenamedKeepsItsNumberOverSeveralVersions) {
  const auto text = [](std::string_view name, int version, std::string_view cast) {
    return fmt::format(
        R"({{"$id":"urn:user-events:schema:user.rated:{}","title":"x","description":"y","properties":{{"{}":{{"description":"d","x-field-number":1}}}}{}}})", version, name, cast);
  };
  const std::string one = text("a", 1, ""), two = text("b", 2, R"(,"x-cast":{"rename":{"/a":"b"}})"),
                    three = text("c", 3, R"(,"x-cast":{"rename":{"/b":"c"}})"), undeclared = text("c", 3, "");
  EXPECT_EQ(listed(*lint({{"user.rated", 1, "1", one}, {"user.rated", 2, "2", two}, {"user.rated", 3, "3", three}}, {})), "");
  EXPECT_EQ(listed(*lint({{"user.rated", 1, "1", one}, {"user.rated", 2, "2", two}, {"user.rated", 3, "3", undeclared}}, {})),
            "lint-field-number-reused /properties/c/x-field-number\nlint-field-number-reused /properties/c/x-field-number");
  EXPECT_FALSE(has_errors(*check(Format::json, {true, false, false}, std::vector<Document>{{"1", one}, {"2", two}})));
}

TEST(Scaffold, TheNextVersionDoesNotTellOfTheStepBefore) {
  const auto next = [](std::string_view before, std::string_view after) {
    const std::string text = fmt::format(R"({{{}"$id": "urn:user-events:schema:user.rated:1"{}}})", before, after);
    return *next_version(text, "user.rated", 1, 2);
  };
  EXPECT_EQ(next("", R"(, "x-cast": {"rename": {"/a}": "b\"]"}, "drop": ["/c"]}, "x": "x-cast")"),
            R"({"$id": "urn:user-events:schema:user.rated:2", "x": "x-cast"})");
  EXPECT_EQ(next(R"( "x-cast": "none", )", ""), R"({ "$id": "urn:user-events:schema:user.rated:2"})");
  EXPECT_EQ(next("", ",\n  \"x-cast\": \"none\"\n"), "{\"$id\": \"urn:user-events:schema:user.rated:2\"\n}");
  EXPECT_EQ(next(R"("properties": {"x-cast": {}}, )", ""), R"({"properties": {"x-cast": {}}, "$id": "urn:user-events:schema:user.rated:2"})");
}

TEST(Scaffold, ANewTypeLoadsAndPassesLint) {
  const std::string longest = "user." + std::string(110, 'a') + ".created";
  for (const std::string& type : std::vector<std::string>{"user.rated", "shop.order-line.shipped", longest}) {
    const std::string text = first_version(type, 1);
    const auto made = catalogue::make_event_type("f", type, 1, text);
    EXPECT_TRUE(made) << describe(made.error());
    EXPECT_EQ(linted(type, text), "");
  }
}

TEST(Scaffold, TheNextVersionOfEveryBuiltInTypeLoadsPassesLintAndIsCompatible) {
  const auto builtin = catalogue::Catalogue::builtin();
  for (const auto* type : builtin->all()) {
    const auto text = next_version(type->schema_text, type->name, 1, 2);
    ASSERT_TRUE(text) << describe(text.error());
    EXPECT_TRUE(catalogue::make_event_type("f", type->name, 2, *text));
    EXPECT_EQ(listed(*lint({{type->name, 1, "1", type->schema_text}, {type->name, 2, "2", *text}}, {})), "");
    EXPECT_EQ(listed(findings_of(Format::json, type->schema_text, *text, {true, true, false})), "");
  }
}

}  // namespace
}  // namespace user_events::compatibility
