// A destination whose broker a test owns: it survives restarts of the runner and does as it is told.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "destinations/destination.h"
#include "destinations/waker.h"

namespace user_events::delivery::test {

using destinations::HealthState;
using destinations::Outcome;

/// Thread-safe.
class FakeBroker {
 private:
  template <class Read>
  auto with(Read&& read) const {
    std::lock_guard lock(mutex_);
    return read();
  }

 public:
  struct Delivery {
    std::uint64_t sequence;
    std::string id, key, data, journal_id;
    std::uint32_t replay = 0;
    std::uint32_t folded = 0;
    std::string target = {}, cause = {};  ///< Of the copy of a dead letter.
    std::string body = {}, headers = {};  ///< The further ones, a line each.
  };

  destinations::Features features{.ordered_pipeline = true, .max_in_flight = 1'000};

  /// Decides the outcome of an attempt; by default everything is accepted. Set before the runner starts.
  std::function<Outcome(const Delivery&)> decide = [](const Delivery&) { return Outcome::accepted; };
  std::function<void()> on_send = [] {};

  void set_silent(bool silent) { change([&] { silent_ = silent; }); }  ///< Takes events and reports nothing.
  void set_busy(bool busy) { change([&] { busy_ = busy; }); }
  void set_health(HealthState state, std::string detail = {}) { change([&] { health_ = {state, std::move(detail), {}}; }); }
  void set_resume(std::string text) { change([&] { resume_ = std::move(text); }); }
  /// What a reconciling destination reports at its next poll.
  void find(std::vector<std::uint64_t> sequences) {
    change([&] {
      for (const auto sequence : sequences) found_.push_back({sequence, Outcome::accepted, {}, 0});
    });
  }
  /// Reconciliation finds an event with that sequence and id.
  void find(std::uint64_t sequence, std::string_view id) {
    change([&] { found_.push_back({sequence, Outcome::accepted, {}, destinations::id_mark(id)}); });
  }
  /// Reconciliation ends: one poll reports these events, and from then on `resume` is the resume state.
  void reconcile(const std::map<std::uint64_t, std::string>& events, std::string resume) {
    change([&] {
      for (const auto& [sequence, id] : events) found_.push_back({sequence, Outcome::accepted, {}, destinations::id_mark(id)});
      next_resume_ = std::move(resume);
    });
  }

  [[nodiscard]] std::vector<Delivery> deliveries() const {
    std::lock_guard lock(mutex_);
    return log_;
  }
  [[nodiscard]] std::vector<std::uint64_t> sequences() const {
    std::vector<std::uint64_t> all;
    for (const auto& one : deliveries()) all.push_back(one.sequence);
    return all;
  }
  [[nodiscard]] std::uint64_t polls() const { return with([&] { return polls_; }); }
  [[nodiscard]] std::uint64_t attempts() const { return with([&] { return attempts_; }); }
  [[nodiscard]] bool closed() const { return with([&] { return closed_; }); }
  [[nodiscard]] std::string resumed_from() const { return with([&] { return resumed_from_; }); }
  [[nodiscard]] std::uint64_t started_at() const { return with([&] { return low_water_; }); }

  [[nodiscard]] std::unique_ptr<destinations::Destination> connect();

 private:
  friend class FakeDestination;
  template <class Change>
  void change(Change&& one) {
    {
      std::lock_guard lock(mutex_);
      one();
    }
    waker_.wake();
  }

  mutable std::mutex mutex_;
  destinations::Waker waker_;
  destinations::Health health_{HealthState::up, {}, {}};
  std::string resume_, resumed_from_;
  bool silent_ = false, busy_ = false, closed_ = false;
  std::vector<Delivery> in_flight_, log_;
  std::vector<destinations::Report> found_;
  std::optional<std::string> next_resume_;
  std::uint64_t polls_ = 0, attempts_ = 0, low_water_ = 0;
};

class FakeDestination final : public destinations::Destination {
 public:
  explicit FakeDestination(FakeBroker& broker) : broker_(broker) {}
  const destinations::Features& features() const noexcept override { return broker_.features; }
  Result<void> start(std::string_view resume, std::string_view, std::uint64_t low_water) override {
    std::lock_guard lock(broker_.mutex_);
    broker_.resumed_from_ = resume;
    broker_.low_water_ = low_water;
    broker_.closed_ = false;
    broker_.in_flight_.clear();
    return {};
  }
  destinations::SendStatus send(const destinations::Message& message) override {
    broker_.on_send();
    std::lock_guard lock(broker_.mutex_);
    // The promise of a pipeline: while a failure of this key was not collected, nothing later of it passes.
    const std::string key(message.envelope.partition_key);
    if (broker_.busy_ || failed_keys_.contains(key)) return destinations::SendStatus::busy;
    ++broker_.attempts_;
    FakeBroker::Delivery one{message.position.sequence, std::string(message.envelope.id), key, std::string(message.envelope.data),
                             std::string(message.position.journal_id), message.position.replay, message.position.folded,
                             std::string(message.target),
                             message.dead_letter == nullptr ? std::string() : std::string(message.dead_letter->reason), std::string(message.body)};
    for (const auto& header : message.headers) one.headers.append(header.name).append(": ").append(header.value) += '\n';
    const Outcome outcome = broker_.decide(one);
    if (outcome == Outcome::accepted || outcome == Outcome::in_doubt) broker_.log_.push_back(one);
    if (outcome != Outcome::accepted) failed_keys_.insert(key);
    outcomes_[one.sequence] = outcome;
    broker_.in_flight_.push_back(std::move(one));
    return destinations::SendStatus::queued;
  }
  void poll(std::vector<destinations::Report>& out, std::chrono::milliseconds timeout) override {
    if (collect(out) || timeout.count() == 0) return;
    broker_.waker_.sleep(timeout);
    collect(out);
  }
  std::string resume_state() const override {
    std::lock_guard lock(broker_.mutex_);
    return broker_.resume_;
  }
  bool reconciled() const noexcept override {
    std::lock_guard lock(broker_.mutex_);
    const auto state = broker_.health_.state;
    return !broker_.features.reconciles ||
           (broker_.found_.empty() && state != destinations::HealthState::starting && state != destinations::HealthState::reconciling);
  }
  void wake() noexcept override { broker_.waker_.wake(); }
  destinations::Health health() const override {
    std::lock_guard lock(broker_.mutex_);
    return broker_.health_;
  }
  void close(std::chrono::milliseconds) override {
    std::lock_guard lock(broker_.mutex_);
    broker_.closed_ = true;
    for (const auto& one : broker_.in_flight_)
      if (broker_.silent_) outcomes_[one.sequence] = Outcome::in_doubt;
    broker_.silent_ = false;
  }

 private:
  bool collect(std::vector<destinations::Report>& out) {
    std::lock_guard lock(broker_.mutex_);
    ++broker_.polls_;
    for (auto& report : std::exchange(broker_.found_, {})) out.push_back(std::move(report));
    if (auto resume = std::exchange(broker_.next_resume_, std::nullopt)) {
      broker_.resume_ = *std::move(resume);
      broker_.health_ = {HealthState::up, {}, {}};
    }
    if (broker_.silent_) return !out.empty();
    for (const auto& one : broker_.in_flight_) {
      const Outcome outcome = outcomes_[one.sequence];
      out.push_back({one.sequence, outcome, outcome == Outcome::accepted ? "" : "because the test says so", 0});
      outcomes_.erase(one.sequence);
    }
    broker_.in_flight_.clear();
    failed_keys_.clear();
    return !out.empty();
  }
  FakeBroker& broker_;
  std::set<std::string> failed_keys_;
  std::map<std::uint64_t, Outcome> outcomes_;
};

inline std::unique_ptr<destinations::Destination> FakeBroker::connect() { return std::make_unique<FakeDestination>(*this); }

}  // namespace user_events::delivery::test
