// On moto: SNS topics with SQS queues behind them.
#include "destinations/aws/support.h"
#include "destinations/encode.h"

namespace user_events::tests {
namespace {

TEST(Sns, AUsersEventsGoThroughAFifoTopicIntoAFifoQueueInOrderAndOnce) {
  const std::string topic_name = fresh_name(".fifo"), queue_name = fresh_name(".fifo");
  const std::string topic = moto().create_topic(topic_name), queue = moto().create_queue(queue_name);
  moto().subscribe(topic, queue_name);
  for (int round = 0; round < 2; ++round) {  // the second is deduplicated
    Driver driver(sns_options(topic, moto()), 60, 6);
    driver.start();
    ASSERT_TRUE(driver.run());
  }
  const auto messages = moto().receive(queue, 120);
  EXPECT_EQ(check_arrivals(arrivals_of(messages), 60, 6, false), "");
  for (const auto& message : messages) {
    EXPECT_EQ(message.group_id.size(), 32u);
    EXPECT_EQ(message.deduplication_id, message.attributes.at("id"));
    EXPECT_EQ(message.attributes.size(), 6u);
  }
}

TEST(Sns, ASubscriptionsFilterPolicyWorksOnTheTypeAttribute) {
  const std::string queue_name = fresh_name();
  const std::string topic = moto().create_topic(fresh_name()), queue = moto().create_queue(queue_name);
  moto().subscribe(topic, queue_name, R"({"type":["user.created",{"prefix":"user.role."}]})");
  Driver driver(sns_options(topic, moto()), 30, 30);
  driver.type = [](std::uint64_t n) { return n % 3 == 0 ? "user.created" : n % 3 == 1 ? "user.role.assigned" : "user.loggedin"; };
  driver.start();
  ASSERT_TRUE(driver.run());
  std::map<std::string, int> arrived;
  for (const auto& message : moto().receive(queue, 30)) ++arrived[message.attributes.at("type")];
  EXPECT_EQ(arrived, (std::map<std::string, int>{{"user.created", 10}, {"user.role.assigned", 10}}));
}

TEST(Sns, EveryByteOfABodyArrives) {
  const std::string queue_name = fresh_name();
  const std::string topic = moto().create_topic(fresh_name()), queue = moto().create_queue(queue_name);
  moto().subscribe(topic, queue_name);
  const auto options = sns_options(topic, moto());
  auto made = destinations::find_kind("sns")->make(options);
  ASSERT_TRUE(made) << describe(made.error());
  ASSERT_TRUE((*made)->start({}, kJournal, 0));
  destinations::Message message;
  message.envelope = {.id = "e&=+;# %1", .source = "urn:test?a=1&b=2", .type = "user.created", .partition_key = "u", .time_ms = 1,
                      .data = "{\"name\":\"Ünï \\\"q\\\" <&>+%41 \xF0\x9F\x98\x80 \xEF\xBF\xBF\"}"};
  message.position = {.journal_id = kJournal, .sequence = 1};
  std::vector<destinations::Report> reports;
  while ((*made)->send(encode(options, message)) == destinations::SendStatus::busy) (*made)->poll(reports, 50ms);
  while (reports.empty()) (*made)->poll(reports, 50ms);
  ASSERT_EQ(reports[0].outcome, Outcome::accepted) << reports[0].reason;
  const auto messages = moto().receive(queue, 1);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].attributes.at("id"), "e&=+;# %1");
  EXPECT_EQ(messages[0].attributes.at("source"), "urn:test?a=1&b=2");
  EXPECT_NE(messages[0].body.find("{\"name\":\"Ünï \\\"q\\\" <&>+%41 \xF0\x9F\x98\x80 \\uffff\"}"), std::string::npos) << messages[0].body;
}

TEST(Sns, ATopicThatIsMissingIsWaitedFor) {
  const std::string name = fresh_name();
  Driver driver(sns_options("arn:aws:sns:us-east-1:123456789012:" + name, moto()), 10, 10);
  driver.start();
  ASSERT_TRUE(driver.wait_for(destinations::HealthState::down));
  EXPECT_NE(driver.detail().find("NotFound"), std::string::npos) << driver.detail();
  EXPECT_NE(driver.detail().find("create it"), std::string::npos) << driver.detail();
  moto().create_topic(name);
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.accepted(), 10u);
  EXPECT_EQ(driver.count(Outcome::refused), 0u);
}

}  // namespace
}  // namespace user_events::tests
