// What happens when a destination stays behind: the alarm, `lag_action = "refuse"` and `"detach"`, with a real journal and files that
// cannot be written until their folder is there.
#include "publisher/lag_cap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "support/log_capture.h"
#include "support/temporary_directory.h"
#include "user_events/publisher.h"

namespace user_events::publisher {
namespace {

using namespace std::chrono_literals;

TEST(LagCap, TheCapThatIsUsedMostCounts) {
  DestinationOptions options;
  delivery::RunnerStats stats;
  stats.lag_bytes = 90;
  stats.lag_age = 500ms;
  EXPECT_EQ(lag_use(options, stats).share, 0) << "without caps";
  options.max_lag_bytes = 100;
  EXPECT_EQ(lag_use(options, stats).cap, "max_lag_bytes");
  EXPECT_DOUBLE_EQ(lag_use(options, stats).share, 0.9);
  options.max_lag_age = 1s;
  EXPECT_EQ(lag_use(options, stats).cap, "max_lag_bytes");
  stats.lag_age = 2s;
  EXPECT_EQ(lag_use(options, stats).cap, "max_lag_age");
  EXPECT_DOUBLE_EQ(lag_use(options, stats).share, 2.0);
}

TEST(LagCap, AnAlarmComesBeforeTheCapAndThereIsNoFlickerAroundAThreshold) {
  auto state = LagState::calm;
  const auto follow = [&](double share) { return state = next_lag_state(state, share); };
  EXPECT_EQ(follow(0.79), LagState::calm);
  EXPECT_EQ(follow(0.80), LagState::near);
  EXPECT_EQ(follow(0.70), LagState::near);
  EXPECT_EQ(follow(1.00), LagState::near) << "at the cap is not over it";
  EXPECT_EQ(follow(1.01), LagState::over);
  EXPECT_EQ(follow(0.95), LagState::over) << "it has not caught up";
  EXPECT_EQ(follow(0.79), LagState::near);
  EXPECT_EQ(follow(0.59), LagState::calm);
  EXPECT_EQ(follow(5.00), LagState::over);
  EXPECT_EQ(follow(0.00), LagState::calm);
}

class LaggingDestination : public testing::Test {
 protected:
  LaggingDestination() {
    options_.data_dir = (folder_ / "data").string();
    add_destination("late");
  }

  /// A file whose folder is not there: the destination is down until `let_in`.
  DestinationOptions& add_destination(const std::string& name) {
    auto& destination = options_.destinations.emplace_back();
    destination.name = name;
    destination.kind = "file";
    destination.topic = (folder_ / name / "events.ndjson").string();
    return destination;
  }
  void let_in(const std::string& name) { std::filesystem::create_directory(folder_ / name); }

  void open() {
    auto opened = UserEventPublisher::open(options_);
    ASSERT_TRUE(opened) << describe(opened.error());
    publisher_.emplace(std::move(*opened));
  }
  Result<Receipt> publish() {
    const auto user = "u-" + std::to_string(published_++ % 7);
    return publisher_->publish(UserCreated{.user_id = user, .email = user + "@example.com", .status = "active"});
  }

  static bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }
  DestinationStatus late() { return publisher_->status().destinations.at(0); }
  [[nodiscard]] bool has_metric(const std::string& line) { return publisher_->metrics().find("\n" + line + "\n") != std::string::npos; }
  [[nodiscard]] bool has_note(const std::string& part) {
    return std::ranges::any_of(late().notes, [&](const auto& note) { return note.find(part) != std::string::npos; });
  }

  void expect_gap(std::uint64_t first, std::uint64_t last) {
    const auto gaps = late().gaps;
    ASSERT_EQ(gaps.size(), 1u);
    EXPECT_EQ(gaps[0].first, first);
    EXPECT_EQ(gaps[0].last, last);
    EXPECT_EQ(gaps[0].events, last - first + 1);
    EXPECT_LT(std::chrono::abs(std::chrono::system_clock::now() - gaps[0].at), 5min);
    EXPECT_NE(gaps[0].reason.find("lag_action = \"detach\""), std::string::npos) << gaps[0].reason;
  }

