// On ElasticMQ, which takes batches entry by entry as AWS does.
#include <atomic>
#include <regex>

#include "destinations/aws/support.h"
#include "support/http_stub.h"

namespace user_events::tests {
namespace {

using destinations::HealthState;

TEST(Sqs, EveryEventArrivesWithItsAttributesInAStandardQueue) {
  const std::string queue = elasticmq().create_queue(fresh_name());
  Driver driver(sqs_options(queue), 100, 50);
  driver.start();
  ASSERT_TRUE(driver.run());
  const auto messages = elasticmq().receive(queue, 100);
  EXPECT_EQ(check_arrivals(arrivals_of(messages), 100, 100, false), "") << "a standard queue promises no order";
  for (const auto& message : messages) {
    EXPECT_EQ(message.attributes.at("type"), "user.created");
    EXPECT_EQ(message.attributes.at("source"), "urn:test");
    EXPECT_EQ(message.attributes.at("journalid"), kJournal);
    EXPECT_EQ(message.attributes.at("sequence").size(), 20u);
    EXPECT_EQ(message.attributes.at("content-type"), "application/cloudevents+json; charset=UTF-8");
    EXPECT_FALSE(message.attributes.contains("replay"));
    EXPECT_NE(message.body.find("\"id\":\"" + message.attributes.at("id") + "\""), std::string::npos);
    EXPECT_EQ(message.group_id, "");
  }
}

TEST(Sqs, AUsersEventsAreInOrderInAFifoQueue) {
  const std::string queue = elasticmq().create_queue(fresh_name(".fifo"));
  Driver driver(sqs_options(queue), 2'000, 40);
  driver.start();
  ASSERT_TRUE(driver.run());
  const auto messages = elasticmq().receive(queue, 2'000);
  EXPECT_EQ(check_arrivals(arrivals_of(messages), 2'000, 40, false), "");
  std::map<std::string, std::string> user_of;
  for (const auto& message : messages) {
    const std::string user = std::to_string(std::stoull(message.attributes.at("sequence")) % 40);
    EXPECT_EQ(user_of.try_emplace(message.group_id, user).first->second, user) << "a group is one user";
    EXPECT_EQ(message.deduplication_id, message.attributes.at("id"));
  }
  EXPECT_EQ(user_of.size(), 40u);
}

TEST(Sqs, UnderLoadRequestsAreFullAndAtLeastEightAreInFlight) {
  const std::string queue = elasticmq().create_queue(fresh_name());
  Driver driver(sqs_options(queue), 5'000, 5'000);
  driver.start();
  ASSERT_TRUE(driver.run());
  const auto& statistics = statistics_of(driver);
  EXPECT_EQ(statistics.messages, 5'000u);
  EXPECT_EQ(statistics.requests, 500u);
  EXPECT_GE(statistics.most_in_flight, 8u);
  EXPECT_GE(statistics.in_flight_when_sent / statistics.requests, 8u);
}

TEST(Sqs, AFewEventsGoTogetherWhenTheLingerTimeIsOver) {
  const std::string queue = elasticmq().create_queue(fresh_name());
  Driver driver(sqs_options(queue), 3, 3);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(statistics_of(driver).requests, 1u);
  EXPECT_EQ(elasticmq().receive(queue, 3).size(), 3u);
}

TEST(Sqs, AReplayWithinTheDeduplicationWindowIsTakenAndMarked) {
  const std::string queue = elasticmq().create_queue(fresh_name(".fifo"));
  for (const std::uint32_t generation : {0u, 0u, 1u, 1u, 2u}) {
    Driver driver(sqs_options(queue), 1, 1);
    driver.replay = [=](std::uint64_t) { return generation; };
    driver.start();
    ASSERT_TRUE(driver.run());
  }
  const auto messages = elasticmq().receive(queue, 3);
  ASSERT_EQ(messages.size(), 3u) << "the repetitions of one generation are one message";
  EXPECT_EQ(messages[0].deduplication_id, "event-1");
  EXPECT_FALSE(messages[0].attributes.contains("replay"));
  EXPECT_EQ(messages[1].deduplication_id, "event-1.1");
  EXPECT_EQ(messages[1].attributes.at("replay"), "1");
  EXPECT_EQ(messages[2].deduplication_id, "event-1.2");
  EXPECT_TRUE(elasticmq().receive(queue, 1).empty());
}

TEST(Sqs, WhatIsOverTheLimitIsRefusedAndTheOthersArrive) {
  const std::string queue = elasticmq().create_queue(fresh_name());
  Driver driver(sqs_options(queue, {{"max_request_bytes", "20000"}}), 100, 100);
  driver.data_bytes = [](std::uint64_t n) { return n == 7 ? 30'000u : n % 10 == 0 ? 15'000u : 40u; };
  driver.start();
  ASSERT_TRUE(driver.run());
  ASSERT_EQ(driver.refused().size(), 1u);
  EXPECT_TRUE(driver.refused().at(7).find("max_request_bytes") != std::string::npos) << driver.refused().at(7);
  EXPECT_EQ(elasticmq().receive(queue, 99).size(), 99u);
}

/// What is between takes the group of event 7 away; what follows from that is the service's own answer: of a FIFO batch it fails that entry alone.
TEST(Sqs, AnEntryThatTheServiceFailsAloneIsRefusedAloneAndTheRestOfItsBatchArrives) {
  AwsEmulator& emulator = elasticmq();
  const std::string queue = emulator.create_queue(fresh_name(".fifo"));
  const std::regex group(R"re(,"MessageGroupId":"[0-9a-f]{32}","MessageDeduplicationId":"event-7")re");
  std::atomic<int> changed{0};
  HttpStub between([&](const StubRequest& request) {
    const std::string body = std::regex_replace(request.body, group, "");
    if (body.size() != request.body.size()) ++changed;
    const auto reply = emulator.forward_sqs("SendMessageBatch", body);
    return std::to_string(reply.status) + " as answered\r\nContent-Type: application/x-amz-json-1.0\r\n\r\n" + reply.body;
  });
  Driver driver(sqs_options(queue, {{"endpoint", between.url() + "/"}}), 20, 20);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(changed, 1) << "a refused entry is not sent again";
  EXPECT_EQ(driver.accepted(), 19u);
  ASSERT_EQ(driver.refused().size(), 1u);
  EXPECT_TRUE(driver.refused().contains(7));
  const auto messages = emulator.receive(queue, 20);
  EXPECT_EQ(messages.size(), 19u);
  for (const auto& message : messages) EXPECT_NE(message.attributes.at("id"), "event-7");
}

TEST(Sqs, WhenTheQueuesLimitIsLowerThanConfiguredOnlyWhatIsTooLargeIsRefused) {
  const std::string queue = elasticmq().create_queue(fresh_name());
  Driver driver(sqs_options(queue, {{"max_request_bytes", "16000000"}}), 40, 40);
  driver.data_bytes = [](std::uint64_t n) { return n == 7 ? 1'500'000u : 40u; };
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.refused().size(), 1u);
  EXPECT_TRUE(driver.refused().contains(7));
  EXPECT_EQ(driver.accepted(), 39u);
}

TEST(Sqs, EachTypeGoesToAQueueOfItsOwnAndOneThatIsMissingDoesNotHoldUpTheOthers) {
  const std::string name = fresh_name();
  const std::string created = elasticmq().create_queue(name + "-user-created");
  Driver driver(sqs_options(elasticmq().endpoint() + "000000000000/" + name + "-{type}"), 20, 20);
  driver.type = [](std::uint64_t n) { return n % 2 == 0 ? "user.created" : "user.updated"; };
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() == 10; }));
  EXPECT_GT(driver.count(Outcome::unavailable), 0u);
  EXPECT_EQ(driver.destination().health().state, HealthState::up);
  const std::string updated = elasticmq().create_queue(name + "-user-updated");
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(elasticmq().receive(created, 10).size(), 10u);
  EXPECT_EQ(elasticmq().receive(updated, 10).size(), 10u);
}

}  // namespace
}  // namespace user_events::tests
