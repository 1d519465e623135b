// Drives a Kafka destination as the delivery core would, with the least that is needed: a window of events,
// sent in order, sent again after anything but `accepted`, and a position that can be saved and given to the
// next one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "brokers/kafka_broker.h"
#include "destinations/kafka/kafka.h"

namespace user_events::tests {

using namespace std::chrono_literals;

/// The one broker of this test program; started at first use, running again after each test that stopped it.
KafkaBroker& broker();
/// A topic name that was not used before.
std::string fresh_topic();

DestinationOptions options_for(const std::string& topic, std::map<std::string, std::string> settings = {});

/// A position with what the destination wants to have saved.
struct Saved {
  std::uint64_t low_water = 0;
  std::set<std::uint64_t> acknowledged;  ///< Above low_water.
  std::string resume;
};

class Loop {
 public:
  static constexpr std::uint32_t kWindow = 5'000;

  /// Sends events 1..count; event n belongs to user n % users.
  Loop(const DestinationOptions& options, std::uint64_t count, std::uint64_t users = 10, Saved saved = {});
  ~Loop();

  /// The size of the data of one event.
  std::function<std::size_t(std::uint64_t)> data_bytes = [](std::uint64_t) { return 40u; };
  /// Called after each poll, with the saved position up to date.
  std::function<void()> after_poll = [] {};

  /// One event more.
  void add() { pending_.insert(++count_); }
  void start(const std::string& journal_id = "01JOURNAL0000000000000000A");
  /// One round of sending and polling.
  void step(std::chrono::milliseconds timeout = 20ms);
  /// Steps until `done` or `limit` has passed; false then.
  bool run_until(const std::function<bool()>& done, std::chrono::milliseconds limit = 30s);
  /// Until every event is accepted, refused, or held behind a refused one.
  bool run(std::chrono::milliseconds limit = 30s) {
    return run_until([this] { return pending_.empty() && in_flight_.empty(); }, limit);
  }
  bool wait_up(std::chrono::milliseconds limit = 30s) {
    return run_until([this] { return destination().health().state == destinations::HealthState::up; }, limit);
  }
  void close(std::chrono::milliseconds deadline);
  /// Ends without a word, as a crash does (the broker may still get what was under way).
  void vanish() { destination_.reset(); }

  destinations::kafka::KafkaDestination& destination() { return *destination_; }
  [[nodiscard]] const Saved& saved() const noexcept { return saved_; }
  [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_; }
  [[nodiscard]] std::uint64_t in_doubt() const noexcept { return in_doubt_; }
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_.size(); }
  [[nodiscard]] const std::map<std::uint64_t, std::string>& refused() const noexcept { return refused_; }
  [[nodiscard]] const std::vector<std::string>& failures() const noexcept { return failures_; }

 private:
  void take(const destinations::Report& report);
  bool send(std::uint64_t sequence);
  void advance(std::uint64_t sequence);

  DestinationOptions options_;
  std::uint64_t count_, users_;
  std::unique_ptr<destinations::kafka::KafkaDestination> destination_;
  std::string journal_id_;
  Saved saved_;
  std::set<std::uint64_t> pending_, in_flight_;
  std::set<std::uint64_t> held_users_;
  std::map<std::uint64_t, std::string> refused_;
  std::vector<std::string> failures_;
  std::uint64_t accepted_ = 0, in_doubt_ = 0, sent_ = 0;
};

/// Every one of 1..count once, and per user in order. An empty text, or what is wrong.
std::string check_complete(const std::vector<KafkaRecord>& records, std::uint64_t count);
/// Per user in order and nothing twice; gaps allowed.
std::string check_order(const std::vector<KafkaRecord>& records);
std::uint64_t sequence_of(const KafkaRecord& record);

void save_to_file(const Saved& saved, const std::string& path);
Saved load_from_file(const std::string& path);

}  // namespace user_events::tests
