#include <gtest/gtest.h>

#include "brokeraccess/plan.h"
#include "brokeraccess/texts.h"

namespace user_events::brokeraccess {
namespace {

const std::vector<std::string> kTypes = {"user.created", "user.login.failed", "user.updated"};

DestinationOptions destination(std::string name, std::string kind = "bus") {
  DestinationOptions options;
  options.name = std::move(name);
  options.kind = std::move(kind);
  options.topic = options.name + "-topic";
  options.principal = "us";
  return options;
}

TEST(AccessPlan, HasTheGrantsOfEachDestinationForTheTypesItGets) {
  Options options;
  options.destinations = {destination("a")};
  options.destinations[0].types = {"user.*", "!user.login.failed"};
  options.destinations[0].consumers = {"crm group=crm-"};
  const Plan plan = make_plan(options, kTypes);
  ASSERT_EQ(plan.brokers.size(), 1u);
  std::vector<std::string> names;
  for (const auto& each : plan.brokers[0].grants) names.push_back(each.grant.principal + ":" + each.grant.right.name);
  EXPECT_EQ(names, (std::vector<std::string>{"us:a-topic", "crm:crm-user.created", "crm:crm-user.updated"}));
}

TEST(AccessPlan, PutsDestinationsOfOneBrokerTogetherAndOthersApart) {
  Options options;
  options.destinations = {destination("a"), destination("b"), destination("c"), destination("d", "printer")};
  options.destinations[2].settings["bus"] = "bus-2";
  Plan plan = make_plan(options, kTypes);
  ASSERT_EQ(plan.brokers.size(), 3u);
  EXPECT_EQ(plan.brokers[0].grants.size(), 2u);
  EXPECT_EQ(plan.brokers[0].notes, std::vector<std::string>{"a note"}) << "once";
  EXPECT_EQ(plan.brokers[1].broker, "bus-2");
  ASSERT_TRUE(keep_only(plan, "b"));
  ASSERT_EQ(plan.brokers.size(), 1u);
  EXPECT_EQ(plan.brokers[0].grants.size(), 2u) << "the same user's rights for another destination there belong to the plan";
  EXPECT_FALSE(keep_only(plan, "z"));
}

TEST(AccessPlan, SaysWhichSettingIsMissingAndPlansTheRest) {
  Options options;
  options.destinations = {destination("a"), destination("b")};
  options.destinations[0].principal.clear();
  const Plan plan = make_plan(options, kTypes);
  ASSERT_EQ(plan.problems.size(), 1u);
  EXPECT_EQ(plan.problems[0].pointer, "destination.a.principal");
  EXPECT_EQ(plan.brokers.size(), 1u);
}

TEST(AccessPlan, SaysOfOtherKindsWhoDecidesInstead) {
  Options options;
  options.destinations = {destination("a", "heap"), destination("b", "printer")};
  const auto text = plan_text(make_plan(options, kTypes));
  ASSERT_TRUE(text);
  EXPECT_EQ(*text,
            "printer bus-1 (destination b)\n"
            "  publisher us: Write on topic b-topic\n"
            "  for its administrator, since user-events cannot apply it:\n"
            "    allow us\n"
            "  note: a note\n"
            "\nheap (destination a): no access control that user-events could administer; watch the shovel\n");
}

TEST(AccessPlan, AsJsonHasEveryGrantWithItsDestination) {
  Options options;
  options.destinations = {destination("a"), destination("b", "heap")};
  options.destinations[0].types = {"user.created"};
  options.destinations[0].consumers = {"CN=c r m,O=\"x\" group=g*"};
  const auto json = plan_json(make_plan(options, kTypes));
  ASSERT_TRUE(json);
  EXPECT_EQ(*json,
            R"({"brokers":[{"kind":"bus","broker":"bus-1","administered":true,"grants":[)"
            R"({"destination":"a","role":"publisher","principal":"us","resource":"topic","name":"a-topic","prefix":false,"operation":"Write"},)"
            R"({"destination":"a","role":"consumer","principal":"CN=c r m,O=\"x\"","resource":"queue","name":"guser.created","prefix":true,"operation":"Read"}],)"
            R"("text":"allow us\nallow CN=c r m,O=\"x\"\n","notes":["a note"]}],)"
            R"("others":[{"destination":"b","kind":"heap","advice":"watch the shovel"}]})");
}

TEST(Consumers, AreAPrincipalWithWordsBehindIt) {
  const auto dn = destinations::Consumer::parse("User:CN=crm service,OU=a b group=crm-*");
  ASSERT_TRUE(dn);
  EXPECT_EQ(dn->principal, "User:CN=crm service,OU=a b");
  EXPECT_EQ(dn->group, "crm-");
  EXPECT_TRUE(dn->group_is_prefix);
  const auto both = destinations::Consumer::parse("crm  queue=crm-events  group=g");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->principal + "/" + both->queue + "/" + both->group, "crm/crm-events/g");
  EXPECT_FALSE(both->group_is_prefix);
  for (const char* bad : {"", " ", "*", "group=g", "crm group=", "crm group=*", "crm group=a group=b", "crm\nx", " crm"})
    EXPECT_FALSE(destinations::Consumer::parse(bad)) << bad;
}

}  // namespace
}  // namespace user_events::brokeraccess
