#include "publisher/housekeeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "observability/log.h"
#include "publisher/engine.h"

namespace user_events::publisher {
namespace {

using std::chrono::steady_clock;

/// What retention may remove and lag caps are looked at this often; both change slowly.
constexpr std::chrono::milliseconds kRound{1'000};
/// Longer time-outs are this long: adding more to the clock could overflow.
constexpr std::chrono::milliseconds kLongestWait = std::chrono::hours(24 * 365);

}  // namespace

Housekeeper::Housekeeper(journal::Journal& journal, const std::vector<RunningDestination>& destinations, bool retains)
    : journal_(journal), destinations_(destinations), retains_(retains), thread_([this] { run(); }) {}

Housekeeper::~Housekeeper() { stop(); }

void Housekeeper::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::vector<std::string> Housekeeper::wait_all_up_to(std::uint64_t sequence, std::chrono::milliseconds timeout) {
  std::promise<void> done;
  add(sequence, true, timeout, [&](const auto&) { done.set_value(); });
  done.get_future().wait();
  std::vector<std::string> unfinished;
  for (const auto& destination : destinations_)
    if (destination.runner->low_water() < sequence) unfinished.push_back(destination.options.name);
  return unfinished;
}

bool Housekeeper::is_done(const Waiter& waiter) const {
  return std::ranges::all_of(destinations_, [&](const auto& d) {
    return waiter.all_before ? d.runner->low_water() >= waiter.sequence : d.runner->is_done(waiter.sequence);
  });
}

std::vector<DeliveryProgress> Housekeeper::progress(std::uint64_t sequence) const {
  std::vector<DeliveryProgress> all;
  all.reserve(destinations_.size());
  for (const auto& destination : destinations_) {
    DeliveryProgress one;
    one.destination = destination.options.name;
    one.state = destination.runner->progress_state(sequence);
    one.delivered = one.state == "delivered";
    all.push_back(std::move(one));
  }
  return all;
}

void Housekeeper::on_delivered(std::uint64_t sequence, std::chrono::milliseconds timeout, DeliveredCallback callback) {
  add(sequence, false, timeout, std::move(callback));
}

void Housekeeper::add(std::uint64_t sequence, bool all_before, std::chrono::milliseconds timeout,
                      DeliveredCallback callback) {
  bool can_wait = false;
  {
    std::lock_guard lock(mutex_);
    can_wait = !stopping_ && waiters_.size() < kMaxWaiters;
    if (can_wait) {
      waiters_.push_back({sequence, all_before, steady_clock::now() + std::min(timeout, kLongestWait), std::move(callback)});
      anybody_waits_.store(true, std::memory_order_relaxed);
      noticed_ = true;
    }
  }
  if (!can_wait) return callback(progress(sequence));
  changed_.notify_one();
}

void Housekeeper::notice() noexcept {
  if (!anybody_waits_.load(std::memory_order_relaxed)) return;
  {
    std::lock_guard lock(mutex_);
    noticed_ = true;
  }
  changed_.notify_one();
}

std::string Housekeeper::lag_problem() const {
  if (!over_lag_cap_.load(std::memory_order_relaxed)) return {};
  std::lock_guard lock(mutex_);
  return lag_problem_;
}

void Housekeeper::run() {
  std::unique_lock lock(mutex_);
  auto next_round = steady_clock::now();
  while (!stopping_) {
    auto until = next_round;
    for (const auto& waiter : waiters_) until = std::min(until, waiter.deadline);
    changed_.wait_until(lock, until, [&] { return stopping_ || noticed_; });
    noticed_ = false;
    answer_waiters(lock, false);
    if (steady_clock::now() < next_round) continue;
    lock.unlock();
    look_after_journal();
    lock.lock();
    next_round = steady_clock::now() + kRound;
  }
  answer_waiters(lock, true);
}

void Housekeeper::answer_waiters(std::unique_lock<std::mutex>& lock, bool all) {
  const auto now = steady_clock::now();
  const auto first_ready = std::partition(waiters_.begin(), waiters_.end(), [&](const Waiter& waiter) {
    return !all && waiter.deadline > now && !is_done(waiter);
  });
  std::vector<Waiter> ready(std::make_move_iterator(first_ready), std::make_move_iterator(waiters_.end()));
  waiters_.erase(first_ready, waiters_.end());
  anybody_waits_.store(!waiters_.empty(), std::memory_order_relaxed);
  if (ready.empty()) return;
  lock.unlock();
  for (auto& waiter : ready) waiter.callback(progress(waiter.sequence));
  lock.lock();
}

namespace {

/// Empty, or which lag cap the destination is over.
std::string_view cap_passed(const DestinationOptions& options, const delivery::RunnerStats& stats) {
  if (options.max_lag_bytes != 0 && stats.lag_bytes > options.max_lag_bytes) return "max_lag_bytes";
  if (options.max_lag_age.count() != 0 && stats.lag_age > options.max_lag_age) return "max_lag_age";
  return {};
}

}  // namespace

void Housekeeper::look_after_journal() {
  std::uint64_t needed_after = journal_.durable_sequence();
  std::string problem;
  for (const auto& destination : destinations_) {
    const auto stats = destination.runner->stats();
    const auto& options = destination.options;
    const auto cap = cap_passed(options, stats);
    const bool detached = !cap.empty() && options.lag_action == LagAction::detach;
    if (!detached) needed_after = std::min(needed_after, stats.saved_low_water);
    if (!cap.empty() && !detached) problem = fmt::format("destination '{}' is over its lag cap ({})", options.name, cap);
  }
  if (retains_) journal_.set_needed_after(needed_after);  // the journal's own upkeep does the rest
  const bool over = !problem.empty();
  if (over && !over_lag_cap_.load()) observability::log().error("publishing is refused: {}", problem);
  std::lock_guard lock(mutex_);
  lag_problem_ = std::move(problem);
  over_lag_cap_.store(over, std::memory_order_relaxed);
}

}  // namespace user_events::publisher
