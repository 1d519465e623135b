#include "server/worker.h"

#include <utility>

namespace user_events::server {

Worker::Worker(UserEventPublisher& publisher, std::size_t max_jobs)
    : publisher_(publisher), max_jobs_(max_jobs), thread_([this] { run(); }) {}

Worker::~Worker() { stop(); }

bool Worker::post(Ticket ticket, Job job) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || jobs_.size() >= max_jobs_) return false;
    jobs_.push_back({std::move(ticket), std::move(job)});
  }
  changed_.notify_one();
  return true;
}

void Worker::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Worker::run() {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    auto entry = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    entry.ticket(entry.job(publisher_));
  }
}

}  // namespace user_events::server
