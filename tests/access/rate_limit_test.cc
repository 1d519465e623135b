#include "access/rate_limit.h"

#include <gtest/gtest.h>

namespace user_events::access {
namespace {

using namespace std::chrono_literals;
constexpr RateLimit::TimePoint kStart{1'000h};

int taken(RateLimit& limit, RateLimit::TimePoint now) {
  int count = 0;
  while (count < 100'000 && !limit.take(now)) ++count;
  return count;
}

TEST(RateLimit, ReadsRates) {
  EXPECT_EQ(parse_rate("1000/s")->per_second, 1'000);
  EXPECT_EQ(parse_rate("60/m")->per_second, 1);
  EXPECT_EQ(parse_rate("36/h")->per_second, 0.01);
  for (const char* text : {"", "0/s", "-1/s", "1", "1/", "1/d", "1 /s", "1.5/s", "10000001/s", "99999999999/s"})
    EXPECT_FALSE(parse_rate(text).has_value()) << text;
}

TEST(RateLimit, GivesOneSecondsWorthAtOnceThenTheRate) {
  RateLimit limit(*parse_rate("10/s"));
  EXPECT_EQ(taken(limit, kStart), 10);
  EXPECT_EQ(limit.take(kStart), std::optional<std::chrono::nanoseconds>(100ms));
  EXPECT_FALSE(limit.has_room(kStart + 99ms));
  EXPECT_TRUE(limit.has_room(kStart + 100ms));
  EXPECT_EQ(taken(limit, kStart + 100ms), 1);
  EXPECT_EQ(taken(limit, kStart + 1h), 10);
}

TEST(RateLimit, ASlowRateGivesOneAtATime) {
  RateLimit limit(*parse_rate("1/h"));
  EXPECT_EQ(taken(limit, kStart), 1);
  EXPECT_EQ(taken(limit, kStart + 59min), 0);
  EXPECT_EQ(taken(limit, kStart + 60min), 1);
}

TEST(RateLimit, WhatIsChargedAfterwardsDelaysTheNext) {
  RateLimit limit(*parse_rate("10/s"));
  limit.charge(30, kStart);  // ten were there: twenty are owed
  EXPECT_EQ(taken(limit, kStart + 2s), 0);
  EXPECT_EQ(taken(limit, kStart + 2100ms), 1);
}

TEST(RateLimit, AHugeChargeDelaysForAMinuteAtMost) {
  RateLimit limit(*parse_rate("1/s"));
  limit.charge(~0ull, kStart);
  limit.charge(~0ull, kStart);
  EXPECT_FALSE(limit.has_room(kStart + 59s));
  EXPECT_TRUE(limit.has_room(kStart + 61s));
}

}  // namespace
}  // namespace user_events::access
