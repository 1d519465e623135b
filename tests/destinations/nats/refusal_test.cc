// Events and streams that do not fit.
#include <gtest/gtest.h>

#include "destinations/nats/harness.h"

namespace user_events::tests {
namespace {

std::string only(const std::set<std::string>& reasons) { return reasons.size() == 1 ? *reasons.begin() : std::to_string(reasons.size()) + " reasons"; }

TEST(NatsRefusal, AnEventOverTheServersPayloadLimitIsRefusedAndHoldsUpItsUserOnly) {
  const Place place(server());
  Driver driver(place.options(), 300, 30);
  driver.data_bytes = [](std::uint64_t n) { return n == 7 ? 2u << 20 : 40u; };
  driver.start();
  ASSERT_TRUE(driver.run());
  ASSERT_EQ(driver.refused().size(), 1u);
  EXPECT_NE(driver.refused().at(7).find("max_payload"), std::string::npos) << driver.refused().at(7);
  EXPECT_EQ(driver.accepted(), 300u - 10u);
}

TEST(NatsRefusal, AnEventOverTheStreamsMessageSizeIsRefused) {
  const Place place(server(), R"(,"max_msg_size":2000)");
  Driver driver(place.options(), 300, 30);
  driver.data_bytes = [](std::uint64_t n) { return n == 8 ? 3'000u : 40u; };
  driver.start();
  ASSERT_TRUE(driver.run());
  ASSERT_EQ(driver.refused().size(), 1u);
  EXPECT_NE(driver.refused().at(8).find("max_msg_size"), std::string::npos) << driver.refused().at(8);
}

TEST(NatsRefusal, AFullStreamMakesEventsWaitAndCountsNoAttempt) {
  const Place place(server(), R"(,"max_msgs":100,"discard":"new")");
  Driver driver(place.options(), 150, 50);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() == 100 && driver.count(Outcome::unavailable) > 50; }));
  EXPECT_EQ(driver.count(Outcome::retry), 0u);
  EXPECT_TRUE(driver.refused().empty());
  EXPECT_NE(only(driver.reasons()).find("maximum messages exceeded"), std::string::npos) << only(driver.reasons());
  EXPECT_NE(only(driver.reasons()).find("raise its limits"), std::string::npos);
}

TEST(NatsRefusal, AMissingStreamIsNamedAndWaitedFor) {
  Driver driver(Place(server()).options({{"stream", "NOT_THERE"}}), 10, 10);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  EXPECT_EQ(driver.detail(), "there is no stream NOT_THERE (create it: nats stream add NOT_THERE)");
  EXPECT_EQ(driver.in_flight(), 0u);
}

TEST(NatsRefusal, AStreamThatAcknowledgesNothingIsNamedAndNotSentTo) {
  const Place place(server(), R"(,"no_ack":true)");
  Driver driver(place.options(), 10, 10);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  EXPECT_NE(driver.detail().find("no_ack"), std::string::npos) << driver.detail();
  EXPECT_EQ(driver.in_flight(), 0u);
  EXPECT_TRUE(place.nats.read_all(place.stream).empty());
}

TEST(NatsRefusal, ASubjectThatTheStreamDoesNotTakeConcernsThatEventOnly) {
  const Place place(server());
  auto options = place.options();
  options.topic = "{type}";
  server().create_stream("ONLY_CREATED", "only.created");
  options.settings["stream"] = "ONLY_CREATED";
  Driver driver(options, 100, 10);
  driver.type = [](std::uint64_t n) { return n % 10 == 3 ? "only.updated" : "only.created"; };
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() == 90 && driver.count(Outcome::retry) > 0; }));
  EXPECT_NE(only(driver.reasons()).find("does not take this event's subject"), std::string::npos) << only(driver.reasons());
}

TEST(NatsRefusal, ASubjectOfAnotherStreamIsNeverStoredThere) {
  const Place place(server()), other(server());
  auto options = place.options();
  options.topic = other.prefix + ".{type}";
  Driver driver(options, 10, 10);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.count(Outcome::unavailable) > 0; }));
  EXPECT_NE(only(driver.reasons()).find("another stream"), std::string::npos) << only(driver.reasons());
  EXPECT_TRUE(place.nats.read_all(other.stream).empty());
}

}  // namespace
}  // namespace user_events::tests
