// The fixture: journal → runner → adapter (watched) → the real broker, and what must then have arrived.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "broker_under_test.h"
#include "delivery/runner_fixture.h"
#include "watched_destination.h"

namespace user_events::tests::conformance {

using destinations::HealthState;
using destinations::Outcome;
using std::chrono::milliseconds;

class Conformance : public delivery::test::RunnerTest, public testing::WithParamInterface<Subject> {
 protected:
  static constexpr milliseconds kPatience{60'000};  ///< For anything that happens in the end.
  static constexpr std::size_t kUsers = 20;

  Conformance();
  /// Stops what runs, and finds no broken promise.
  void TearDown() override;

  /// From here on the runner sends with these settings.
  void use(const DestinationOptions& settings);
  void start_delivery();
  /// Publishes that many events (the broker's share of them) of `users` users, in turn. Durable when it returns.
  void publish(std::size_t count, std::size_t users = kUsers, std::size_t data_bytes = 0);
  [[nodiscard]] std::size_t published() const { return key_of_.size() - 1; }
  /// One event; its sequence.
  std::uint64_t publish_one(const std::string& key, const std::string& type = "user.created", std::size_t data_bytes = 0);

  [[nodiscard]] destinations::Health health() const { return runner_->stats().health; }
  [[nodiscard]] bool is_in_state(HealthState state) const { return health().state == state; }
  static bool in_the_end(const std::function<bool()>& condition) { return eventually(condition, kPatience); }
  /// Waits until nothing is left to be delivered.
  void expect_drained();
  /// What has arrived is what was published (but for the keys in `without`), each key's first deliveries in order; repeated ones are the
  /// same. Waits for a reader that lags.
  void expect_arrived(const std::set<std::string>& without = {});
  /// Arrived more than once.
  [[nodiscard]] std::size_t repeats();
  void expect_no_dead_letters();
  /// None of the broker's secrets is in what status would show or a dead letter store.
  void expect_no_secret();

  /// What arrived, checked against what was published: empty, or what is wrong.
  [[nodiscard]] std::string check(const std::vector<Received>& received, const std::set<std::string>& without);

  BrokerUnderTest& broker_under_test_;
  Watch watch_;
  std::vector<std::string> key_of_ = {""};  ///< By sequence.
};

// The fixtures by what they ask of a broker. A subject that lacks it gets no such test; the table in the docs says why.
struct WithRestart : Conformance {};
struct WithKill : Conformance {};
struct WithPause : Conformance {};
struct WithCut : Conformance {};
struct WithPoison : Conformance {};
struct WithOversize : Conformance {};
struct WithAuthentication : Conformance {};
struct WithUnroutable : Conformance {};

/// Those that can be asked for it.
std::vector<Subject> subjects_with(Capability capability);
inline std::string name_of(const testing::TestParamInfo<Subject>& info) { return info.param.name; }
inline void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.name; }

}  // namespace user_events::tests::conformance
