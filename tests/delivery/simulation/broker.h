// A broker and its adapter, modelled: what arrived, in which order, and what the adapter reports of it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <vector>

#include "delivery/core.h"
#include "simulation/random.h"

namespace user_events::delivery::simulation {

struct BrokerOptions {
  bool pipeline = false;    ///< Keeps the order of a key over failures (Features::ordered_pipeline).
  bool reconciles = false;  ///< Finds out what the broker has before it sends again.
  std::uint64_t partitions = 3;
};

class Broker {
 public:
  struct Report {
    std::uint64_t sequence;
    Outcome outcome;
    Time due;
    bool found = false;  // by reconciliation
  };
  /// What is wrong with an event, until somebody repairs what refuses it.
  enum class Poison : std::uint8_t { refused, retried, lost };

  Broker(BrokerOptions options, Dice& dice, std::map<std::uint64_t, Poison> poison)
      : options_(options), dice_(dice), poison_(std::move(poison)) {}

  /// False: busy.
  bool send(std::uint64_t sequence, std::uint64_t key);
  /// Lets something happen to what is in flight.
  void progress(Time now);
  /// Takes the reports that are due.
  std::vector<Report> collect(Time now);
  /// The adapter died with its process. What was in flight may still have arrived.
  void crash();
  /// A new adapter. With reconciliation it reports everything above `low_water` first, and is busy until that was collected.
  void start(Time now, std::uint64_t low_water, bool skip_reconciliation);
  void stop_faults() { faults_ = false, outage_ = 0; }
  void heal(std::uint64_t sequence) { poison_.erase(sequence); }
  void heal_all() { poison_.clear(); }
  [[nodiscard]] bool is_down() const { return outage_ > 0; }
  /// Answers that may count as attempts.
  [[nodiscard]] unsigned answers(std::uint64_t sequence) const { const auto at = answers_.find(sequence); return at == answers_.end() ? 0 : at->second; }

  [[nodiscard]] bool reconciling() const { return reconciling_; }
  [[nodiscard]] const std::vector<std::uint64_t>& log() const { return log_; }
  [[nodiscard]] bool has(std::uint64_t sequence) const { return copies_.contains(sequence); }
  [[nodiscard]] unsigned copies(std::uint64_t sequence) const { const auto at = copies_.find(sequence); return at == copies_.end() ? 0 : at->second; }
  /// Attempts whose outcome nobody could know.
  [[nodiscard]] unsigned doubts(std::uint64_t sequence) const { const auto at = doubts_.find(sequence); return at == doubts_.end() ? 0 : at->second; }
  void allow_copy(std::uint64_t sequence) { ++doubts_[sequence]; }
  [[nodiscard]] std::size_t in_flight() const { return flight_.size(); }

 private:
  struct Sent {
    std::uint64_t sequence, key;
    bool doomed;  // will not go out: a failure of its key was not collected when it was sent
  };
  void persist(std::uint64_t sequence);
  void report(std::uint64_t sequence, std::uint64_t key, Outcome outcome, Time now);
  void settle(std::size_t at, Time now);
  void fail_key(std::uint64_t key, bool later_may_persist, Time now);
  void rebuild(Time now);
  void persist_some_in_flight(bool as_reported, Time now);
  [[nodiscard]] std::size_t pick();

  BrokerOptions options_;
  Dice& dice_;
  std::map<std::uint64_t, Poison> poison_;
  bool faults_ = true;
  std::uint64_t outage_ = 0;  // attempts that will still fail
  std::vector<std::uint64_t> log_;
  std::map<std::uint64_t, unsigned> copies_, doubts_, answers_;
  std::deque<Sent> flight_;
  std::vector<std::uint64_t> limbo_;  // given up by the adapter, still on the network
  std::vector<Report> reports_;
  std::map<std::uint64_t, unsigned> blocked_;  // key → failures that were not collected yet
  std::map<std::uint64_t, std::uint64_t> key_of_;
  bool reconciling_ = false;
  bool found_reported_ = false;
  std::uint64_t low_water_ = 0;
};

}  // namespace user_events::delivery::simulation