  static std::string value_of(const std::string& line, const std::string& member) {
    const auto name = "\"" + member + "\":\"";
    const auto at = line.find(name);
    if (at == std::string::npos) throw std::runtime_error("no " + member + " in " + line);
    const auto begin = at + name.size();
    return line.substr(begin, line.find('"', begin) - begin);
  }

  /// The sequences in a destination's file, in its order; each user's are ascending.
  std::vector<std::uint64_t> delivered_in_order(const std::string& name) {
    std::ifstream in(folder_ / name / "events.ndjson");
    std::vector<std::uint64_t> all;
    std::map<std::string, std::uint64_t> last;
    for (std::string line; std::getline(in, line);) {
      const auto user = value_of(line, "userId");
      all.push_back(std::stoull(value_of(line, "sequence")));
      EXPECT_LT(std::exchange(last[user], all.back()), all.back()) << "order of user " << user;
    }
    return all;
  }

  user_events::test::TemporaryDirectory directory_;
  const std::filesystem::path folder_ = directory_.path();
  user_events::test::LogCapture log_;
  Options options_;
  std::optional<UserEventPublisher> publisher_;
  int published_ = 0;
};

constexpr std::uint64_t kCapBytes = 128 << 10;

TEST_F(LaggingDestination, OverItsCapRefusesPublishingAfterAnAlarmUntilItHasCaughtUp) {
  options_.destinations[0].max_lag_bytes = kCapBytes;
  open();
  while (late().lag_bytes < kCapBytes * 85 / 100) ASSERT_TRUE(publish());
  ASSERT_TRUE(eventually([&] { return late().lag_alarm == "near"; }));
  EXPECT_TRUE(has_note("% of max_lag_bytes used: at the cap publishing is refused"));
  EXPECT_TRUE(publisher_->status().accepting);
  ASSERT_TRUE(publish()) << "the alarm alone refuses nothing";

  while (late().lag_bytes <= kCapBytes) ASSERT_TRUE(publish());
  ASSERT_TRUE(eventually([&] { return !publish(); }));
  const auto refused = publish();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::full);
  EXPECT_EQ(traits(refused.error().kind).http_status, 503);
  EXPECT_EQ(refused.error().code, "lag-cap");
  EXPECT_EQ(refused.error().message, "destination 'late' is over its lag cap (max_lag_bytes)");
  EXPECT_NE(refused.error().hint.find("max_lag_bytes"), std::string::npos);
  EXPECT_EQ(late().lag_alarm, "refusing");
  EXPECT_FALSE(publisher_->status().accepting);
  EXPECT_EQ(publisher_->status().problem, refused.error().message);
  EXPECT_TRUE(has_metric("user_events_accepting 0"));

  let_in("late");
  ASSERT_TRUE(eventually([&] { return publish().has_value(); }));
  ASSERT_TRUE(publisher_->flush(20s));
  ASSERT_TRUE(eventually([&] { return late().lag_alarm.empty(); }));
  EXPECT_EQ(delivered_in_order("late").size(), publisher_->last_sequence());
  EXPECT_EQ(late().lost_to_retention, 0u);
  publisher_.reset();
  const auto text = log_.text();
  const auto alarm = text.find("warning destination 'late': 8"), over = text.find("error destination 'late': over max_lag_bytes: publishing is refused");
  EXPECT_NE(alarm, std::string::npos) << text;
  EXPECT_NE(over, std::string::npos) << text;
  EXPECT_LT(alarm, over);
}

TEST_F(LaggingDestination, AnEventThatWaitsLongerThanTheCapOfAgeRefusesPublishing) {
  options_.destinations[0].max_lag_age = 300ms;
  open();
  ASSERT_TRUE(publish());
  ASSERT_TRUE(eventually([&] { return !publish(); }));
  EXPECT_EQ(publish().error().message, "destination 'late' is over its lag cap (max_lag_age)");
  let_in("late");
  ASSERT_TRUE(eventually([&] { return publish().has_value(); }));
}

