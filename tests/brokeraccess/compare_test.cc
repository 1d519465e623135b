#include <gtest/gtest.h>

#include "brokeraccess/compare.h"
#include "brokeraccess/texts.h"

namespace user_events::brokeraccess {
namespace {

using destinations::AccessEntry;
using destinations::Right;
using destinations::Role;

const Right kWrite{"topic", "t", "Write", false}, kRead{"topic", "t", "Read", false};

/// `us` writes and reads back, `crm` reads.
class AccessCompare : public testing::Test {
 protected:
  AccessCompare() {
    options_.name = "d";
    plan_.kind = destinations::find_kind("bus");
    plan_.broker = "bus-1";
    plan_.destinations = {&options_};
    plan_.grants = {{"d", {Role::publisher, "us", kWrite}}, {"d", {Role::publisher, "us", kRead}}, {"d", {Role::consumer, "crm", kRead}}};
  }
  static AccessEntry entry(std::string principal, std::vector<Right> rights) {
    return {.principal = principal, .rights = std::move(rights), .is_removable = true, .text = "allow " + principal};
  }
  static std::vector<AccessEntry> as_planned() { return {entry("us", {kWrite, kRead}), entry("crm", {kRead})}; }
  [[nodiscard]] std::vector<std::string> found(const std::vector<AccessEntry>& entries, const std::vector<std::string>& ignored = {}) const {
    std::vector<std::string> out;
    for (const auto& finding : compare(plan_, entries, ignored)) out.push_back(describe(finding));
    return out;
  }
  using Texts = std::vector<std::string>;

  DestinationOptions options_;
  BrokerPlan plan_;
};

TEST_F(AccessCompare, WhatIsAsPlannedIsNoFinding) { EXPECT_EQ(found(as_planned()), Texts()); }

TEST_F(AccessCompare, EachRightThatNothingGivesIsMissing) {
  EXPECT_EQ(found({entry("us", {kWrite})}), (Texts{"missing: us may not Read on topic t (destination d)", "missing: crm may not Read on topic t (destination d)"}));
}

TEST_F(AccessCompare, ARightUnderAConditionFulfilsNoNeed) {
  auto entries = as_planned();
  entries[1].is_conditional = true;
  EXPECT_EQ(found(entries), Texts{"missing: crm may not Read on topic t (destination d)"});
}

TEST_F(AccessCompare, WhatEverybodyMayIsReportedAndFulfilsNoNeed) {
  const auto texts = found({entry("us", {kWrite, kRead}), entry("*", {kRead})});
  EXPECT_EQ(texts, (Texts{"missing: crm may not Read on topic t (destination d)", "anybody: allow * (destination d)"}));
}

TEST_F(AccessCompare, AStrangerAndAPlannedPrincipalWhoMayMoreAreExcess) {
  auto entries = as_planned();
  entries.push_back(entry("mallory", {kWrite}));
  entries[1].rights.push_back(kWrite);
  EXPECT_EQ(found(entries), (Texts{"excess: allow crm (destination d)", "excess: allow mallory (destination d)"}));
}

TEST_F(AccessCompare, WhatReachesBeyondThePlanIsExcessAlsoOfThePublisher) {
  auto entries = as_planned();
  entries[0].goes_beyond = true;
  entries[0].is_removable = false;
  EXPECT_EQ(found(entries), Texts{"excess: allow us (destination d; reaches beyond the plan's own resources: not removed by user-events)"});
}

TEST_F(AccessCompare, IgnoredPrincipalsMayDoMoreButTheirDenialsCount) {
  auto entries = as_planned();
  entries.push_back(entry("admin", {kWrite, kRead}));
  EXPECT_EQ(found(entries, {"admin"}), Texts());
  entries[2].principal = "crm";
  entries[2].is_denial = true;
  EXPECT_EQ(found(entries, {"crm"}), Texts{"denied: allow admin, which takes away Read on topic t (destination d)"}) << "crm was not planned to write";
}

TEST_F(AccessCompare, ADenialForEverybodyTakesAwayWhatIsPlanned) {
  auto entries = as_planned();
  entries.push_back(entry("*", {kRead}));
  entries[2].is_denial = true;
  EXPECT_EQ(found(entries), Texts{"denied: allow *, which takes away Read on topic t (destination d)"});
  entries[2].principal = "mallory";
  EXPECT_EQ(found(entries), Texts()) << "who has no part in the plan may be denied anything";
}

TEST_F(AccessCompare, ChangesAddWhatIsMissingAndRemoveOnlyWhatIsAskedForAndRemovable) {
  std::vector<AccessEntry> entries = {entry("us", {kWrite, kRead}), entry("mallory", {kWrite}), entry("*", {kRead}), entry("wide", {kRead}), entry("crm", {kRead})};
  entries[3].is_removable = false;
  entries[4].is_denial = true;
  const auto findings = compare(plan_, entries);
  const auto adding = changes_for(plan_, findings, false);
  ASSERT_EQ(adding.add.size(), 1u);
  EXPECT_EQ(adding.add[0].principal, "crm");
  EXPECT_TRUE(adding.remove.empty());
  EXPECT_EQ(changes_for(plan_, findings, true).remove, (std::vector<std::size_t>{1, 2}));
}

TEST_F(AccessCompare, FindingsAreJsonWithEverythingThatTheLineSays) {
  auto entries = as_planned();
  entries.push_back(entry("mallory", {kWrite}));
  const auto findings = compare(plan_, entries);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(finding_json(plan_, findings[0]),
            R"({"finding":"excess","kind":"bus","broker":"bus-1","destinations":["d"],"principal":"mallory",)"
            R"("rights":[{"resource":"topic","name":"t","prefix":false,"operation":"Write"}],"entry":"allow mallory","removable":true,)"
            R"x("detail":"excess: allow mallory (destination d)"})x");
}

}  // namespace
}  // namespace user_events::brokeraccess
