// Drives a RabbitMQ destination as the delivery core would, with the least that is needed: one event of a user under way, sent again after
// anything but `accepted`, before any later event of that user.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "brokers/rabbitmq_broker.h"
#include "destinations/rabbitmq/rabbitmq.h"

namespace user_events::tests {

using namespace std::chrono_literals;

/// The one broker of this test program; started at first use, running again after each test that stopped it.
RabbitBroker& broker();
/// A name that was not used before; also the exchange and a queue of that name, bound with `#`.
std::string fresh_name();
std::string fresh_exchange();

DestinationOptions options_for(const std::string& exchange, std::map<std::string, std::string> settings = {});

class Loop {
 public:
  /// Sends events 1..count; event n belongs to user n % users.
  Loop(const DestinationOptions& options, std::uint64_t count, std::uint64_t users = 5'000);

  /// The size of the data of one event.
  std::function<std::size_t(std::uint64_t)> data_bytes = [](std::uint64_t) { return 40u; };
  std::function<std::string(std::uint64_t)> type = [](std::uint64_t) { return "user.created"; };
  std::uint32_t replay = 0;
  std::string extensions;
  /// Not empty: those of `is_dead_letter` are copies for this queue.
  std::string dead_letter_queue;
  std::function<bool(std::uint64_t)> is_dead_letter = [](std::uint64_t) { return true; };

  void start() { ASSERT_OK(destination_->start({}, "01JOURNAL0000000000000000A", 0)); }
  /// One round of sending and polling.
  void step(std::chrono::milliseconds timeout = 20ms);
  /// Steps until `done` or `limit` has passed; false then.
  bool run_until(const std::function<bool()>& done, std::chrono::milliseconds limit = 30s);
  /// Until every event is accepted, refused, or held behind a refused one.
  bool run(std::chrono::milliseconds limit = 30s) {
    return run_until([this] { return pending_ == 0 && in_flight_ == 0; }, limit);
  }
  /// Until health is `state` and its detail holds `words`.
  bool wait_for(destinations::HealthState state, const std::string& words = {}, std::chrono::milliseconds limit = 30s);
  void close(std::chrono::milliseconds deadline);
  void vanish() { destination_.reset(); }

  destinations::rabbitmq::RabbitMqDestination& destination() { return *destination_; }
  [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_; }
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
  [[nodiscard]] std::uint64_t in_flight() const noexcept { return in_flight_; }
  /// How many reports had that outcome.
  [[nodiscard]] std::uint64_t count(destinations::Outcome outcome) const { return outcomes_.contains(outcome) ? outcomes_.at(outcome) : 0; }
  [[nodiscard]] const std::map<std::uint64_t, std::string>& refused() const noexcept { return refused_; }
  [[nodiscard]] const std::vector<std::string>& reasons() const noexcept { return reasons_; }

 private:
  static void ASSERT_OK(const Result<void>& result);
  void take(const destinations::Report& report);
  bool send(std::uint64_t sequence);

  DestinationOptions options_;
  std::uint64_t count_, users_;
  std::unique_ptr<destinations::rabbitmq::RabbitMqDestination> destination_;
  std::map<std::uint64_t, std::deque<std::uint64_t>> waiting_;  ///< By user.
  std::deque<std::uint64_t> ready_;                             ///< Users whose first event may be sent.
  std::map<std::uint64_t, std::string> refused_;
  std::map<destinations::Outcome, std::uint64_t> outcomes_;
  std::vector<std::string> reasons_;
  std::uint64_t pending_ = 0, in_flight_ = 0, accepted_ = 0, sent_ = 0;
};

/// Every one of 1..count is there, the first of each per user (of `users`) in order, and a repetition has the same id and bytes. An empty
/// text, or what is wrong.
std::string check_complete(const std::vector<RabbitRecord>& records, std::uint64_t count, std::uint64_t users = 5'000);
std::uint64_t sequence_of(const RabbitRecord& record);

}  // namespace user_events::tests
