// Drives a destination without an ordered pipeline as the delivery core would, with the least that is needed: one event of a user under
// way, sent again after anything but accepted and refused, before any later one of that user.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "destinations/destination.h"

namespace user_events::tests {

using namespace std::chrono_literals;
using destinations::Outcome;

inline constexpr const char* kJournal = "01JOURNAL0000000000000000A";

class Driver {
 public:
  /// Events 1..count; event n belongs to user n % users.
  Driver(const DestinationOptions& options, std::uint64_t count, std::uint64_t users = 10);
  ~Driver();

  /// The bytes of padding in one event's data.
  std::function<std::size_t(std::uint64_t)> data_bytes = [](std::uint64_t) { return 40u; };
  std::function<std::string(std::uint64_t)> type = [](std::uint64_t) { return "user.created"; };
  std::function<std::uint32_t(std::uint64_t)> replay = [](std::uint64_t) { return 0u; };

  void start();
  void step(std::chrono::milliseconds timeout = 20ms);
  /// Steps until `done` or `limit` has passed (a failure then).
  bool run_until(const std::function<bool()>& done, std::chrono::milliseconds limit = 60s);
  /// Until every event is accepted, refused, or held behind a refused one.
  bool run(std::chrono::milliseconds limit = 60s);
  bool wait_for(destinations::HealthState state, std::chrono::milliseconds limit = 60s);
  /// Closes, and takes what it reports then.
  void close(std::chrono::milliseconds deadline);
  void end() { destination_.reset(); }

  [[nodiscard]] destinations::Destination& destination() { return *destination_; }
  [[nodiscard]] std::string detail() const { return destination_->health().detail; }
  [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_.size(); }
  [[nodiscard]] std::size_t most_in_flight() const noexcept { return most_in_flight_; }
  [[nodiscard]] std::uint64_t count(Outcome outcome) const { return outcomes_.contains(outcome) ? outcomes_.at(outcome) : 0; }
  [[nodiscard]] const std::map<std::uint64_t, std::string>& refused() const noexcept { return refused_; }
  /// Of everything but accepted, each once.
  [[nodiscard]] const std::set<std::string>& reasons() const noexcept { return reasons_; }

 private:
  struct Lane {
    std::deque<std::uint64_t> waiting;
    bool busy = false, held = false;
  };
  bool send(std::uint64_t sequence);
  void take(const destinations::Report& report);

  DestinationOptions options_;
  std::uint64_t users_;
  std::unique_ptr<destinations::Destination> destination_;
  std::vector<Lane> lanes_;
  std::deque<std::uint64_t> ready_;  ///< Users whose next event may go.
  std::set<std::uint64_t> in_flight_;
  std::size_t most_in_flight_ = 0;
  std::map<Outcome, std::uint64_t> outcomes_;
  std::map<std::uint64_t, std::string> refused_;
  std::set<std::string> reasons_;
  std::uint64_t accepted_ = 0;
};

/// What an independent reader found: who, which, and the bytes.
struct Arrival {
  std::string id, sequence, body;
};

/// Each of 1..count is there, first arrivals of a user in order; a repetition is the same bytes. An empty text, or what is wrong.
std::string check_arrivals(const std::vector<Arrival>& arrivals, std::uint64_t count, std::uint64_t users, bool repetitions_allowed);

}  // namespace user_events::tests
