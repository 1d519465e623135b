// Who one is, what one may do, where the broker is.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <thread>

#include "destinations/rabbitmq/harness.h"

namespace user_events::tests {
namespace {

using destinations::HealthState;
using destinations::Outcome;

/// A user of its own, with the rights `configure`, `write` and `read`.
std::string fresh_user(const std::string& rights) {
  static int number = 0;
  const std::string user = "sender" + std::to_string(++number);
  broker().ctl("add_user " + user + " sender-secret");
  broker().ctl("set_permissions " + user + " " + rights);
  return user;
}

DestinationOptions options_as(const std::string& user, const std::string& exchange, std::map<std::string, std::string> settings = {}) {
  settings.try_emplace("user", user);
  settings.try_emplace("password", "sender-secret");
  settings.try_emplace("reconnect_max", "1s");
  return options_for(exchange, std::move(settings));
}

TEST(RabbitMqAccess, AWrongPasswordKeepsEventsWaitingAndSaysWhatToCheckAndNoSecret) {
  const std::string exchange = fresh_exchange();
  const std::string user = fresh_user("'' '' ''");
  Loop loop(options_as(user, exchange, {{"password", "wrong-secret"}}), 10);
  loop.start();
  ASSERT_TRUE(loop.wait_for(HealthState::down, "check user and password"));
  EXPECT_EQ(loop.destination().health().detail.find("wrong-secret"), std::string::npos);
  EXPECT_EQ(loop.sent(), 0u);
  broker().ctl("change_password " + user + " wrong-secret");
  broker().ctl("set_permissions " + user + " '' '.*' ''");
  ASSERT_TRUE(loop.run()) << "mended on the broker";
}

TEST(RabbitMqAccess, LoginsThatAreRefusedAreTriedSeldom) {
  const std::string exchange = fresh_exchange();
  Loop loop(options_as("nobody", exchange, {{"reconnect_max", "10s"}}), 10);
  loop.start();
  ASSERT_TRUE(loop.wait_for(HealthState::down));
  const auto attempts = [] {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(broker().folder() + "/log")) {
      std::string text = broker().read_file(entry.path());
      for (auto at = text.find("user 'nobody'"); at != std::string::npos; at = text.find("user 'nobody'", at + 1)) ++count;
    }
    return count;
  };
  const auto before = attempts();
  std::vector<destinations::Report> reports;
  loop.destination().poll(reports, 4s);
  EXPECT_LE(attempts() - before, 6u) << "after 0.5–1 s, then 1–2 s, then 2–4 s; the broker's log has up to two lines for each";
}

TEST(RabbitMqAccess, AnUnknownVhostIsNamed) {
  const std::string exchange = fresh_exchange();
  Loop loop(options_for(exchange, {{"vhost", "nowhere"}}), 10);
  loop.start();
  ASSERT_TRUE(loop.wait_for(HealthState::down, "nowhere"));
  EXPECT_NE(loop.destination().health().detail.find("check vhost"), std::string::npos) << loop.destination().health().detail;
  EXPECT_EQ(loop.sent(), 0u);
}

TEST(RabbitMqAccess, WithoutTheRightToWriteTheFirstEventAloneIsSentAndNothingIsRefused) {
  const std::string exchange = fresh_exchange();
  const std::string user = fresh_user("'' '' ''");
  Loop loop(options_as(user, exchange), 500);
  loop.start();
  ASSERT_TRUE(loop.wait_for(HealthState::down, "grant this user the right to write"));
  ASSERT_TRUE(loop.run_until([&] { return loop.count(Outcome::unavailable) > 1; }));
  EXPECT_EQ(loop.count(Outcome::refused) + loop.count(Outcome::in_doubt) + loop.count(Outcome::retry), 0u);
  EXPECT_EQ(loop.destination().health().state, HealthState::down) << "a connection alone is no proof";
  broker().ctl("set_permissions " + user + " '' '" + exchange + "' ''");
  ASSERT_TRUE(loop.run());
  const auto records = broker().drain(exchange);
  EXPECT_EQ(records.size(), 500u) << "what was answered with `unavailable` was not stored";
  EXPECT_EQ(check_complete(records, 500), "");
  EXPECT_TRUE(loop.wait_for(HealthState::up));
}

TEST(RabbitMqAccess, ARightThatIsTakenAwayUnderLoadLosesAndReordersNothing) {
  const std::string exchange = fresh_exchange();
  const std::string user = fresh_user("'' '.*' ''");
  Loop loop(options_as(user, exchange), 60'000);
  loop.start();
  ASSERT_TRUE(loop.run_until([&] { return loop.accepted() > 2'000; }));
  broker().ctl("set_permissions " + user + " '' '' ''");
  ASSERT_TRUE(loop.run_until([&] { return loop.destination().health().state == HealthState::down || loop.accepted() == 60'000; }));
  broker().ctl("set_permissions " + user + " '' '.*' ''");
  ASSERT_TRUE(loop.run(60s));
  EXPECT_EQ(loop.count(Outcome::refused), 0u);
  EXPECT_EQ(check_complete(broker().drain(exchange), 60'000), "");
}

TEST(RabbitMqAccess, TheNextHostIsTakenWhereOneIsAway) {
  const std::string exchange = fresh_exchange();
  Loop loop(options_for(exchange, {{"hosts", "127.0.0.1:1,127.0.0.1:2," + broker().address()}}), 1'000);
  loop.start();
  ASSERT_TRUE(loop.run());
}

TEST(RabbitMqDeadLetters, ACopyGoesToTheNamedQueueWithItsCause) {
  const std::string exchange = fresh_exchange();
  const std::string queue = fresh_name();
  broker().declare_queue(queue, "");
  Loop loop(options_for(exchange), 1, 1);
  loop.dead_letter_queue = queue;
  loop.start();
  ASSERT_TRUE(loop.run());
  EXPECT_TRUE(broker().drain(exchange).empty());
  const auto records = broker().drain(queue);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].header("dead-letter-reason"), "too sad");
  EXPECT_EQ(records[0].header("dead-letter-destination"), "rabbitmq");
  EXPECT_EQ(records[0].header("dead-letter-attempts"), "3");
  EXPECT_EQ(records[0].header("cloudEvents_id"), "event-1");
}

TEST(RabbitMqDeadLetters, AQueueThatIsNotThereRefusesTheCopyAndNothingElse) {
  const std::string exchange = fresh_exchange();
  Loop loop(options_for(exchange), 2'000, 2'000);
  loop.dead_letter_queue = "no.such.queue";
  loop.is_dead_letter = [](std::uint64_t n) { return n % 100 == 0; };
  loop.start();
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(loop.refused().size(), 20u);
  EXPECT_EQ(loop.accepted(), 1'980u);
  EXPECT_EQ(loop.count(Outcome::in_doubt) + loop.count(Outcome::retry) + loop.count(Outcome::unavailable), 0u);
  EXPECT_EQ(loop.destination().health().detail, "");
}

TEST(RabbitMqDeadLetters, WithoutTheRightToQueuesCopiesAreRefusedAndTheRestArrives) {
  const std::string exchange = fresh_exchange();
  const std::string queue = fresh_name();
  broker().declare_queue(queue, "");
  Loop loop(options_as(fresh_user("'' '" + exchange + "' ''"), exchange), 2'000, 2'000);
  loop.dead_letter_queue = queue;
  loop.is_dead_letter = [](std::uint64_t n) { return n % 100 == 50; };
  loop.start();
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(loop.refused().size(), 20u);
  EXPECT_EQ(loop.accepted(), 1'980u);
}

TEST(RabbitMqSending, AnIdleDestinationUsesNoProcessorAndKeepsItsConnection) {
  const std::string exchange = fresh_exchange();
  Loop loop(options_for(exchange, {{"heartbeat", "1s"}}), 100);
  loop.start();
  ASSERT_TRUE(loop.run());
  const auto cpu_seconds = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  };
  const double before = cpu_seconds();
  std::vector<destinations::Report> reports;
  for (int i = 0; i < 5; ++i) loop.destination().poll(reports, 1s);
  EXPECT_TRUE(reports.empty());
  EXPECT_EQ(loop.destination().health().state, HealthState::up) << "five heartbeats long";
  EXPECT_LT(cpu_seconds() - before, 0.1) << "of 5 s";
}

TEST(RabbitMqSending, WakeEndsAPollThatWaits) {
  const std::string exchange = fresh_exchange();
  Loop loop(options_for(exchange), 0);
  loop.start();
  ASSERT_TRUE(loop.wait_for(HealthState::up));
  std::vector<destinations::Report> reports;
  std::thread waker([&] { loop.destination().wake(); });
  loop.destination().poll(reports, 60s);  // the suite's time limit is the check
  waker.join();
}

TEST(RabbitMqSending, CloseSendsWhatIsQueuedAndADestinationStartsAgain) {
  const std::string exchange = fresh_exchange();
  Loop loop(options_for(exchange), 1'500, 1'500);
  loop.start();
  ASSERT_TRUE(loop.wait_for(HealthState::up));
  ASSERT_TRUE(loop.run_until([&] { return loop.sent() == 1'500; }));
  loop.close(20s);
  EXPECT_EQ(loop.accepted(), 1'500u);
  EXPECT_EQ(loop.in_flight(), 0u);
  loop.start();
  EXPECT_TRUE(loop.wait_for(HealthState::up));
  EXPECT_EQ(check_complete(broker().drain(exchange), 1'500, 1'500), "");
}

}  // namespace
}  // namespace user_events::tests
