// One I/O thread: its connections, their deadlines, and what other threads have finished for them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/burst.h"
#include "server/connection.h"
#include "server/inbox.h"
#include "server/net.h"
#include "server/service.h"

namespace user_events::server {

/// Everything but `adopt`, `notice_advance` and the `stop` functions happens on the loop's thread.
class Loop {
 public:
  explicit Loop(Service& service);
  ~Loop();

  void run_in_thread();
  /// Takes a connected socket (from any thread).
  void adopt(asio::ip::tcp protocol, int native_socket);
  /// The journal has advanced: wakes the streams that wait for it. Any thread, cheap when there are none.
  void notice_advance();

  /// Idle connections close, the others after the request under way. Any thread.
  void begin_stop();
  /// Closes what is left and ends the thread. Any thread but the loop's.
  void finish_stop();

  [[nodiscard]] Service& service() noexcept { return service_; }
  [[nodiscard]] IoContext& io() noexcept { return io_; }
  [[nodiscard]] Ticket ticket(ConnectionId id) { return {inbox_, id}; }
  [[nodiscard]] SteadyTime now() const noexcept { return now_; }
  [[nodiscard]] std::string_view date() const noexcept { return date_; }
  [[nodiscard]] std::string& scratch() noexcept { return scratch_.clear(), scratch_; }
  /// Delivers what publishes on this thread have answered at once.
  void deliver_local();
  void wait_for_advance(ConnectionId id);
  /// While the answers of a group commit go out: `connection` is armed after the last of them (true). Its next
  /// request is often there by then, and a read in vain is saved.
  [[nodiscard]] bool defer_reading(Connection& connection);
  /// What is published from now until the loop has nothing at hand any more shares a commit. Any thread.
  void begin_burst() { burst_.begin(); }
  void remove(ConnectionId id);

 private:
  struct Slot {
    ConnectionPtr connection;
    std::uint32_t generation = 0;
  };

  void run();
  void deliver(std::vector<Completion>& completions);
  void drain_inbox();
  void wake_streams();
  void sweep();
  void read_clock();
  [[nodiscard]] Connection* find(ConnectionId id) noexcept;
  template <class Function>
  void for_each_connection(Function&& function);

  Service& service_;
  Burst<UserEventPublisher> burst_;
  IoContext io_{1};
  asio::executor_work_guard<IoContext::executor_type> work_;
  Timer timer_;
  std::chrono::milliseconds sweep_interval_;
  boost::intrusive_ptr<Inbox> inbox_;
  std::vector<Completion> taken_, taken_local_;  // reused
  std::vector<ConnectionPtr> answered_;          // reused: to be armed
  bool draining_ = false;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<ConnectionId> waiting_streams_;
  std::atomic<bool> streams_wait_{false}, wake_posted_{false};
  SteadyTime now_;
  std::int64_t date_second_ = 0;
  std::string date_, scratch_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace user_events::server
