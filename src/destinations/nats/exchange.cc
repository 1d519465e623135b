#include "destinations/nats/exchange.h"

#include <algorithm>
#include <utility>

namespace user_events::destinations::nats {
namespace {

struct Registry {
  std::mutex mutex;
  Ticket last = 0;
  std::unordered_map<Ticket, std::weak_ptr<Exchange>> all;
};

Registry& registry() {
  static auto* const the_registry = new Registry;  // outlives libnats' threads
  return *the_registry;
}

}  // namespace

std::shared_ptr<Exchange> Exchange::of(Ticket ticket) {
  std::lock_guard lock(registry().mutex);
  const auto found = registry().all.find(ticket);
  return found == registry().all.end() ? nullptr : found->second.lock();
}

Ticket Exchange::begin() {
  Ticket ticket = 0;
  {
    std::lock_guard lock(registry().mutex);
    ticket = ++registry().last;
    registry().all.emplace(ticket, weak_from_this());
  }
  std::lock_guard lock(mutex_);
  ticket_ = ticket;
  loss_.clear();
  return ticket;
}

bool Exchange::is_open(std::size_t most) {
  std::lock_guard lock(mutex_);
  return open_ && !stop_ && loss_.empty() && waiting_.size() + under_way_.size() < most;
}

bool Exchange::add(Outgoing outgoing) {
  constexpr std::size_t kEnough = 256;  // the connection's thread starts before the whole batch is there
  std::lock_guard lock(mutex_);
  if (!open_) return false;
  waiting_.push_back(std::move(outgoing));
  if (waiting_.size() == kEnough) for_connection_.notify_one();
  return true;
}

void Exchange::flush() {
  std::lock_guard lock(mutex_);
  if (!waiting_.empty()) for_connection_.notify_one();
}

void Exchange::collect(std::vector<Report>& out, std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  if (timeout.count() > 0) for_collector_.wait_for(lock, timeout, [this] { return woken_ || !reports_.empty(); });
  woken_ = false;
  out.insert(out.end(), std::make_move_iterator(reports_.begin()), std::make_move_iterator(reports_.end()));
  reports_.clear();
}

void Exchange::wake_collector() noexcept {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  for_collector_.notify_one();
}

void Exchange::wait_idle(Clock::time_point until) {
  std::unique_lock lock(mutex_);
  for_idle_.wait_until(lock, until, [this] { return waiting_.empty() && under_way_.empty(); });
}

void Exchange::stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  for_connection_.notify_all();
}

bool Exchange::wait_ended(Clock::time_point until) {
  std::unique_lock lock(mutex_);
  return for_collector_.wait_until(lock, until, [this] { return ended_; });
}

void Exchange::abandon() {
  end("given up at the deadline");
  std::lock_guard lock(mutex_);
  abandoned_ = true;
}

void Exchange::open(StreamFacts facts) {
  std::lock_guard lock(mutex_);
  facts_ = std::move(facts);
  open_ = true;
  woken_ = true;
  for_collector_.notify_one();
}

bool Exchange::take(std::vector<Outgoing>& out, std::chrono::milliseconds longest) {
  std::unique_lock lock(mutex_);
  for_connection_.wait_for(lock, longest, [this] { return stop_ || !loss_.empty() || !waiting_.empty(); });
  if (stop_ || !loss_.empty()) return false;
  std::swap(out, waiting_);
  const auto now = Clock::now();
  for (const Outgoing& outgoing : out) {
    under_way_.emplace(outgoing.msg.get(), UnderWay{outgoing.sequence, now});
    in_order_.emplace_back(outgoing.msg.get(), now);
  }
  return true;
}

void Exchange::settle(std::uint64_t sequence, const natsMsg* msg, Verdict verdict) {
  std::lock_guard lock(mutex_);
  if (under_way_.erase(msg) == 0) return;
  report(sequence, std::move(verdict));
  settled();
}

