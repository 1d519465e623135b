// What a policy means for a plan, and how it is changed; without a service.
#include <gtest/gtest.h>

#include "destinations/aws/access.h"

namespace user_events::destinations::aws {
namespace {

constexpr const char* kUs = "arn:aws:iam::123456789012:role/user-events";
constexpr const char* kCrm = "arn:aws:iam::123456789012:role/crm";
const std::string kQueue = "https://sqs.eu-west-1.amazonaws.com/123456789012/q", kArn = "arn:aws:sqs:eu-west-1:123456789012:q";

DestinationOptions options() {
  DestinationOptions result;
  result.name = "s";
  result.kind = "sqs";
  result.topic = kQueue;
  result.principal = kUs;
  result.consumers = {kCrm};
  return result;
}

std::vector<Grant> plan() { return sqs_access_control().needs(options(), {})->grants; }

std::string meaning(const std::string& statement) {
  const auto entries = entries_of("{\"Statement\":" + statement + "}", kQueue, plan());
  if (!entries) return describe(entries.error());
  std::string out;
  for (const auto& [place, entry] : *entries) {
    out += (out.empty() ? "" : "; ") + entry.principal + (entry.is_denial ? " not" : "");
    for (const auto& right : entry.rights) out += " " + right.operation.substr(4);
    out += std::string(entry.goes_beyond ? " and more" : "") + (entry.is_conditional ? " if" : "");
  }
  return out;
}

TEST(AwsPolicy, HasAStatementForEachPrincipalWithTheActionsHeUses) {
  const auto text = sqs_access_control().as_text(options(), plan());
  ASSERT_TRUE(text);
  EXPECT_EQ(text->substr(0, text->find('\n')), "policy of queue " + kQueue + ":");
  EXPECT_NE(text->find(R"("Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/user-events"},"Action":["sqs:SendMessage"],"Resource":"arn:aws:sqs:eu-west-1:123456789012:q"})"),
            std::string::npos)
      << *text;
  EXPECT_NE(text->find(R"("Principal":{"AWS":"arn:aws:iam::123456789012:role/crm"},"Action":["sqs:ReceiveMessage","sqs:DeleteMessage","sqs:ChangeMessageVisibility","sqs:GetQueueAttributes"])"),
            std::string::npos)
      << *text;
}

TEST(AwsPolicy, HasAQueueForEachTypeThatIsSent) {
  auto given = options();
  given.kind = "sns";
  given.topic = "arn:aws:sns:eu-west-1:123456789012:e-{type}";
  given.consumers.clear();
  const std::vector<std::string> types = {"user.created", "user.mfa.enabled"};
  const auto needs = sns_access_control().needs(given, types);
  ASSERT_TRUE(needs);
  ASSERT_EQ(needs->grants.size(), 2u);
  EXPECT_EQ(needs->grants[1].right, (Right{"topic", "arn:aws:sns:eu-west-1:123456789012:e-user-mfa-enabled", "sns:Publish", false}));
}

TEST(AwsPolicy, NeedsToBeToldWhoThisIs) {
  auto given = options();
  for (const char* bad : {"", "user-events"}) {
    given.principal = bad;
    EXPECT_FALSE(sqs_access_control().needs(given, {})) << bad;
  }
  given.principal = "123456789012";
  EXPECT_EQ(sqs_access_control().needs(given, {})->grants[0].principal, "arn:aws:iam::123456789012:root");
}

TEST(AwsPolicy, WhatAStatementGives) {
  const std::string crm = R"("Principal":{"AWS":"arn:aws:iam::123456789012:role/crm"})";
  EXPECT_EQ(meaning(R"([{"Effect":"Allow",)" + crm + R"(,"Action":["sqs:ReceiveMessage","SQS:deletemessage"]}])"), std::string(kCrm) + " ReceiveMessage DeleteMessage");
  EXPECT_EQ(meaning(R"({"Effect":"Allow",)" + crm + R"(,"Action":"sqs:Send*"})"), std::string(kCrm) + " SendMessage and more") << "one statement without brackets";
  EXPECT_EQ(meaning(R"([{"Effect":"Allow",)" + crm + R"(,"Action":"sqs:PurgeQueue"}])"), std::string(kCrm) + " and more");
  EXPECT_EQ(meaning(R"([{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage"}])"), "* SendMessage");
  EXPECT_EQ(meaning(R"([{"Effect":"Allow","Principal":{"AWS":["*","123456789012"],"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage"}])"),
            "* SendMessage; arn:aws:iam::123456789012:root SendMessage; sns.amazonaws.com SendMessage");
  EXPECT_EQ(meaning(R"([{"Effect":"Allow","NotPrincipal":{"AWS":"x"},"NotAction":"sqs:PurgeQueue"}])"),
            "* (under a condition) SendMessage ReceiveMessage DeleteMessage ChangeMessageVisibility GetQueueAttributes and more if");
}

TEST(AwsPolicy, ConditionsLimitWhatIsGivenAndMakeADenialUnjudgeable) {
  EXPECT_EQ(meaning(R"([{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Condition":{"ArnLike":{"aws:SourceArn":"x"}}}])"), "* (under a condition) SendMessage if");
  EXPECT_EQ(meaning(R"([{"Effect":"Deny","Principal":"*","Action":"sqs:SendMessage"}])"), "* not SendMessage");
  EXPECT_EQ(meaning(R"([{"Effect":"Deny","Principal":"*","Action":"sqs:*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}])"), "");
}

