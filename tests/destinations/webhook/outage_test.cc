// Receivers that are away, slow, or go in the middle.
#include "brokers/tcp_proxy.h"
#include "destinations/webhook/harness.h"

namespace user_events::tests {
namespace {

TEST(WebhookOutage, AReceiverThatIsAwayIsWaitedForAndNothingIsInDoubt) {
  const std::string place = fresh_place();
  const std::string url = receiver().url(place);
  receiver().script().stop();
  Driver driver(options_for(url), 20);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  receiver();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.count(Outcome::in_doubt), 0u);
  EXPECT_EQ(check(place, 20, 10), "");
}

TEST(WebhookOutage, AnAnswerThatDoesNotComeOrEndsInTheMiddleIsInDoubtAndTheSameIsSentAgain) {
  const std::string place = fresh_place("200 close=before\n200 body=100 close=middle\n200 delay=3\n204");
  Driver driver(options_for(receiver().url(place), {{"max_in_flight", "1"}, {"request_timeout", "1s"}}), 3,
                1);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.count(Outcome::in_doubt), 3u);
  EXPECT_EQ(driver.count(Outcome::unavailable) + driver.count(Outcome::retry), 0u);
  EXPECT_EQ(check(place, 3, 1, true), "");
  const auto requests = receiver().read_all(place);
  ASSERT_EQ(requests.size(), 6u);
  EXPECT_EQ(requests[0].headers.at("webhook-id"), requests[3].headers.at("webhook-id"));
  for (const auto& reason : driver.reasons())
    EXPECT_EQ(reason.find("secret-of-the-answer"), std::string::npos);
}

TEST(WebhookOutage, AnEndpointThatConnectsAndNeverAnswersIsDownUntilOneEventIsAnswered) {
  const std::string place = fresh_place("200 delay=60\n200 delay=60\n200 delay=60\n204");
  Driver driver(options_for(receiver().url(place), {{"request_timeout", "1s"}}), 1);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.count(Outcome::in_doubt) == 1; }));
  std::set<std::string> seen;
  ASSERT_TRUE(driver.run_until([&] {
    const auto health = driver.destination().health();
    if (driver.accepted() == 0) seen.insert(health.state == HealthState::down ? health.detail : "not down");
    return driver.accepted() == 1;
  }));
  EXPECT_EQ(driver.count(Outcome::in_doubt), 3u);
  ASSERT_EQ(seen.size(), 1u) << *seen.begin() << ", " << *seen.rbegin();
  EXPECT_NE(seen.begin()->find("no answer in time"), std::string::npos) << *seen.begin();
  EXPECT_EQ(driver.destination().health().state, HealthState::up);
}

TEST(WebhookOutage, AServerThatSpeaksNoHttpIsInDoubtAndNothingItSaidIsShown) {
  const std::string place = fresh_place();
  auto& the_receiver = receiver();
  WebhookReceiver tls;
  tls.use_tls();
  tls.start();  // answers an HTTP request with a TLS alert
  Driver driver(options_for("http://127.0.0.1:" + std::to_string(tls.script().port()) + "/" + place), 1);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.count(Outcome::in_doubt) > 1; }));
  EXPECT_EQ(driver.accepted(), 0u);
  driver.close(1s);
  EXPECT_TRUE(the_receiver.read_all(place).empty());
}

TEST(WebhookOutage, AnIdleConnectionThatTheReceiverHasClosedCostsNothing) {
  const std::string place = fresh_place();
  TcpProxy proxy(receiver().script().port());
  proxy.pass();
  Driver driver(
      options_for("http://127.0.0.1:" + std::to_string(proxy.port()) + "/" + place, {{"max_in_flight", "1"}}),
      2, 1);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() == 1; }));
  proxy.cut();
  proxy.pass();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(check(place, 2, 1, true), "");
}

TEST(WebhookOutage, CloseGivesUpAtItsDeadlineAndReportsWhatIsLeft) {
  const std::string place = fresh_place("204 delay=20");
  Driver driver(options_for(receiver().url(place)), 3, 3);
  driver.start();
  ASSERT_TRUE(
      driver.run_until([&] { return driver.in_flight() == 3 && receiver().read_all(place).size() == 3; }));
  driver.close(100ms);
  EXPECT_EQ(driver.in_flight(), 0u);
  EXPECT_EQ(driver.count(Outcome::in_doubt), 3u);
}

}  // namespace
}  // namespace user_events::tests
