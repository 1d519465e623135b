// Servers that are away, restarted, killed or that stand still; replicas.
#include <gtest/gtest.h>

#include "destinations/redis/harness.h"

namespace user_events::tests {
namespace {

TEST(RedisOutage, AServerThatIsDownAtStartIsWaitedFor) {
  const auto options = options_for(server(), fresh_key());
  server().script().stop();
  Driver driver(options, 500, 50);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  EXPECT_NE(driver.detail().find("address"), std::string::npos) << driver.detail();
  EXPECT_EQ(driver.in_flight(), 0u);
  server();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.destination().health().state, HealthState::up);
  EXPECT_EQ(check(server(), options.topic, 500, 50), "");
}

TEST(RedisOutage, RestartsAndKillsUnderLoadLoseAndReorderNothing) {
  const std::string key = fresh_key();
  Driver driver(options_for(server(), key), 60'000, 500);
  driver.start();
  bool kill = false;
  for (const std::uint64_t milestone : {1'000u, 15'000u, 30'000u, 45'000u}) {
    ASSERT_TRUE(driver.run_until([&] { return driver.accepted() > milestone; }));
    driver.step(0ms);  // so that some are under way
    if (kill)
      server().script().kill();
    else
      server().script().stop();
    kill = !kill;
    driver.step(200ms);
    server();
  }
  ASSERT_TRUE(driver.run());
  EXPECT_TRUE(driver.refused().empty());
  EXPECT_EQ(check(server(), key, 60'000, 500, true), "");
}

TEST(RedisOutage, AnIdleDestinationNoticesThatTheServerWentAndIsBack) {
  Driver driver(options_for(server(), fresh_key()), 10);
  driver.start();
  ASSERT_TRUE(driver.run());
  server().script().stop();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  server();
  ASSERT_TRUE(driver.wait_for(HealthState::up));
}

TEST(RedisOutage, AServerThatStandsStillIsGivenUpAndItsEventsAreInDoubt) {
  const std::string key = fresh_key();
  Driver driver(options_for(server(), key, {{"reply_timeout", "1s"}, {"connect_timeout", "1s"}}), 3'000, 1'000);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() > 0; }));
  server().script().pause();
  const bool in_doubt = driver.run_until([&] { return driver.count(Outcome::in_doubt) > 0; });
  const bool is_down = driver.destination().health().state == HealthState::down;
  server().script().resume();
  ASSERT_TRUE(in_doubt && is_down);
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(check(server(), key, 3'000, 1'000, true), "");
}

TEST(RedisOutage, CloseWhileTheServerStandsStillKeepsItsDeadlineAndTellsWhatWasSent) {
  Driver driver(options_for(server(), fresh_key()), 4'000, 4'000);
  driver.data_bytes = [](std::uint64_t) { return 20'000u; };  // more than the sockets hold
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() > 0; }));
  server().script().pause();
  driver.step(50ms);
  const auto before = std::chrono::steady_clock::now();
  driver.close(500ms);
  const auto took = std::chrono::steady_clock::now() - before;
  server().script().resume();
  EXPECT_LT(took, 2s);
  EXPECT_EQ(driver.in_flight(), 0u) << "every event that was taken has its report";
  EXPECT_GT(driver.count(Outcome::in_doubt), 0u);
  EXPECT_GT(driver.count(Outcome::unavailable), 0u) << "what had not left is known not to be there";
}

TEST(RedisOutage, WithWaitReplicasAcceptedMeansOnAReplica) {
  RedisServer replica("replicaof 127.0.0.1 " + std::to_string((server(), server().script().port())));
  replica.start();
  const std::string key = fresh_key();
  Driver driver(options_for(server(), key, {{"wait_replicas", "1"}}), 2'000, 100);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(replica.read_all(key).size(), 2'000u);

  // Without its replica nothing is accepted, nothing is added twice, and `status` says why.
  replica.script().stop();
  const std::string other = fresh_key();
  Driver waiting(options_for(server(), other, {{"wait_replicas", "1"}}), 100, 100);
  waiting.start();
  ASSERT_TRUE(waiting.wait_for(HealthState::down));
  EXPECT_NE(waiting.detail().find("0 of 1 replicas"), std::string::npos) << waiting.detail();
  EXPECT_EQ(waiting.accepted(), 0u);
  replica.start();
  ASSERT_TRUE(waiting.run());
  EXPECT_EQ(check(server(), other, 100, 100), "");
  EXPECT_EQ(waiting.destination().health().state, HealthState::up);
}

}  // namespace
}  // namespace user_events::tests
