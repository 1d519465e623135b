// Events and servers that do not fit.
#include <gtest/gtest.h>

#include "destinations/redis/harness.h"

namespace user_events::tests {
namespace {

TEST(RedisRefusal, AnEventOverTheServersValueLimitIsRefusedAndHoldsUpItsUserOnly) {
  RedisServer small("proto-max-bulk-len 1mb");
  small.start();
  Driver driver(options_for(small, "k"), 300, 30);
  driver.data_bytes = [](std::uint64_t n) { return n == 7 ? 2u << 20 : 40u; };
  driver.start();
  ASSERT_TRUE(driver.run());
  ASSERT_EQ(driver.refused().size(), 1u);
  EXPECT_NE(driver.refused().at(7).find("proto-max-bulk-len"), std::string::npos) << driver.refused().at(7);
  EXPECT_EQ(driver.accepted(), 290u);
}

TEST(RedisRefusal, WhereTheLimitMayNotBeReadTheServersAnswerFindsTheOneThatIsTooLarge) {
  RedisServer small("proto-max-bulk-len 1mb\nuser sender on >s3cret ~* +xadd");
  small.start();
  Driver driver(options_for(small, "k", {{"user", "sender"}, {"password", "s3cret"}}), 300, 30);
  driver.data_bytes = [](std::uint64_t n) { return n == 7 ? 2u << 20 : 40u; };
  driver.start();
  ASSERT_TRUE(driver.run());
  ASSERT_EQ(driver.refused().size(), 1u);
  EXPECT_NE(driver.refused().at(7).find("proto-max-bulk-len"), std::string::npos) << driver.refused().at(7);
  EXPECT_EQ(driver.accepted(), 290u);
  small.command({"CONFIG", "SET", "proto-max-bulk-len", "64mb"});
  EXPECT_EQ(small.read_all("k").size(), 290u) << "what came behind it was not carried out, so nothing is there twice";
}

TEST(RedisRefusal, AFullServerMakesEventsWaitAndCountsNoAttempt) {
  RedisServer full("maxmemory 100kb");
  full.start();
  Driver driver(options_for(full, "k"), 50, 10);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.count(Outcome::unavailable) > 20; }));
  EXPECT_EQ(driver.count(Outcome::retry), 0u);
  EXPECT_EQ(driver.reasons().begin()->substr(0, 3), "OOM");
  EXPECT_NE(driver.reasons().begin()->find("raise it"), std::string::npos);
  full.command({"CONFIG", "SET", "maxmemory", "0"});
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(check(full, "k", 50, 10), "");
}

TEST(RedisRefusal, AKeyThatHoldsSomethingElseConcernsItsTypeOnly) {
  const std::string prefix = fresh_key();
  server().command({"SET", prefix + ".user.updated", "text"});
  Driver driver(options_for(server(), prefix + ".{type}"), 100, 10);
  driver.type = [](std::uint64_t n) { return n % 10 == 3 ? "user.updated" : "user.created"; };
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() == 90 && driver.count(Outcome::retry) > 0; }));
  EXPECT_EQ(driver.count(Outcome::unavailable), 0u);
  server().command({"DEL", prefix + ".user.updated"});
  ASSERT_TRUE(driver.run());
}

TEST(RedisRefusal, AReplicaIsNotWrittenTo) {
  RedisServer replica("replicaof 127.0.0.1 " + std::to_string((server(), server().script().port())));
  replica.start();
  Driver driver(options_for(replica, fresh_key()), 10, 10);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  EXPECT_NE(driver.detail().find("primary"), std::string::npos) << driver.detail();
}

TEST(RedisRefusal, APrimaryThatBecomesAReplicaMakesEventsWait) {
  RedisServer primary;
  primary.start();
  Driver driver(options_for(primary, "k"), 1'000, 10);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() > 0; }));
  primary.command({"REPLICAOF", "127.0.0.1", std::to_string((server(), server().script().port()))});
  ASSERT_TRUE(driver.run_until([&] { return driver.count(Outcome::unavailable) > 0; }));
  EXPECT_EQ(driver.reasons().begin()->substr(0, 8), "READONLY");
  EXPECT_EQ(driver.count(Outcome::retry), 0u);
}

TEST(RedisRefusal, AClusterIsSaidNotToBeSupported) {
  RedisServer cluster("cluster-enabled yes");
  cluster.start();
  Driver driver(options_for(cluster, "k"), 10, 10);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  EXPECT_NE(driver.detail().find("Redis Cluster is not supported"), std::string::npos) << driver.detail();
}

TEST(RedisRefusal, AServerThatDoesNotSaveEverythingIsNamedInStatus) {
  RedisServer careless("appendonly no");
  careless.start();
  Driver driver(options_for(careless, "k"), 1, 1);
  driver.start();
  ASSERT_TRUE(driver.run());
  ASSERT_EQ(driver.destination().health().notes.size(), 1u);
  EXPECT_NE(driver.destination().health().notes[0].find("appendonly"), std::string::npos);
}

}  // namespace
}  // namespace user_events::tests
