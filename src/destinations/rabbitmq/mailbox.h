// Between the delivery thread and the connection's thread: messages one way, reports the other.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

#include "destinations/bell.h"
#include "destinations/destination.h"
#include "destinations/rabbitmq/message.h"

namespace user_events::destinations::rabbitmq {

/// Where the connection's thread is.
enum class Stage : std::uint8_t {
  serving,
  connecting,  ///< In a call that may last, and holds no message.
  finished,
};

/// Thread-safe. Bounded by what its user counts as in flight and by `queued_bytes`.
class Mailbox {
 public:
  // The delivery thread's side.
  /// Takes all of `messages`, and wakes the other side.
  void put(std::vector<OutgoingMessage>& messages);
  /// Appends the reports there are, waiting up to `timeout` for the first or for `wake`.
  void take_reports(std::vector<Report>& out, std::chrono::milliseconds timeout);
  void wake() noexcept;
  /// Bytes that were put and not yet published or given back.
  [[nodiscard]] std::uint64_t queued_bytes() const noexcept { return queued_bytes_.load(std::memory_order_relaxed); }
  void wake_connection() noexcept { bell_.ring(); }
  /// Until the other side holds no message; false when `timeout` has passed first.
  bool wait_until_idle(std::chrono::milliseconds timeout);

  // The side of the connection's thread.
  /// Appends what was put. Also for the delivery thread, once the other side is idle for good.
  void take(std::vector<OutgoingMessage>& out);
  void has_left(std::uint64_t bytes) noexcept { queued_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  /// Takes all of `reports`.
  void report(std::vector<Report>& reports);
  /// Sleeps until `descriptor` (-1: none) has something to read (true), messages come, or somebody wakes us.
  bool wait(int descriptor, std::chrono::milliseconds timeout);
  void set_stage(Stage stage);

 private:
  const Bell bell_;
  std::atomic<std::uint64_t> queued_bytes_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<OutgoingMessage> messages_;
  std::vector<Report> reports_;
  bool asleep_ = false;
  bool woken_ = false;
  Stage stage_ = Stage::finished;
};

}  // namespace user_events::destinations::rabbitmq
