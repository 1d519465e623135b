// Receivers that take nothing, not this, or not now.
#include <map>

#include "destinations/webhook/harness.h"

namespace user_events::tests {
namespace {

using std::chrono::steady_clock;

steady_clock::duration time_to_run(Driver& driver) {
  const auto before = steady_clock::now();
  driver.start();
  EXPECT_TRUE(driver.run());
  return steady_clock::now() - before;
}

TEST(WebhookRefusal, AnOutageIsWaitedForAndOneEventAsksWhetherItIsOver) {
  const std::string place =
      fresh_place("503\n503\n401\n404\n302 header:Location=http://169.254.169.254/\n204");
  Driver driver(options_for(receiver().url(place), {{"max_in_flight", "1"}}), 20);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.count(Outcome::unavailable), 5u);
  EXPECT_EQ(driver.count(Outcome::retry) + driver.count(Outcome::refused) + driver.count(Outcome::in_doubt),
            0u);
  EXPECT_EQ(check(place, 20, 10), "");
  EXPECT_EQ(driver.destination().health().state, HealthState::up);
}

TEST(WebhookRefusal, WhileItLastsOnlyOneEventAtATimeIsSpentOnIt) {
  const std::string place = fresh_place("429");
  Driver driver(options_for(receiver().url(place)), 100, 100);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.count(Outcome::unavailable) >= 8 + 5; }));
  EXPECT_EQ(driver.destination().health().state, HealthState::down);
  EXPECT_LE(driver.in_flight(), 1u);
  EXPECT_NE(driver.detail().find("status 429"), std::string::npos) << driver.detail();
  driver.close(1s);
}

TEST(WebhookRefusal, RetryAfterIsObeyedInSecondsAndAsADate) {
  for (const char* answer :
       {"503 header:Retry-After=2", "429 date-in=3"}) {  // a date has whole seconds: at least two
    const std::string place = fresh_place(std::string(answer) + "\n204");
    Driver driver(options_for(receiver().url(place), {{"max_in_flight", "1"}}), 2, 1);
    EXPECT_GE(time_to_run(driver), 2s) << answer;
    EXPECT_EQ(check(place, 2, 1), "");
  }
}

TEST(WebhookRefusal, ARetryAfterThatIsNonsenseOrPastChangesNothing) {
  for (const char* words :
       {"header:Retry-After=soon", "header:Retry-After=-5", "date-in=-100", "header:Retry-After="}) {
    const std::string place = fresh_place(std::string("503 ") + words + "\n204");
    Driver driver(options_for(receiver().url(place)), 1);
    driver.start();
    EXPECT_TRUE(driver.run()) << words;
  }
}

TEST(WebhookRefusal, AServersErrorIsThatEventsAloneAndIsTriedAgain) {
  const std::string place = fresh_place("500\n408\n425\n204");
  Driver driver(options_for(receiver().url(place), {{"max_in_flight", "1"}}), 10);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.count(Outcome::retry), 3u);
  EXPECT_EQ(driver.count(Outcome::unavailable), 0u);
  EXPECT_EQ(check(place, 10, 10), "");
}

TEST(WebhookRefusal, WhatTheReceiverNeverTakesIsRefusedWithItsStatusAndNothingElse) {
  const std::string place = fresh_place("422 body=30\n204");
  Driver driver(options_for(receiver().url(place) + "?key=url-token", {{"max_in_flight", "1"}}), 10);
  driver.start();
  ASSERT_TRUE(driver.run());
  ASSERT_EQ(driver.refused().size(), 1u);
  EXPECT_EQ(driver.refused().begin()->second, "answered with status 422");
}

TEST(WebhookRefusal, AReceiverThatIsGoneIsAskedNothingMoreUntilTheNextStart) {
  const std::string place = fresh_place("410\n204");
  Driver driver(options_for(receiver().url(place), {{"max_in_flight", "1"}}), 10);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  for (int i = 0; i < 50; ++i) driver.step();
  EXPECT_EQ(receiver().read_all(place).size(), 1u);
  EXPECT_EQ(driver.count(Outcome::unavailable), 1u);
  EXPECT_NE(driver.detail().find("wants no more"), std::string::npos) << driver.detail();
  driver.close(1s);
  driver.start();
  EXPECT_TRUE(driver.run());
  EXPECT_EQ(driver.accepted(), 10u);
}

TEST(WebhookRefusal, ARedirectToAPrivateAddressIsNotFollowed) {
  const std::string other = fresh_place();
  const std::string place = fresh_place("307 header:Location=" + receiver().url(other) + "\n204");
  Driver driver(options_for(receiver().url(place)), 1);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_TRUE(receiver().read_all(other).empty());
  EXPECT_EQ(*driver.reasons().begin(),
            "answered with status 307 (redirects are not followed: give the new place as url)");
}

}  // namespace
}  // namespace user_events::tests
