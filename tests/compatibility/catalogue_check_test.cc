#include "compatibility/catalogue_check.h"

#include "compatibility/support.h"

namespace user_events::compatibility {
namespace {

constexpr std::string_view kOne =
    R"({"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false})";
constexpr std::string_view kSame =
    R"({ "additionalProperties":false, "type":"object","properties":{"a":{"type":"string"}}})";
constexpr std::string_view kWider =
    R"({"type":"object","properties":{"a":{"type":"string"},"b":{}},"additionalProperties":false})";
constexpr std::string_view kNarrower =
    R"({"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":false})";

std::string found(Mode mode, const std::vector<CatalogueFile>& older,
                  const std::vector<CatalogueFile>& newer) {
  const auto findings = check_catalogue(
      mode, older, newer, [](Mode each, std::span<const Document> versions) { return check(Format::json, each, versions); });
  EXPECT_TRUE(findings) << describe(findings.error());
  return findings ? listed(*findings) : "";
}

TEST(CatalogueCheck, WhatIsPublishedStays) {
  const std::vector<CatalogueFile> older = {
      {"a.made", 1, "o/a/1", kOne}, {"a.made", 2, "o/a/2", kWider}, {"b.made", 1, "o/b/1", kOne}};
  EXPECT_EQ(found({}, older, older), "");
  EXPECT_EQ(
      found({}, older,
            {{"a.made", 1, "n/a/1", kSame}, {"a.made", 2, "n/a/2", kWider}, {"b.made", 1, "n/b/1", kOne}}),
      "");
  EXPECT_EQ(found({}, older, {{"a.made", 1, "n/a/1", kOne}, {"b.made", 1, "n/b/1", kWider}}),
            "schema-removed \npublished-changed ");
  EXPECT_EQ(found({}, older, {{"a.made", 1, "n/a/1", kOne}, {"a.made", 2, "n/a/2", kWider}}),
            "schema-removed ");
}

TEST(CatalogueCheck, NewVersionsAreComparedWithThoseBefore) {
  const std::vector<CatalogueFile> older = {{"a.made", 1, "o/a/1", kNarrower}};
  const std::vector<CatalogueFile> newer = {{"a.made", 1, "n/a/1", kNarrower},
                                            {"a.made", 2, "n/a/2", kOne},
                                            {"a.made", 3, "n/a/3", kWider},
                                            {"c.made", 1, "n/c/1", kOne}};
  EXPECT_EQ(found({true, false, false}, older, newer), "type-narrowed /properties/a/type");
  EXPECT_EQ(found({true, false, true}, older, newer),
            "type-narrowed /properties/a/type\ntype-narrowed /properties/a/type");
  EXPECT_EQ(found({true, false, false}, newer, newer), "") << "published versions are not judged again";
}

}  // namespace
}  // namespace user_events::compatibility
