// What arrives in the stream, and how.
#include <gtest/gtest.h>

#include <algorithm>

#include "destinations/redis/record.h"
#include "destinations/redis/harness.h"

namespace user_events::tests {
namespace {

TEST(RedisSending, EventsArriveInOrderPerUserAndManyAreUnderWayAtOnce) {
  const std::string key = fresh_key();
  Driver driver(options_for(server(), key), 20'000, 5'000);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_GE(driver.most_in_flight(), 1'000u);
  EXPECT_EQ(check(server(), key, 20'000, 5'000), "");
  EXPECT_TRUE(driver.destination().health().notes.empty()) << driver.destination().health().notes[0];
}

TEST(RedisSending, EachTypeHasAStreamOfItsOwnIfTheKeySaysSo) {
  const std::string prefix = fresh_key();
  Driver driver(options_for(server(), prefix + ".{type}"), 10, 10);
  driver.type = [](std::uint64_t n) { return n % 2 == 0 ? "user.created" : "user.updated"; };
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(server().read_all(prefix + ".user.created").size(), 5u);
  EXPECT_EQ(server().read_all(prefix + ".user.updated").size(), 5u);
}

TEST(RedisSending, TheFieldsIdentifyTheEventInEveryFormat) {
  for (const char* format : {"cloudevents", "cloudevents-binary", "plain"}) {
    const std::string key = fresh_key();
    auto options = options_for(server(), key);
    options.format = format;
    Driver driver(options, 1, 1);
    driver.replay = [](std::uint64_t) { return 3u; };
    driver.start();
    ASSERT_TRUE(driver.run());
    const RedisEntry entry = server().read_all(key).at(0);
    EXPECT_EQ(entry.at("ce_id"), "event-1");
    EXPECT_EQ(entry.at("ce_sequence"), "00000000000000000001");
    EXPECT_EQ(entry.at("ce_journalid"), kJournal);
    EXPECT_EQ(entry.at("ce_replay"), "3");
    EXPECT_EQ(entry.at("key"), "u-0");
    const bool structured = std::string_view(format) == "cloudevents", binary = std::string_view(format) == "cloudevents-binary";
    EXPECT_EQ(entry.at("content-type"), structured ? "application/cloudevents+json; charset=UTF-8" : "application/json");
    EXPECT_EQ(entry.contains("ce_specversion"), binary);
    EXPECT_EQ(entry.at("data").find(R"({"pad":)") == 0, binary) << entry.at("data");
  }
}

TEST(RedisSending, NoFieldStandsTwice) {
  for (const char* format : {"cloudevents", "cloudevents-binary", "plain"}) {
    auto options = options_for(server(), "events");
    options.format = format;
    const auto config = destinations::redis::parse(options);
    ASSERT_TRUE(config);
    destinations::Message message;
    message.envelope = {.id = "1", .source = "urn:test", .type = "user.created", .partition_key = "u", .data = "{}"};
    message.position = {.journal_id = kJournal, .sequence = 1, .replay = 2};
    destinations::redis::RecordWriter writer(*config);
    const auto& words = writer.write(message);
    for (const char* name : {"ce_id", "ce_replay", "ce_sequence", "ce_journalid", "content-type", "key", "data"})
      EXPECT_EQ(std::ranges::count(words, std::string_view(name)), 1) << name << " in " << format;
  }
}

TEST(RedisSending, AStreamWithALengthIsTrimmedToAboutThat) {
  const std::string key = fresh_key();
  Driver driver(options_for(server(), key, {{"max_length", "500"}}), 5'000, 100);
  driver.start();
  ASSERT_TRUE(driver.run());
  const std::size_t left = server().read_all(key).size();
  EXPECT_GE(left, 500u);
  EXPECT_LT(left, 1'000u) << "Redis trims whole nodes of some 100 entries";
}

TEST(RedisSending, ADestinationThatWasClosedCanBeStartedAgain) {
  const std::string key = fresh_key();
  Driver driver(options_for(server(), key), 3'000, 3'000);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() > 0; }));
  driver.close(10s);
  EXPECT_EQ(driver.in_flight(), 0u);
  EXPECT_EQ(driver.count(Outcome::in_doubt), 0u);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(check(server(), key, 3'000, 3'000), "");
}

}  // namespace
}  // namespace user_events::tests
