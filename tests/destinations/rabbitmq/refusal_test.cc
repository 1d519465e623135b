// Events that find no queue or are too large, brokers that block or have no room.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "destinations/rabbitmq/harness.h"

namespace user_events::tests {
namespace {

using destinations::HealthState;
using destinations::Outcome;

TEST(RabbitMqUnroutable, WithoutAnyBindingEverythingWaitsAndNoEventPaysForIt) {
  const std::string exchange = fresh_name();
  broker().declare_exchange(exchange);
  Loop loop(options_for(exchange), 300, 300);
  loop.start();
  ASSERT_TRUE(loop.wait_for(HealthState::down, "no queue is bound to exchange '" + exchange + "' for routing key 'user.created'"));
  EXPECT_EQ(loop.accepted(), 0u);
  broker().declare_queue(exchange, exchange);
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(loop.count(Outcome::retry) + loop.count(Outcome::refused) + loop.count(Outcome::in_doubt), 0u);
  EXPECT_EQ(check_complete(broker().drain(exchange), 300, 300), "");
  EXPECT_TRUE(loop.wait_for(HealthState::up));
  EXPECT_EQ(loop.destination().health().detail, "");
}

TEST(RabbitMqUnroutable, ATypeThatNoQueueWantsComesBackWhileOthersPass) {
  const std::string exchange = fresh_name();
  broker().declare_exchange(exchange);
  broker().declare_queue(exchange, exchange, "user.created");
  Loop loop(options_for(exchange), 1'000, 1'000);
  loop.type = [](std::uint64_t n) { return n % 10 == 3 ? "user.updated" : "user.created"; };
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.accepted() == 900; }));
  ASSERT_TRUE(loop.run_until([&] { return loop.count(Outcome::retry) > 0; }));
  EXPECT_EQ(loop.destination().health().state, HealthState::up);
  EXPECT_NE(loop.destination().health().detail.find("user.updated"), std::string::npos) << loop.destination().health().detail;
  broker().bind_queue(exchange, exchange, "user.updated");
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(check_complete(broker().drain(exchange), 1'000, 1'000), "");
  EXPECT_EQ(loop.destination().health().detail, "") << "bound again";
}

TEST(RabbitMqUnroutable, ByItsSettingItIsRefusedAndOthersPass) {
  const std::string exchange = fresh_name();
  broker().declare_exchange(exchange);
  broker().declare_queue(exchange, exchange, "user.created");
  Loop loop(options_for(exchange, {{"unroutable", "dead-letter"}}), 1'000, 1'000);
  loop.type = [](std::uint64_t n) { return n == 333 ? "user.updated" : "user.created"; };
  loop.start();
  ASSERT_TRUE(loop.run());
  ASSERT_EQ(loop.refused().size(), 1u);
  EXPECT_NE(loop.refused().at(333).find("unroutable"), std::string::npos);
  EXPECT_EQ(loop.accepted(), 999u);
}

TEST(RabbitMqTopology, AMissingExchangeIsWaitedForWithoutSendingAnything) {
  const std::string exchange = fresh_name();
  Loop loop(options_for(exchange), 10);
  loop.start();
  ASSERT_TRUE(loop.wait_for(HealthState::down, "declare = \"create\""));
  EXPECT_EQ(loop.sent(), 0u);
  broker().declare_exchange(exchange);
  broker().declare_queue(exchange, exchange);
  ASSERT_TRUE(loop.run());
}

TEST(RabbitMqTopology, AnExchangeThatIsNotLookedAtIsMissedWithTheFirstEventAlone) {
  const std::string exchange = fresh_name();
  Loop loop(options_for(exchange, {{"declare", "none"}}), 500);
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.count(Outcome::unavailable) > 0; }));
  ASSERT_TRUE(loop.wait_for(HealthState::down, exchange));
  broker().declare_exchange(exchange);
  broker().declare_queue(exchange, exchange);
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(loop.count(Outcome::in_doubt) + loop.count(Outcome::retry) + loop.count(Outcome::refused), 0u) << "surely not taken";
  EXPECT_EQ(check_complete(broker().drain(exchange), 500), "");
}

