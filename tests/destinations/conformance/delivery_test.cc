// Delivery while nothing is wrong, and over restarts of our own side.
#include <dirent.h>

#include <thread>

#include "conformance.h"
#include "destinations/encode.h"

namespace user_events::tests::conformance {
namespace {

std::vector<std::string> formats_of(const DestinationOptions& options) {
  std::vector<std::string> taken;
  for (const std::string format : {"cloudevents", "cloudevents-binary", "plain"}) {
    auto with_format = options;
    with_format.format = format;
    if (destinations::check(*destinations::find_kind(options.kind), with_format)) taken.push_back(format);
  }
  return taken;
}

std::size_t entries(const char* folder) {
  std::size_t count = 0;
  DIR* const open = ::opendir(folder);
  while (::readdir(open) != nullptr) ++count;
  ::closedir(open);
  return count;
}
/// What this process holds.
struct Held {
  std::size_t descriptors = entries("/proc/self/fd"), threads = entries("/proc/self/task");
};

/// A client that is given up may be ended by a thread of its own, so it is waited for.
void expect_no_more_than(const Held& before) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  Held now;
  while ((now.descriptors > before.descriptors || now.threads > before.threads) && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(20));
    now = Held();
  }
  EXPECT_LE(now.descriptors, before.descriptors);
  EXPECT_LE(now.threads, before.threads);
}

TEST_P(Conformance, EveryEventArrivesOnceAndInTheOrderOfItsKey) {
  use(broker_under_test_.fresh());
  publish(500);
  start_delivery();
  publish(500);
  expect_drained();
  expect_arrived();
  EXPECT_EQ(repeats(), 0u);
  EXPECT_TRUE(is_in_state(HealthState::up)) << health().detail;
  EXPECT_EQ(watch_.count(Outcome::accepted), published());
  expect_no_dead_letters();
}

TEST_P(Conformance, OneKeyAloneKeepsItsOrder) {
  use(broker_under_test_.fresh());
  publish(200, 1);
  start_delivery();
  expect_drained();
  expect_arrived();
}

TEST_P(Conformance, EveryFormatThatItTakesNamesTheEvent) {
  const auto formats = formats_of(broker_under_test_.fresh());
  ASSERT_FALSE(formats.empty());
  for (const auto& format : formats) {
    SCOPED_TRACE(format);
    auto settings = broker_under_test_.fresh();
    settings.format = format;
    // A user's events of one journal go on; only what this place gets is compared.
    options_.name = "d-" + format;
    options_.start = "now";
    use(settings);
    start_delivery();
    ASSERT_TRUE(in_the_end([&] { return is_in_state(HealthState::up); })) << health().detail;
    const auto number = publish_one("Zoë/ключ 1");
    expect_drained();
    ASSERT_TRUE(in_the_end([&] { return !broker_under_test_.read_all().empty(); }));
    const auto arrived = broker_under_test_.read_all();
    ASSERT_EQ(arrived.size(), 1u);
    EXPECT_NE(arrived[0].body.find("\"n\":" + std::to_string(number)), std::string::npos) << arrived[0].body;
    EXPECT_EQ(arrived[0].body.find("specversion") != std::string::npos, format == "cloudevents");
    EXPECT_EQ(arrived[0].body.find("timestamp") != std::string::npos, format == "plain");
    if (!arrived[0].headers.empty() || format == "cloudevents") {
      EXPECT_EQ(arrived[0].id, "event-" + std::to_string(number));
      EXPECT_EQ(arrived[0].sequence.size(), 20u);
    }
    stop();
  }
}

TEST_P(Conformance, WhatWasSentAfterTheLastSavedPositionIsTheSameAgainOrNotSentAgain) {
  use(broker_under_test_.fresh());
  start_delivery();
  ASSERT_TRUE(in_the_end([&] { return is_in_state(HealthState::up) && state_->position("d")->has_value(); })) << health().detail;
  const auto before = state_->position("d")->value();
  publish(300);
  const auto sent_before = published();
  expect_drained();
  stop();
  ASSERT_TRUE(state_->save_position("d", before)) << "as if the process had been killed";
  publish(20);
  start_delivery();
  expect_drained();
  expect_arrived();
  const auto made = destinations::find_kind(options_.kind)->make(options_);
  ASSERT_TRUE(made);
  const auto& features = (*made)->features();
  if (features.reconciles || features.deduplication_window > milliseconds(0)) {
    EXPECT_EQ(repeats(), 0u);
  }
  EXPECT_GE(watch_.taken(), published() + (features.reconciles ? 0 : sent_before));
}

TEST_P(Conformance, AReplayIsNotTakenForADuplicate) {
  use(broker_under_test_.fresh());
  auto made = destinations::find_kind(options_.kind)->make(options_);
  ASSERT_TRUE(made) << describe(made.error());
  WatchedDestination destination(*std::move(made), watch_);
  ASSERT_TRUE(destination.start({}, journal_->id(), 0));
  for (const std::uint32_t replay : {0u, 1u, 2u}) {
    destinations::Message message;
    message.envelope = {.id = "event-1", .source = "urn:test", .type = "user.created", .partition_key = "u-1", .time_ms = 1'795'510'800'000,
                        .traceparent = {}, .tracestate = {}, .extensions = {}, .data = R"({"n":1})"};
    message.position = {.journal_id = journal_->id(), .sequence = 1};
    message.position.replay = replay;
    std::vector<destinations::Report> reports;
    ASSERT_TRUE(in_the_end([&] {
      if (destination.send(encode(options_, message)) == destinations::SendStatus::queued) return true;
      destination.poll(reports, milliseconds(10));
      return false;
    })) << destination.health().detail;
    ASSERT_TRUE(in_the_end([&] { return destination.poll(reports, milliseconds(10)), !reports.empty(); }));
    EXPECT_EQ(reports[0].outcome, Outcome::accepted) << reports[0].reason;
  }
  destination.close(milliseconds(5'000));
  EXPECT_TRUE(in_the_end([&] { return broker_under_test_.read_all().size() >= 3; })) << broker_under_test_.read_all().size() << " of 3";
}

TEST_P(Conformance, StartingAndStoppingAgainAndAgainLeavesNothingBehind) {
  use(broker_under_test_.fresh());
  const auto round = [&](milliseconds deadline) {
    start_delivery();
    ASSERT_TRUE(in_the_end([&] { return is_in_state(HealthState::up); })) << health().detail;
    publish(50);
    if (deadline > milliseconds(0)) expect_drained();
    stop(deadline);
  };
  round(milliseconds(5'000));  // what libraries make once and keep
  const Held before;
  for (int i = 0; i < 3; ++i) round(milliseconds(i % 2 == 0 ? 0 : 5'000));
  expect_no_more_than(before);
  start_delivery();
  expect_drained();
  expect_arrived();
}

TEST_P(WithRestart, StartingAndStoppingWhileTheBrokerIsAwayLeavesNothingBehind) {
  use(broker_under_test_.fresh());
  const auto round = [&] {
    start_delivery();
    ASSERT_TRUE(in_the_end([&] { return is_in_state(HealthState::down); }));
    stop(milliseconds(200));
  };
  broker_under_test_.stop();
  round();
  const Held before;
  for (int i = 0; i < 3; ++i) round();
  expect_no_more_than(before);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Conformance, testing::ValuesIn(subjects()), name_of);

}  // namespace
}  // namespace user_events::tests::conformance
