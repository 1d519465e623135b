// What arrives in the stream, and how.
#include <gtest/gtest.h>

#include "destinations/nats/harness.h"

namespace user_events::tests {
namespace {

TEST(NatsSending, EventsArriveInOrderPerUserUnderTheSubjectOfTheirType) {
  const Place place(server());
  Driver driver(place.options(), 5'000, 100);
  driver.type = [](std::uint64_t n) { return n % 2 == 0 ? "user.created" : "user.updated"; };
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(place.check(5'000, 100), "");
  const auto messages = place.nats.read_all(place.stream);
  for (const NatsMessage& message : messages) {
    const bool even = std::stoull(message.headers.at("ce-sequence")) % 2 == 0;
    EXPECT_EQ(message.subject, place.prefix + (even ? ".user.created" : ".user.updated"));
  }
}

TEST(NatsSending, StructuredModeCarriesTheWholeEventAndTheHeadersThatIdentifyIt) {
  const Place place(server());
  Driver driver(place.options(), 1, 1);
  driver.start();
  ASSERT_TRUE(driver.run());
  const auto messages = place.nats.read_all(place.stream);
  ASSERT_EQ(messages.size(), 1u);
  const auto& headers = messages[0].headers;
  EXPECT_EQ(headers.at("Nats-Msg-Id"), "event-1");
  EXPECT_EQ(headers.at("Nats-Expected-Stream"), place.stream);
  EXPECT_EQ(headers.at("content-type"), "application/cloudevents+json; charset=UTF-8");
  EXPECT_EQ(headers.at("ce-sequence"), "00000000000000000001");
  EXPECT_EQ(headers.at("ce-journalid"), kJournal);
  EXPECT_NE(messages[0].body.find(R"("specversion":"1.0")"), std::string::npos) << messages[0].body;
}

TEST(NatsSending, BinaryModeFollowsTheCloudEventsBinding) {
  const Place place(server());
  auto options = place.options();
  options.format = "cloudevents-binary";
  Driver driver(options, 1, 1);
  driver.start();
  ASSERT_TRUE(driver.run());
  const auto message = place.nats.read_all(place.stream).at(0);
  EXPECT_EQ(message.headers.at("ce-specversion"), "1.0");
  EXPECT_EQ(message.headers.at("ce-type"), "user.created");
  EXPECT_EQ(message.headers.at("ce-source"), "urn:test");
  EXPECT_EQ(message.headers.at("ce-datacontenttype"), "application/json");
  EXPECT_EQ(message.headers.at("content-type"), "application/json");
  EXPECT_EQ(message.body.substr(0, 8), R"({"pad":")");
}

TEST(NatsSending, AThousandAcknowledgementsAreAwaitedAtOnce) {
  const Place place(server());
  Driver driver(place.options(), 20'000, 5'000);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_GE(driver.most_in_flight(), 1'000u);
  EXPECT_EQ(place.check(20'000, 5'000), "");
}

TEST(NatsSending, TheServersWindowDropsARepetitionAndLetsAnExplicitReplayPass) {
  const Place place(server());
  for (const std::uint32_t generation : {0u, 0u, 1u, 1u}) {
    Driver driver(place.options(), 10, 10);
    driver.replay = [=](std::uint64_t) { return generation; };
    driver.start();
    ASSERT_TRUE(driver.run());
    EXPECT_EQ(driver.accepted(), 10u);
    EXPECT_EQ(driver.destination().features().deduplication_window, 2min) << "the server's default";
  }
  const auto messages = place.nats.read_all(place.stream);
  ASSERT_EQ(messages.size(), 20u);
  EXPECT_FALSE(messages[0].headers.contains("ce-replay"));
  EXPECT_EQ(messages[10].headers.at("ce-replay"), "1");
  EXPECT_EQ(messages[10].headers.at("ce-id"), messages[10].headers.at("Nats-Msg-Id").substr(0, messages[10].headers.at("ce-id").size()));
}

TEST(NatsSending, TheWindowIsTheStreams) {
  const Place place(server(), R"(,"duplicate_window":30000000000)");
  Driver driver(place.options(), 1, 1);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.destination().features().deduplication_window, 30s);
}

TEST(NatsSending, ADestinationThatWasClosedCanBeStartedAgain) {
  const Place place(server());
  Driver driver(place.options(), 2'000, 2'000);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() > 0; }));
  driver.close(10s);
  EXPECT_EQ(driver.in_flight(), 0u);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(place.check(2'000, 2'000), "");
}

}  // namespace
}  // namespace user_events::tests