TEST_F(LaggingDestination, DetachedNoLongerHoldsTheJournalAndTheGapIsRecorded) {
  options_.destinations[0].max_lag_bytes = kCapBytes;
  options_.destinations[0].lag_action = LagAction::detach;
  options_.destinations[0].window_events = 50;  // what it has in memory it delivers all the same
  add_destination("prompt");
  let_in("prompt");
  options_.journal.segment_bytes = 16 << 10;
  options_.journal.retention_bytes = 32 << 10;
  options_.journal.idempotency_window = 0ms;
  open();

  while (late().lag_cap_used < 0.82) ASSERT_TRUE(publish());
  ASSERT_TRUE(eventually([&] { return late().lag_alarm == "near"; }));
  while (late().lag_cap_used < 0.98) ASSERT_TRUE(publish());  // another segment ends: retention looks again
  EXPECT_EQ(publisher_->status().first_sequence, 1u) << "below its cap it holds the journal";
  while (late().lag_cap_used <= 1) ASSERT_TRUE(publish());
  ASSERT_TRUE(eventually([&] { return late().lag_alarm == "detached"; }));
  EXPECT_TRUE(has_note("over max_lag_bytes: detached"));
  EXPECT_TRUE(has_metric(R"(user_events_destination_detached{destination="late",kind="file"} 1)"));
  EXPECT_TRUE(has_metric(R"(user_events_destination_detached{destination="prompt",kind="file"} 0)"));
  ASSERT_TRUE(eventually([&] {
    EXPECT_TRUE(publish()) << "publishing goes on";
    return publisher_->status().first_sequence > 200;
  }));
  ASSERT_TRUE(eventually([&] { return publisher_->status().destinations.at(1).lag_events == 0; }));

  let_in("late");
  ASSERT_TRUE(publisher_->flush(20s));
  ASSERT_TRUE(publish());
  ASSERT_TRUE(publisher_->flush(20s));
  const auto got = delivered_in_order("late");
  ASSERT_GT(got.size(), 50u);
  EXPECT_EQ(got.front(), 1u);
  EXPECT_EQ(got.back(), publisher_->last_sequence());
  const auto lost = publisher_->last_sequence() - got.size();
  const auto gap = std::ranges::adjacent_find(got, [](auto a, auto b) { return b != a + 1; });
  ASSERT_NE(gap, got.end());
  EXPECT_EQ(*(gap + 1) - *gap - 1, lost) << "one gap, and everything after it in order";
  EXPECT_EQ(late().lost_to_retention, lost);
  const std::uint64_t first = *gap + 1, last = *(gap + 1) - 1;
  expect_gap(first, last);
  EXPECT_TRUE(has_metric(R"(user_events_destination_lost_to_retention_total{destination="late",kind="file"} )" + std::to_string(lost)));
  ASSERT_TRUE(eventually([&] { return late().lag_alarm.empty(); }));
  EXPECT_EQ(delivered_in_order("prompt").size(), publisher_->last_sequence()) << "the other destination misses nothing";
  EXPECT_EQ(publisher_->status().destinations.at(1).lost_to_retention, 0u);
  EXPECT_EQ(publisher_->wait_delivered(last, 5s).at(0).state, "lost");
  EXPECT_FALSE(publisher_->wait_delivered(last, 5s).at(0).delivered);
  EXPECT_EQ(publisher_->wait_delivered(last, 5s).at(1).state, "delivered");
  EXPECT_EQ(publisher_->wait_delivered(last + 1, 5s).at(0).state, "delivered");
  publisher_.reset();
  open();
  expect_gap(first, last);
  EXPECT_EQ(publisher_->wait_delivered(first, 5s).at(0).state, "lost");
  publisher_.reset();
  options_.read_only = true;
  open();
  expect_gap(first, last);
  publisher_.reset();
  EXPECT_NE(log_.text().find("error destination 'late': over max_lag_bytes: detached"), std::string::npos) << log_.text();
  const auto text = std::to_string(lost) + " events between sequences " + std::to_string(first) + " and " + std::to_string(last) + " were removed by retention";
  EXPECT_NE(log_.text().find("error destination 'late': " + text), std::string::npos) << log_.text();
}

}  // namespace
}  // namespace user_events::publisher