std::optional<Exchange::Clock::time_point> Exchange::oldest() {
  std::lock_guard lock(mutex_);
  while (!in_order_.empty()) {
    const auto& [msg, since] = in_order_.front();
    const auto found = under_way_.find(msg);
    if (found != under_way_.end() && found->second.since == since) return since;
    in_order_.pop_front();
  }
  return std::nullopt;
}

void Exchange::end(const std::string& why) {
  Ticket ticket = 0;
  {
    std::lock_guard lock(mutex_);
    ticket = std::exchange(ticket_, 0);
    give_up(why);
  }
  std::lock_guard lock(registry().mutex);
  registry().all.erase(ticket);
}

void Exchange::give_up(const std::string& why) {
  open_ = false;
  for (const auto& [msg, one] : under_way_) report(one.sequence, {Outcome::in_doubt, why});
  for (const Outgoing& outgoing : waiting_) report(outgoing.sequence, {Outcome::unavailable, why});
  under_way_.clear();
  in_order_.clear();
  waiting_.clear();
  for_idle_.notify_all();
}

bool Exchange::wait_stopped(std::chrono::milliseconds longest) {
  std::unique_lock lock(mutex_);
  return for_connection_.wait_for(lock, longest, [this] { return stop_; });
}

bool Exchange::stopped() {
  std::lock_guard lock(mutex_);
  return stop_;
}

void Exchange::ended() {
  std::lock_guard lock(mutex_);
  ended_ = true;
  for_collector_.notify_all();
}

void Exchange::acknowledged(Ticket ticket, const natsMsg* msg) {
  std::lock_guard lock(mutex_);
  if (ticket != ticket_) return;
  const auto found = under_way_.find(msg);
  if (found == under_way_.end()) return;
  report(found->second.sequence, {});
  under_way_.erase(found);
  settled();
}

void Exchange::rejected(Ticket ticket, const natsMsg* msg, natsStatus status, int code, const char* text) {
  std::lock_guard lock(mutex_);
  if (ticket != ticket_) return;
  const auto found = under_way_.find(msg);
  if (found == under_way_.end()) return;
  const std::string_view subject = natsMsg_GetSubject(msg);
  const bool takes = facts_.subjects.empty() ||
                     std::ranges::any_of(facts_.subjects, [&](const std::string& pattern) { return subject_matches(pattern, subject); });
  report(found->second.sequence, judge(status, code, text != nullptr ? text : "", takes, facts_.name));
  under_way_.erase(found);
  settled();
}

void Exchange::lost(Ticket ticket, const std::string& why, const std::string& forbidden_subject) {
  std::lock_guard lock(mutex_);
  if (ticket != ticket_ || !loss_.empty()) return;
  loss_ = why;
  if (!forbidden_subject.empty()) {
    // The server has answered for these: it took none of them.
    for (auto one = under_way_.begin(); one != under_way_.end();) {
      if (natsMsg_GetSubject(one->first) != forbidden_subject) {
        ++one;
        continue;
      }
      report(one->second.sequence, {Outcome::unavailable, why});
      one = under_way_.erase(one);
    }
  }
  for_connection_.notify_all();
}

void Exchange::set_health(Health health) {
  std::lock_guard lock(mutex_);
  health_ = std::move(health);
}

Health Exchange::health() {
  std::lock_guard lock(mutex_);
  return health_;
}

std::chrono::milliseconds Exchange::deduplication_window() {
  std::lock_guard lock(mutex_);
  return facts_.deduplication_window;
}

std::string Exchange::loss() {
  std::lock_guard lock(mutex_);
  return loss_;
}

void Exchange::report(std::uint64_t sequence, Verdict verdict) {
  if (abandoned_) return;
  reports_.push_back({.sequence = sequence, .outcome = verdict.outcome, .reason = std::move(verdict.reason)});
  if (reports_.size() == 1) for_collector_.notify_one();
}

void Exchange::settled() {
  if (waiting_.empty() && under_way_.empty()) for_idle_.notify_all();
}

}  // namespace user_events::destinations::nats
