// A broker, modelled, and its adapter: the adapter dies with the process, what the broker has does not.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "destinations/destination.h"
#include "support/test_clock.h"
#include "whole/facts.h"

namespace user_events::delivery::whole {

using destinations::Outcome;

struct WireOptions {
  destinations::Features features;
  std::uint64_t partitions = 3;
  bool is_dead = false;           ///< Away until `revive`.
  bool answers_when_dead = false; ///< …and says so to each event, instead of being busy.
};

class Wire {
 public:
  /// What is wrong with an event, until somebody repairs what refuses it.
  enum class Poison : std::uint8_t { refused, retried, lost };

  Wire(WireOptions options, Fate& fate, user_events::test::TestClock& clock, Facts& facts) : options_(options), fate_(fate), clock_(clock), facts_(facts) {}

  [[nodiscard]] std::unique_ptr<destinations::Destination> connect();
  /// The adapter died with its process. What was in flight may still have arrived.
  void crash();
  void stop_faults() { outage_ = 0; }
  void revive() { options_.is_dead = false; }
  void poison(std::uint64_t sequence, Poison how) { poison_[sequence] = how; }
  void refuse_copy(std::uint64_t sequence) { poisoned_copies_.insert(sequence); }
  void heal(unsigned percent);
  /// Tells whether what is being sent comes from the dead letter store.
  std::function<bool(std::uint64_t sequence)> is_letter;

  [[nodiscard]] bool is_dead() const { return options_.is_dead; }
  [[nodiscard]] bool is_idle() const { return flight_.empty() && reports_.empty() && limbo_.empty(); }
  [[nodiscard]] std::set<std::uint64_t> poisoned() const;

 private:
  friend class WireDestination;
  struct Entry {
    Content content;
    bool reported;
  };
  struct Sent {
    Content content;
    bool doomed;  // will not go out: a failure of its user was not collected when it was sent
  };
  struct Report {
    Content content;
    Outcome outcome;
    std::int64_t due_ms;
    bool found;
  };

  void start(std::string_view resume, std::uint64_t low_water);
  [[nodiscard]] destinations::SendStatus send(Content content);
  void collect(std::vector<destinations::Report>& out);
  void progress();
  void settle(std::size_t at);
  void persist(const Content& content);
  void report(const Content& content, Outcome outcome);
  void fail_user(const std::string& key, bool later_may_persist);
  void persist_some_in_flight(bool as_reported);
  void rebuild();
  void report_found();
  [[nodiscard]] std::size_t pick();
  [[nodiscard]] std::size_t resume_at() const;
  [[nodiscard]] std::uint64_t partition_of(const Content& content) const;
  [[nodiscard]] std::int64_t now_ms() const { return clock_.steady().time_since_epoch() / std::chrono::milliseconds(1); }
  [[nodiscard]] bool is_pipeline() const { return options_.features.ordered_pipeline; }

  WireOptions options_;
  Fate& fate_;
  user_events::test::TestClock& clock_;
  Facts& facts_;
  // The broker's.
  std::vector<Entry> log_;
  std::map<std::uint64_t, Poison> poison_;
  std::set<std::uint64_t> poisoned_copies_;
  std::vector<Content> limbo_;  // given up by the adapter, still on the network
  std::uint64_t outage_ = 0;    // attempts that will still fail
  // The adapter's.
  std::deque<Sent> flight_;
  std::vector<Report> reports_;
  std::map<std::string, unsigned> blocked_;  // user → failures that were not collected yet
  std::size_t resume_ = 0;
  std::uint64_t low_water_ = 0;
  bool reconciling_ = false, found_reported_ = false, closed_ = false;
};

}  // namespace user_events::delivery::whole