TEST(RabbitMqTopology, AnExchangeThatGoesUnderLoadLosesNothing) {
  const std::string exchange = fresh_exchange();
  Loop loop(options_for(exchange), 20'000);
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.accepted() > 2'000; }));
  broker().delete_exchange(exchange);
  ASSERT_TRUE(loop.wait_for(HealthState::down, exchange));
  broker().declare_exchange(exchange);
  broker().bind_queue(exchange, exchange, "#");
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(check_complete(broker().drain(exchange), 20'000), "");
  EXPECT_EQ(loop.count(Outcome::refused), 0u);
}

TEST(RabbitMqTopology, CreateMakesExchangeAndABoundQuorumQueue) {
  const std::string name = fresh_name();
  Loop loop(options_for(name, {{"declare", "create"}, {"queue", name}, {"binding_key", "user.*"}}), 5'000);
  loop.start();
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(check_complete(broker().drain(name), 5'000), "");
  EXPECT_NE(broker().ctl("list_queues name type durable").find(name + "\tquorum\ttrue"), std::string::npos);
  Loop again(options_for(name, {{"declare", "create"}, {"queue", name}, {"binding_key", "user.*"}}), 10);
  again.start();
  ASSERT_TRUE(again.run()) << "what is there already is no error";
}

TEST(RabbitMqTopology, AQueueThatExistsWithOtherPropertiesIsToldAndNothingIsSent) {
  const std::string name = fresh_exchange();  // its queue is a classic one
  Loop loop(options_for(name, {{"declare", "create"}, {"queue", name}}), 10);
  loop.start();
  ASSERT_TRUE(loop.wait_for(HealthState::down, "it exists with other properties"));
  EXPECT_EQ(loop.sent(), 0u);
}

TEST(RabbitMqRefusal, AFullQueueIsWaitedFor) {
  const std::string exchange = fresh_name();
  broker().declare_exchange(exchange);
  broker().declare_queue(exchange, exchange, "#", {{"x-max-length", "100"}, {"x-overflow", "reject-publish"}});
  Loop loop(options_for(exchange), 500, 500);
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.count(Outcome::retry) > 100; }));
  EXPECT_EQ(loop.count(Outcome::refused) + loop.count(Outcome::in_doubt), 0u);
  std::vector<RabbitRecord> records;
  ASSERT_TRUE(loop.run_until([&] {
    std::ranges::move(broker().drain(exchange), std::back_inserter(records));
    return loop.accepted() == 500;
  }));
  std::ranges::move(broker().drain(exchange), std::back_inserter(records));
  EXPECT_EQ(check_complete(records, 500, 500), "");
  EXPECT_EQ(records.size(), 500u) << "what came back with a nack was not stored";
}

TEST(RabbitMqRefusal, HeadersThatDoNotFitInAFrameAndLongRoutingKeysAreRefusedAlone) {
  const std::string exchange = fresh_exchange();
  auto options = options_for(exchange, {{"routing_key", "a." + std::string(240, 'b') + ".{type}"}});
  Loop loop(options, 100, 100);
  loop.type = [](std::uint64_t n) { return n == 7 ? "user.password.changed" : "user.x"; };
  loop.start();
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(loop.refused().size(), 1u);
  EXPECT_TRUE(loop.refused().contains(7));

  auto binary = options_for(exchange);
  binary.format = "cloudevents-binary";
  Loop large(binary, 2, 2);
  large.extensions = R"("wide":")" + std::string(140'000, 'x') + "\"";
  large.start();
  ASSERT_TRUE(large.run());
  EXPECT_EQ(large.refused().size(), 2u);
  EXPECT_EQ(large.destination().health().state, HealthState::up);
}

TEST(RabbitMqRefusal, AnAlarmOfTheBrokerIsWaitedForAndSaidSo) {
  const std::string exchange = fresh_exchange();
  Loop loop(options_for(exchange), 30'000);
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.accepted() > 1'000; }));
  broker().ctl("set_vm_memory_high_watermark 0.0000001");
  ASSERT_TRUE(loop.wait_for(HealthState::down, "blocked publishing"));
  EXPECT_NE(loop.destination().health().detail.find("memory"), std::string::npos) << loop.destination().health().detail;
  broker().ctl("set_vm_memory_high_watermark 0.6");
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(loop.destination().health().state, HealthState::up);
  EXPECT_EQ(loop.count(Outcome::in_doubt) + loop.count(Outcome::retry) + loop.count(Outcome::refused), 0u);
  EXPECT_EQ(check_complete(broker().drain(exchange), 30'000), "");
}

TEST(RabbitMqRefusal, ABrokerThatConfirmsNothingIsLeftAfterATimeAndGetsTheSameAgain) {
  const std::string exchange = fresh_exchange();
  Loop loop(options_for(exchange, {{"heartbeat", "1m"}, {"confirm_timeout", "1s"}, {"connect_timeout", "1s"}}), 30'000);
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.accepted() > 1'000; }));
  broker().pause();
  ASSERT_TRUE(loop.wait_for(HealthState::down, "confirmed nothing"));
  EXPECT_GT(loop.count(Outcome::in_doubt), 0u);
  broker().resume();
  ASSERT_TRUE(loop.run(60s));
  EXPECT_EQ(loop.destination().health().state, HealthState::up);
  EXPECT_EQ(check_complete(broker().drain(exchange), 30'000), "");
}

TEST(RabbitMqRefusal, ABrokerThatStandsStillIsNoticedWhileNothingIsSent) {
  const std::string exchange = fresh_exchange();
  Loop loop(options_for(exchange, {{"heartbeat", "1s"}, {"connect_timeout", "1s"}}), 10);
  loop.start();
  ASSERT_TRUE(loop.run());
  broker().pause();
  const bool noticed = loop.wait_for(HealthState::down, "heartbeat");
  broker().resume();
  EXPECT_TRUE(noticed);
  EXPECT_TRUE(loop.wait_for(HealthState::up));
}

TEST(RabbitMqRefusal, CloseKeepsItsDeadlineWhileTheBrokerBlocks) {
  const std::string exchange = fresh_exchange();
  Loop loop(options_for(exchange), 100'000);
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.accepted() > 1'000; }));
  broker().ctl("set_disk_free_limit 900000GB");
  ASSERT_TRUE(loop.wait_for(HealthState::down, "disk"));
  const auto before = std::chrono::steady_clock::now();
  loop.close(500ms);
  loop.vanish();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 3s);
  EXPECT_EQ(loop.in_flight(), 0u);
  broker().ctl("set_disk_free_limit 1MB");
}

}  // namespace
}  // namespace user_events::tests