TEST(AwsPolicy, WhatIsNoPolicyIsNotTakenForAnEmptyOne) {
  EXPECT_TRUE(entries_of("", kQueue, plan()));
  for (const char* bad : {"{", "[]", "{}", "\"x\""}) EXPECT_FALSE(entries_of(bad, kQueue, plan())) << bad;
}

TEST(AwsPolicy, ChangesPutThePlanInAndLeaveTheRest) {
  const auto fresh = changed_policy("", kQueue, kArn, plan(), {});
  ASSERT_TRUE(fresh);
  EXPECT_EQ(*changed_policy(*fresh, kQueue, kArn, plan(), {}), *fresh) << "doing it again is safe";
  const std::string others = R"({"Version":"2008-10-17","Id":"x","Statement":[{"Sid":"other","Effect":"Deny","Principal":"*","Action":"sqs:*","Condition":{"a":{"b":"c"}}}]})";
  const auto merged = changed_policy(others, kQueue, kArn, plan(), {});
  ASSERT_TRUE(merged);
  EXPECT_TRUE(merged->starts_with(others.substr(0, others.size() - 2))) << *merged;
  EXPECT_EQ(entries_of(*merged, kQueue, plan())->size(), 2u);
}

TEST(AwsPolicy, RemovingTakesOnePrincipalOutOfAStatement) {
  const std::string policy =
      R"({"Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":["m","n"],"Service":"s"},"Action":"sqs:SendMessage"},{"Sid":"b","Effect":"Allow","Principal":"*","Action":"sqs:*"}]})";
  const auto changed = changed_policy(policy, kQueue, kArn, {}, {{0, "AWS", "m"}, {1, "", ""}});
  ASSERT_TRUE(changed);
  EXPECT_EQ(*changed, R"({"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":["n"],"Service":["s"]},"Action":"sqs:SendMessage"}]})");
}

TEST(AwsPolicy, ArnsFollowTheRegion) {
  EXPECT_EQ(arn_of(kQueue, "eu-west-1"), kArn);
  EXPECT_EQ(arn_of("http://127.0.0.1:9324/000000000000/q.fifo", "cn-north-1"), "arn:aws-cn:sqs:cn-north-1:000000000000:q.fifo");
  EXPECT_EQ(arn_of("arn:aws:sns:x:1:t", "y"), "arn:aws:sns:x:1:t");
}

}  // namespace
}  // namespace user_events::destinations::aws
