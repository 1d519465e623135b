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
    : journal_(journal),
      destinations_(destinations),
      retains_(retains),
      lag_states_(destinations.size()),
      thread_([this] { run(); }) {}

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
  std::unique_lock lock(mutex_);
  if (stopping_ || waiters_.size() >= kMaxWaiters) {
    lock.unlock();
    return callback(progress(sequence));
  }
  waiters_.push_back({sequence, all_before, steady_clock::now() + std::min(timeout, kLongestWait), std::move(callback)});
  anybody_waits_.store(true, std::memory_order_relaxed);
  noticed_ = true;
  lock.unlock();
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

LagState Housekeeper::lag_state(std::size_t index) const noexcept { return lag_states_[index].load(std::memory_order_relaxed); }

void Housekeeper::hold(bool held) {
  const std::lock_guard lock(held_mutex_);
  held_ = held;
  if (held) journal_.keep_everything();
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

LagState Housekeeper::follow_lag(std::size_t index, const delivery::RunnerStats& stats) {
  const auto& options = destinations_[index].options;
  const auto use = lag_use(options, stats);
  auto& kept = lag_states_[index];
  const auto before = kept.load(std::memory_order_relaxed);
  const auto now = next_lag_state(before, use.share);
  kept.store(now, std::memory_order_relaxed);
  if (now == before) return now;
  const auto level = now == LagState::over ? spdlog::level::err : now == LagState::near ? spdlog::level::warn : spdlog::level::info;
  const auto text = now == LagState::calm ? "has caught up" : lag_text(now, options.lag_action, use);
  observability::log().log(level, "destination '{}': {}", options.name, text);
  return now;
}

void Housekeeper::look_after_journal() {
  std::uint64_t needed_after = journal_.durable_sequence();
  std::vector<std::string> over;
  for (std::size_t i = 0; i < destinations_.size(); ++i) {
    const auto& options = destinations_[i].options;
    const auto stats = destinations_[i].runner->stats();
    const bool is_over = follow_lag(i, stats) == LagState::over;
    if (is_over && options.lag_action == LagAction::detach) continue;
    needed_after = std::min(needed_after, stats.saved_low_water);
    if (is_over) over.push_back(fmt::format("destination '{}' is over its lag cap ({})", options.name, lag_use(options, stats).cap));
  }
  if (retains_) {
    const std::lock_guard held(held_mutex_);
    if (!held_) journal_.set_needed_after(needed_after);  // the journal's own upkeep does the rest
  }
  std::lock_guard lock(mutex_);
  lag_problem_ = fmt::format("{}", fmt::join(over, "; "));
  over_lag_cap_.store(!over.empty(), std::memory_order_relaxed);
}

}  // namespace user_events::publisher
