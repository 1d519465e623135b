// The thread that owns the connection: connects, publishes, reads confirms, connects again.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "destinations/destination.h"
#include "destinations/rabbitmq/config.h"
#include "destinations/rabbitmq/connection.h"
#include "destinations/rabbitmq/mailbox.h"
#include "destinations/rabbitmq/outstanding.h"

namespace user_events::destinations::rabbitmq {

/// Its functions are for the delivery thread, `health` and `wake` for any. Each message that was submitted gets exactly one report.
class IoThread final : private ConnectionListener {
 public:
  explicit IoThread(const Config& config);
  /// Ends at once; may wait `connect_timeout` for a connection that is just being made.
  ~IoThread() override;

  void start();
  /// False while it is not connected or the broker takes nothing: what is submitted then comes back as `unavailable`.
  [[nodiscard]] bool is_open() const noexcept { return open_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t queued_bytes() const noexcept { return mailbox_.queued_bytes(); }
  /// What the broker takes at most: the body, and its properties in one frame.
  [[nodiscard]] std::uint64_t max_body_bytes() const noexcept { return max_body_bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t max_properties_bytes() const noexcept;
  /// Copies of dead letters are refused by the broker for want of a right.
  [[nodiscard]] bool queues_are_forbidden() const noexcept { return queues_are_forbidden_.load(std::memory_order_relaxed); }
  void submit(std::vector<OutgoingMessage>& messages) { mailbox_.put(messages); }
  void collect(std::vector<Report>& out, std::chrono::milliseconds timeout) { mailbox_.take_reports(out, timeout); }
  void wake() noexcept { mailbox_.wake(); }
  [[nodiscard]] Health health() const;
  /// Sends what was submitted and waits for its confirms; after `deadline` cuts the connection.
  void close(std::chrono::milliseconds deadline);

 private:
  using Time = std::chrono::steady_clock::time_point;

  void on_confirm(std::uint64_t tag, bool multiple, bool stored) override;
  void on_return(std::uint64_t sequence, std::string_view routing_key) override;
  void on_blocked(std::string_view reason) override;
  void on_unblocked() override;

  void run();
  void try_to_connect();
  void adopt(std::unique_ptr<Connection> connection);
  void serve();
  void publish_what_may_be();
  [[nodiscard]] std::size_t window() const noexcept;
  [[nodiscard]] bool is_done() noexcept;
  void read();
  void give_up_if_silent();
  void pause_if_nothing_is_routed();
  void end_pause();
  [[nodiscard]] bool takes_events() const noexcept { return connection_ != nullptr && !blocked_ && !is_paused_; }
  void fail(Failure failure);
  void plan_next_attempt(const Failure& failure);
  [[nodiscard]] Report report_of(const Published& event, const Failure& failure, bool was_alone) const;
  [[nodiscard]] Report report_of_confirmed(const Published& event, bool stored) const;
  [[nodiscard]] Report report_of_returned(const Published& event) const;
  [[nodiscard]] std::string unroutable_text() const;
  void give_back_queue(std::string_view reason);
  void set_health(HealthState state, std::string detail);
  void show_up();
  void join();

  const Config& config_;
  Mailbox mailbox_;
  Interrupter interrupter_;
  std::atomic<bool> open_{false}, closing_{false}, abandoned_{false}, queues_are_forbidden_{false};
  std::atomic<std::uint64_t> max_body_bytes_;
  std::atomic<std::size_t> frame_bytes_;
  mutable std::mutex health_mutex_;
  Health health_;

  // The thread's own.
  std::unique_ptr<Connection> connection_;
  std::vector<OutgoingMessage> queue_;  ///< From queue_at_ on not yet published.
  std::size_t queue_at_ = 0;
  Outstanding outstanding_;
  std::vector<Report> reports_;
  std::size_t alone_left_ = 1;  ///< So many more events are published one at a time.
  bool blocked_ = false;
  bool is_paused_ = false;       ///< Whatever was sent came back: nothing is sent until `resume_at_`.
  bool unproven_ = false;        ///< After a refusal only an event that is taken shows that it works again.
  std::uint32_t failures_ = 0;   ///< In a row.
  std::size_t host_at_ = 0;
  std::uint32_t pauses_ = 0;     ///< In a row.
  Time next_attempt_{}, connected_at_{}, last_read_{}, last_progress_{}, last_routed_{}, resume_at_{};
  std::map<std::uint64_t, std::string> unroutable_;  ///< Routing keys that came back, by hash.
  std::thread thread_;
};

}  // namespace user_events::destinations::rabbitmq
