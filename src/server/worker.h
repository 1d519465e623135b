// A thread that waits for the disk for the loops, which must not: one reads (pages of the journal, status,
// metrics), one carries out commands.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "server/inbox.h"
#include "user_events/publisher.h"

namespace user_events::server {

/// Thread-safe. Jobs run in the order they came.
class Worker {
 public:
  /// Runs on the worker's thread; what it returns runs on the connection's loop.
  using Job = std::move_only_function<Continuation(UserEventPublisher&)>;

  /// `max_jobs`: a connection has one job at a time, so the number of connections is enough.
  Worker(UserEventPublisher& publisher, std::size_t max_jobs);
  ~Worker();

  /// False if there are max_jobs waiting, or after stop.
  [[nodiscard]] bool post(Ticket ticket, Job job);
  /// Ends after the job under way; the others are dropped. Idempotent.
  void stop();

 private:
  struct Entry {
    Ticket ticket;
    Job job;
  };
  void run();

  UserEventPublisher& publisher_;
  const std::size_t max_jobs_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Entry> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace user_events::server
