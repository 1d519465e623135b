// Servers that are away, restarted, killed or that stand still.
#include <gtest/gtest.h>

#include <filesystem>

#include "destinations/nats/harness.h"

namespace user_events::tests {
namespace {

std::size_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator descriptors("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(descriptors), end(descriptors)));
}

TEST(NatsOutage, AServerThatIsDownAtStartIsWaitedFor) {
  const Place place(server());
  server().script().stop();
  Driver driver(place.options(), 500, 50);
  driver.start();
  ASSERT_TRUE(driver.wait_for(HealthState::down));
  EXPECT_NE(driver.detail().find("servers"), std::string::npos) << driver.detail();
  EXPECT_EQ(driver.in_flight(), 0u);
  server();
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(driver.destination().health().state, HealthState::up);
  EXPECT_EQ(place.check(500, 50), "");
}

TEST(NatsOutage, RestartsUnderLoadLoseAndReorderNothingAndDuplicateNothing) {
  const Place place(server());
  Driver driver(place.options(), 60'000, 500);
  driver.start();
  for (const std::uint64_t milestone : {1'000u, 20'000u, 40'000u}) {
    ASSERT_TRUE(driver.run_until([&] { return driver.accepted() > milestone; }));
    server().script().stop();
    driver.step(200ms);
    server();
  }
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(place.check(60'000, 500), "") << "the message id lets the server drop what was in doubt and stored";
}

TEST(NatsOutage, AKilledServerUnderLoadLosesAndReordersNothing) {
  const Place place(server());
  Driver driver(place.options(), 60'000, 500);
  driver.start();
  for (const std::uint64_t milestone : {1'000u, 30'000u}) {
    ASSERT_TRUE(driver.run_until([&] { return driver.accepted() > milestone; }));
    server().script().kill();
    driver.step(200ms);
    server();
  }
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(place.check(60'000, 500, true), "");
}

TEST(NatsOutage, AServerThatStandsStillIsGivenUpAndItsEventsAreInDoubt) {
  const Place place(server());
  Driver driver(place.options({{"ack_timeout", "1s"}, {"connect_timeout", "1s"}}), 3'000, 1'000);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() > 0; }));
  server().script().pause();
  const bool is_down = driver.wait_for(HealthState::down);
  const bool in_doubt = driver.run_until([&] { return driver.count(Outcome::in_doubt) > 0; });
  server().script().resume();
  ASSERT_TRUE(is_down && in_doubt);
  ASSERT_TRUE(driver.run());
  EXPECT_EQ(place.check(3'000, 1'000), "");
}

TEST(NatsOutage, CloseWhileTheServerStandsStillKeepsItsDeadlineAndReportsEverything) {
  const Place place(server());
  const std::size_t threads_before = threads_of_this_process(), descriptors_before = open_descriptors();
  {
    Driver driver(place.options(), 4'000, 4'000);
    driver.data_bytes = [](std::uint64_t) { return 20'000u; };  // more than the sockets hold
    driver.start();
    ASSERT_TRUE(driver.run_until([&] { return driver.accepted() > 0; }));
    server().script().pause();
    driver.step(50ms);
    const auto before = std::chrono::steady_clock::now();
    driver.close(500ms);
    const auto took = std::chrono::steady_clock::now() - before;
    driver.end();
    server().script().resume();
    EXPECT_LT(took, 3s);
    EXPECT_EQ(driver.in_flight(), 0u) << "every event that was taken has its report";
    EXPECT_GT(driver.count(Outcome::in_doubt), 0u);
  }
  const auto until = std::chrono::steady_clock::now() + 20s;
  // libnats keeps its own few threads for the process.
  while ((threads_of_this_process() > threads_before || open_descriptors() > descriptors_before) && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(20ms);
  EXPECT_LE(threads_of_this_process(), threads_before);
  EXPECT_LE(open_descriptors(), descriptors_before);
}

TEST(NatsOutage, AStreamThatDisappearsAndComesBackLosesNoEvent) {
  const Place place(server());
  Driver driver(place.options(), 2'000, 50);
  driver.start();
  ASSERT_TRUE(driver.run_until([&] { return driver.accepted() > 100; }));
  const std::uint64_t before = driver.accepted();
  server().delete_stream(place.stream);
  ASSERT_TRUE(driver.run_until([&] { return driver.count(Outcome::unavailable) > 0; }));
  EXPECT_TRUE(driver.refused().empty());
  server().create_stream(place.stream, place.prefix + ".>");
  ASSERT_TRUE(driver.run());
  EXPECT_GE(place.nats.read_all(place.stream).size() + before, 1'900u);
}

}  // namespace
}  // namespace user_events::tests
