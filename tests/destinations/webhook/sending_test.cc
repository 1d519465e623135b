// What arrives at a receiver that takes everything.
#include <set>

#include "destinations/webhook/harness.h"

namespace user_events::tests {
namespace {

TEST(WebhookSending, EverythingArrivesOnceInOrderAndSignedOverConnectionsThatAreKept) {
  for (const char* format : {"cloudevents", "cloudevents-binary", "plain"}) {
    const std::string place = fresh_place();
    auto options = options_for(receiver().url(place));
    options.format = format;
    Driver driver(options, 300, 20);
    driver.start();
    ASSERT_TRUE(driver.run());
    EXPECT_EQ(driver.accepted(), 300u) << driver.detail();
    EXPECT_EQ(check(place, 300, 20), "") << format;
    EXPECT_LE(driver.most_in_flight(), 8u);
    std::set<int> connections;
    for (const auto& request : receiver().read_all(place)) connections.insert(request.connection);
    EXPECT_LE(connections.size(), 9u);
    driver.close(1s);
  }
}

TEST(WebhookSending, NeverMoreIsUnderWayThanMaxInFlight) {
  const std::string place = fresh_place("204 delay=0.05");
  Driver driver(options_for(receiver().url(place), {{"max_in_flight", "2"}}), 20, 20);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.most_in_flight(), 2u);
}

TEST(WebhookSending, WithTwoSecretsTheReceiverKnowsEither) {
  const std::string place = fresh_place();
  for (const char* known : {kSecret, kOtherSecret}) {
    receiver().set_secrets({known});
    Driver driver(
        options_for(receiver().url(place), {{"secret", kOtherSecret}, {"previous_secret", kSecret}}), 10);
    driver.start();
    EXPECT_TRUE(driver.run()) << known;
    EXPECT_EQ(driver.accepted(), 10u);
  }
  receiver().set_secrets({kSecret});
}

TEST(WebhookSending, HeadersOfTheConfigurationAndTheQueryArrive) {
  const std::string place = fresh_place();
  Driver driver(options_for(receiver().url(place) + "?key=1",
                            {{"headers.Authorization", "Bearer t0ken"}, {"headers.User-Agent", "mine"}}),
                1);
  driver.start();
  ASSERT_TRUE(driver.run());
  auto request = receiver().read_all(place).at(0);
  EXPECT_EQ(request.headers["authorization"], "Bearer t0ken");
  EXPECT_EQ(request.headers["user-agent"], "mine");
  EXPECT_FALSE(request.headers.contains("expect"));
}

TEST(WebhookSending, AReplayHasAnIdOfItsOwn) {
  const std::string place = fresh_place();
  Driver driver(options_for(receiver().url(place)), 2, 2);
  driver.replay = [](std::uint64_t n) { return n == 2 ? 3u : 0u; };
  driver.start();
  ASSERT_TRUE(driver.run());
  std::set<std::string> ids;
  for (auto& request : receiver().read_all(place)) ids.insert(request.headers["webhook-id"]);
  EXPECT_EQ(ids, (std::set<std::string>{"event-1", "event-2%2E3"}));
}

TEST(WebhookSending, AnAnswerOfAnyLengthIsAcceptedByItsStatusAndNothingOfItIsKept) {
  const std::string place = fresh_place("200 body=3000000\n200 body=40\n202 body=70000");
  Driver driver(options_for(receiver().url(place)), 12, 4);
  driver.start();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.accepted(), 12u);
  EXPECT_EQ(check(place, 12, 4), "");
}

TEST(WebhookSending, AProxyOfTheEnvironmentIsNotUsed) {
  ASSERT_EQ(::setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
  ASSERT_EQ(::setenv("all_proxy", "http://127.0.0.1:1", 1), 0);
  const std::string place = fresh_place();
  Driver driver(options_for(receiver().url(place)), 3);
  driver.start();
  EXPECT_TRUE(driver.run());
  ::unsetenv("http_proxy");
  ::unsetenv("all_proxy");
}

}  // namespace
}  // namespace user_events::tests
