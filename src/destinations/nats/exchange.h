// What the delivery thread, the thread that owns the connection and libnats' threads have in common: events on their way, and reports.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "destinations/destination.h"
#include "destinations/nats/handles.h"
#include "destinations/nats/outcome.h"

namespace user_events::destinations::nats {

/// A message that waits to be published.
struct Outgoing {
  std::uint64_t sequence = 0;
  Msg msg;
};

/// What was read about the stream.
struct StreamFacts {
  std::string name;
  std::chrono::milliseconds deduplication_window{0};
  std::vector<std::string> subjects;  ///< Empty: not known.
};

/// Names one connection to libnats' callbacks. They may still run after it was destroyed: a pointer would not be safe, a number is.
using Ticket = std::uint64_t;

/// Thread-safe. One between `start` and `close` of the destination; connections follow each other in it.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  using Clock = std::chrono::steady_clock;

  /// Null once that connection has ended.
  [[nodiscard]] static std::shared_ptr<Exchange> of(Ticket ticket);

  // ---- the delivery thread ----
  /// Connected, and fewer than `most` under way.
  [[nodiscard]] bool is_open(std::size_t most);
  /// False: not taken, for the connection was lost meanwhile.
  [[nodiscard]] bool add(Outgoing outgoing);
  /// Wakes the connection's thread if something waits.
  void flush();
  void collect(std::vector<Report>& out, std::chrono::milliseconds timeout);
  void wake_collector() noexcept;
  /// Until nothing is under way.
  void wait_idle(Clock::time_point until);
  /// Asks the connection's thread to end; nothing is taken from now on.
  void stop();
  /// Waits until it has ended.
  [[nodiscard]] bool wait_ended(Clock::time_point until);
  /// Everything under way is in doubt from now on, whatever is heard later.
  void abandon();

  // ---- the connection's thread ----
  /// A connection begins; nothing is taken yet.
  [[nodiscard]] Ticket begin();
  void open(StreamFacts facts);
  /// Waits for something to publish, at most `longest`; from now on these count as published. False: the connection is no more, or the
  /// thread is to end.
  [[nodiscard]] bool take(std::vector<Outgoing>& out, std::chrono::milliseconds longest);
  /// Never sent, or known to be refused.
  void settle(std::uint64_t sequence, const natsMsg* msg, Verdict verdict);
  /// When the oldest of what is under way was published; nothing if nothing is.
  [[nodiscard]] std::optional<Clock::time_point> oldest();
  /// The connection is given up: what was published is in doubt, what was not is unavailable. Before its messages are destroyed.
  void end(const std::string& why);
  [[nodiscard]] bool wait_stopped(std::chrono::milliseconds longest);
  [[nodiscard]] bool stopped();
  void ended();

  // ---- libnats' threads ----
  void acknowledged(Ticket ticket, const natsMsg* msg);
  void rejected(Ticket ticket, const natsMsg* msg, natsStatus status, int code, const char* text);
  /// The server closed the connection or said something after which no acknowledgement can be awaited. `subject`: it may not be published to.
  void lost(Ticket ticket, const std::string& why, const std::string& forbidden_subject = {});

  // ---- any ----
  void set_health(Health health);
  [[nodiscard]] Health health();
  [[nodiscard]] std::chrono::milliseconds deduplication_window();
  [[nodiscard]] std::string loss();  ///< Why the connection is lost; empty while it is not.

 private:
  struct UnderWay {
    std::uint64_t sequence = 0;
    Clock::time_point since;
  };

  // With the lock held:
  void report(std::uint64_t sequence, Verdict verdict);
  /// One is under way less: tells who waits for the last.
  void settled();
  void give_up(const std::string& why);

  std::mutex mutex_;
  Ticket ticket_ = 0;  ///< Of the connection that lasts; 0: none.
  std::condition_variable for_connection_, for_collector_, for_idle_;
  std::vector<Outgoing> waiting_;
  std::unordered_map<const natsMsg*, UnderWay> under_way_;
  std::deque<std::pair<const natsMsg*, Clock::time_point>> in_order_;  ///< Oldest first, those already answered among them.
  std::vector<Report> reports_;
  StreamFacts facts_;
  Health health_;
  std::string loss_;
  bool open_ = false, stop_ = false, ended_ = false, woken_ = false, abandoned_ = false;
};

}  // namespace user_events::destinations::nats
