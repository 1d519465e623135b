#include "destinations/rabbitmq/io_thread.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "base/hash64.h"
#include "destinations/backoff.h"
#include "observability/log.h"

namespace user_events::destinations::rabbitmq {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstDelay{100};
/// Trying again at once helps nothing where a person must mend something, and fills the broker's log.
constexpr milliseconds kFirstDelayWhenRefused{1'000};
/// A connection that lasted so long was good: the next failure is the first of its row.
constexpr milliseconds kGoodConnection{5'000};
/// Between two looks at what the broker says while there is much to send.
constexpr std::size_t kPublishesBetweenReads = 32;
constexpr milliseconds kOrderlyEnd{500};
/// After the connection was cut its thread ends within milliseconds.
constexpr milliseconds kAfterCut{1'000};
constexpr std::size_t kMaxUnroutableKeys = 32;
/// An event that comes back while others found a queue within this time is its own trouble, else the destination's as a whole.
constexpr milliseconds kRoutedRecently{10'000};
/// So many events show after a pause whether anything finds a queue again.
constexpr std::size_t kProbes = 16;
/// Room in a frame for its own header and the fixed part.
constexpr std::size_t kFrameReserve = 64;

}  // namespace

IoThread::IoThread(const Config& config) : config_(config), max_body_bytes_(config.max_message_bytes), frame_bytes_(kFrameBytes) {
  health_.notes = config.notes;
}

IoThread::~IoThread() { join(); }

void IoThread::join() {
  closing_ = true;
  abandoned_ = true;
  interrupter_.cut();
  mailbox_.wake_connection();
  if (thread_.joinable()) thread_.join();
}

void IoThread::start() {
  join();
  closing_ = false;
  abandoned_ = false;
  interrupter_.reset();
  failures_ = 0;
  pauses_ = 0;
  next_attempt_ = last_routed_ = {};
  unproven_ = false;
  queues_are_forbidden_ = false;
  unroutable_.clear();
  set_health(HealthState::starting, "connecting");
  mailbox_.set_stage(Stage::serving);
  thread_ = std::thread([this] { run(); });
}

std::size_t IoThread::max_properties_bytes() const noexcept { return frame_bytes_.load(std::memory_order_relaxed) - kFrameReserve; }

Health IoThread::health() const {
  const std::lock_guard lock(health_mutex_);
  return health_;
}

void IoThread::set_health(HealthState state, std::string detail) {
  const std::lock_guard lock(health_mutex_);
  if (state == HealthState::down && (health_.state != state || health_.detail != detail)) observability::log().warn("rabbitmq destination '{}': {}", config_.name, detail);
  if (state == HealthState::up && health_.state != state) observability::log().info("rabbitmq destination '{}': exchange {}: up", config_.name, config_.exchange);
  health_.state = state;
  health_.detail = std::move(detail);
}

/// Up, with what is not as it should be all the same.
void IoThread::show_up() {
  set_health(HealthState::up, unroutable_.empty() ? std::string() : unroutable_text());
}

std::string IoThread::unroutable_text() const {
  return fmt::format("events come back: no queue is bound to exchange '{}' for routing key '{}'{} (bind one, give the exchange an alternate "
                     "exchange, or leave the type out with types)",
                     config_.exchange, unroutable_.begin()->second,
                     unroutable_.size() > 1 ? fmt::format(" and {} more", unroutable_.size() - 1) : std::string());
}

void IoThread::close(milliseconds deadline) {
  closing_ = true;
  mailbox_.wake_connection();
  (void)mailbox_.wait_until_idle(deadline);
  // Once more after saying so: from then on a thread that is still connecting takes nothing.
  abandoned_ = true;
  interrupter_.cut();
  mailbox_.wake_connection();
  (void)mailbox_.wait_until_idle(kAfterCut);
  std::vector<OutgoingMessage> left;
  std::vector<Report> reports;
  mailbox_.take(left);
  for (const auto& message : left) {
    mailbox_.has_left(message.size());
    reports.push_back({.sequence = message.sequence(), .outcome = Outcome::unavailable, .reason = "closed before it was sent"});
  }
  mailbox_.report(reports);
}

void IoThread::run() {
  while (!abandoned_) {
    if (connection_) {
      serve();
    } else if (closing_) {
      break;
    } else {
      try_to_connect();
    }
    mailbox_.report(reports_);
    if (!connection_ && closing_) break;
  }
  if (connection_) fail({});
  open_ = false;
  give_back_queue("closed before it was sent");
  mailbox_.report(reports_);
  mailbox_.set_stage(Stage::finished);
}

// --- connecting

void IoThread::try_to_connect() {
  give_back_queue("not connected");
  if (const auto now = steady_clock::now(); now < next_attempt_) {
    mailbox_.wait(-1, std::chrono::ceil<milliseconds>(next_attempt_ - now));
    return;
  }
  mailbox_.set_stage(Stage::connecting);
  auto opened = Connection::open(config_, config_.hosts[host_at_], interrupter_);
  mailbox_.set_stage(Stage::serving);
  if (abandoned_) return;
  if (opened) return adopt(*std::move(opened));
  host_at_ = (host_at_ + 1) % config_.hosts.size();
  plan_next_attempt(opened.error());
  set_health(HealthState::down, opened.error().text);
}

void IoThread::adopt(std::unique_ptr<Connection> connection) {
  connection_ = std::move(connection);
  frame_bytes_ = connection_->frame_bytes();
  connected_at_ = last_read_ = last_progress_ = steady_clock::now();
  // What the broker thinks of this user and exchange shows with the first event alone: that it was not taken is then certain.
  alone_left_ = std::max<std::size_t>(alone_left_, 1);
  blocked_ = is_paused_ = false;
  open_ = true;
  if (!unproven_) show_up();
}

void IoThread::plan_next_attempt(const Failure& failure) {
  const auto now = steady_clock::now();
  ++failures_;
  const bool refused =
      failure.kind == Failure::Kind::settings || failure.kind == Failure::Kind::access || failure.kind == Failure::Kind::protocol;
  const auto hosts = static_cast<std::uint32_t>(config_.hosts.size());
  const std::uint32_t round = (failures_ - 1) / hosts;
  // All hosts are tried before there is a wait.
  if (!refused && failures_ % hosts != 0) {
    next_attempt_ = now;
    return;
  }
  const milliseconds first = refused ? kFirstDelayWhenRefused : kFirstDelay;
  next_attempt_ = now + with_jitter(std::min(first * (1 << std::min(round, 12u)), std::max(config_.reconnect_max, first)));
}

// --- connected

void IoThread::serve() {
  if (is_paused_ && steady_clock::now() >= resume_at_) end_pause();
  if (!takes_events()) give_back_queue("the broker takes no events now");
  publish_what_may_be();
  mailbox_.report(reports_);
  if (!connection_) return;
  if (is_done()) {
    connection_->close(kOrderlyEnd);
    connection_.reset();
    open_ = false;
    return;
  }
  const auto tick = std::min(std::chrono::duration_cast<milliseconds>(config_.heartbeat), config_.confirm_timeout) / 3;
  const auto nap = is_paused_ ? std::clamp(std::chrono::ceil<milliseconds>(resume_at_ - steady_clock::now()), milliseconds(0), tick) : tick;
  const bool has_news = mailbox_.wait(connection_->descriptor(), nap);
  if (has_news || steady_clock::now() - last_read_ >= tick) read();
  give_up_if_silent();
}

bool IoThread::is_done() noexcept { return closing_ && outstanding_.empty() && queue_at_ == queue_.size(); }

std::size_t IoThread::window() const noexcept {
  if (alone_left_ > 0) return 1;
  return pauses_ > 0 ? std::min<std::size_t>(kProbes, config_.max_in_flight) : config_.max_in_flight;
}

void IoThread::publish_what_may_be() {
  if (queue_at_ == queue_.size()) {
    queue_.clear();
    queue_at_ = 0;
  }
  mailbox_.take(queue_);
  std::size_t since_read = 0;
  while (takes_events() && !abandoned_ && queue_at_ < queue_.size() && outstanding_.size() < window()) {
    const OutgoingMessage message = std::move(queue_[queue_at_++]);
    mailbox_.has_left(message.size());
    if (outstanding_.empty()) last_progress_ = steady_clock::now();
    outstanding_.add({.sequence = message.sequence(),
                      .body_bytes = message.body().size(),
                      .key_hash = base::hash64(message.routing_key(), 0),
                      .is_for_queue = message.is_for_queue()});
    if (auto failure = connection_->publish(message)) {
      if (failure->kind == Failure::Kind::message) {
        outstanding_.drop_last();
        reports_.push_back({.sequence = message.sequence(), .outcome = Outcome::refused, .reason = failure->text});
      }
      return fail(*std::move(failure));
    }
    if (++since_read % kPublishesBetweenReads == 0 && connection_->is_readable()) {
      read();
      mailbox_.report(reports_);
    }
  }
}

void IoThread::read() {
  last_read_ = steady_clock::now();
  if (auto failure = connection_->read(*this)) fail(*std::move(failure));
}

/// A broker can live (heartbeats come) and confirm nothing, as with a queue that has no leader: a new connection, to another node maybe, is all
/// that is left to be tried.
void IoThread::give_up_if_silent() {
  if (!connection_ || outstanding_.empty() || blocked_ || steady_clock::now() - last_progress_ < config_.confirm_timeout) return;
  fail({.kind = Failure::Kind::silence,
        .text = fmt::format("the broker has confirmed nothing for {} ms (has a quorum queue lost its majority, or is a disk stuck? confirm_timeout)",
                            config_.confirm_timeout.count())});
}

void IoThread::on_confirm(std::uint64_t tag, bool multiple, bool stored) {
  last_progress_ = steady_clock::now();
  if (last_progress_ - connected_at_ >= kGoodConnection) failures_ = 0;
  bool shows_up = false;
  outstanding_.confirm(tag, multiple, [&](const Published& event) {
    if (alone_left_ > 0) --alone_left_;
    reports_.push_back(report_of_confirmed(event, stored));
    if (event.is_for_queue) return;
    if (event.returned) return pause_if_nothing_is_routed();
    pauses_ = 0;
    last_routed_ = last_progress_;
    shows_up |= std::exchange(unproven_, false);
    if (stored && !unroutable_.empty()) shows_up |= unroutable_.erase(event.key_hash) != 0;
  });
  if (shows_up && takes_events() && !unproven_) show_up();
}

Report IoThread::report_of_confirmed(const Published& event, bool stored) const {
  if (!stored) return {.sequence = event.sequence, .outcome = Outcome::retry, .reason = "the broker could not store it (nack): a queue is full or has failed"};
  if (!event.returned) return {.sequence = event.sequence, .outcome = Outcome::accepted, .reason = {}};
  return report_of_returned(event);
}

Report IoThread::report_of_returned(const Published& event) const {
  if (event.is_for_queue) return {.sequence = event.sequence, .outcome = Outcome::refused, .reason = "there is no queue of the name in dead_letter_topic"};
  Outcome outcome = Outcome::refused;
  if (config_.unroutable == Unroutable::retry)
    outcome = last_progress_ - last_routed_ < kRoutedRecently ? Outcome::retry : Outcome::unavailable;
  return {.sequence = event.sequence,
          .outcome = outcome,
          .reason = fmt::format("unroutable: no queue is bound to exchange '{}' for its routing key", config_.exchange)};
}

/// No event finds a queue: that is no event's fault, and sending on would only bring all of them back.
void IoThread::pause_if_nothing_is_routed() {
  if (config_.unroutable != Unroutable::retry || is_paused_ || last_progress_ - last_routed_ < kRoutedRecently) return;
  is_paused_ = unproven_ = true;
  open_ = false;
  resume_at_ = last_progress_ + with_jitter(std::min(kFirstDelayWhenRefused * (1 << std::min(pauses_, 12u)), config_.reconnect_max));
  ++pauses_;
  set_health(HealthState::down, unroutable_text());
}

void IoThread::end_pause() {
  is_paused_ = false;
  open_ = takes_events();
}

void IoThread::on_return(std::uint64_t sequence, std::string_view routing_key) {
  const Published* event = outstanding_.mark_returned(sequence);
  if (event == nullptr || event->is_for_queue || unroutable_.size() >= kMaxUnroutableKeys) return;
  if (unroutable_.emplace(event->key_hash, routing_key).second && takes_events() && !unproven_) show_up();
}

void IoThread::on_blocked(std::string_view reason) {
  blocked_ = true;
  open_ = false;
  set_health(HealthState::down, fmt::format("the broker has blocked publishing: {} (free memory or disk on the broker; see rabbitmqctl status)", reason));
}

void IoThread::on_unblocked() {
  blocked_ = false;
  open_ = takes_events();
  last_progress_ = steady_clock::now();
  if (open_ && !unproven_) show_up();
}

// --- ending

void IoThread::fail(Failure failure) {
  // It was cut by us: what the socket says about that is no news.
  if (abandoned_) failure = {.kind = Failure::Kind::network, .text = "closed before the broker had confirmed it"};
  open_ = false;
  connection_.reset();
  const bool was_alone = alone_left_ > 0 && outstanding_.size() == 1;
  const std::size_t under_way = outstanding_.size();
  bool found_culprit = false;
  outstanding_.drain([&](const Published& event) {
    reports_.push_back(report_of(event, failure, was_alone));
    found_culprit |= reports_.back().outcome == Outcome::refused;
  });
  if (failure.kind == Failure::Kind::too_large) {
    if (failure.limit_bytes != 0) max_body_bytes_ = std::min(config_.max_message_bytes, failure.limit_bytes);
    // One at a time shows which it is.
    if (!found_culprit) alone_left_ = under_way;
  } else {
    max_body_bytes_ = config_.max_message_bytes;  // another broker, or another setting, may be behind the next connection
  }
  unproven_ |= failure.kind == Failure::Kind::access || failure.kind == Failure::Kind::silence;
  if (failure.kind == Failure::Kind::queue_access) queues_are_forbidden_ = true;
  if (failure.kind == Failure::Kind::network && config_.hosts.size() > 1) host_at_ = (host_at_ + 1) % config_.hosts.size();
  plan_next_attempt(failure);
  if (!abandoned_) set_health(HealthState::down, std::move(failure.text));
}

Report IoThread::report_of(const Published& event, const Failure& failure, bool was_alone) const {
  const auto report = [&](Outcome outcome) { return Report{.sequence = event.sequence, .outcome = outcome, .reason = failure.text}; };
  switch (failure.kind) {
    case Failure::Kind::access:
      if (was_alone) return report(Outcome::unavailable);
      break;
    case Failure::Kind::queue_access:
      if (event.is_for_queue) return report(Outcome::refused);
      break;
    case Failure::Kind::too_large:
      if (failure.limit_bytes == 0 ? was_alone : event.body_bytes > failure.limit_bytes) return report(Outcome::refused);
      break;
    default: break;
  }
  return report(Outcome::in_doubt);
}

void IoThread::give_back_queue(std::string_view reason) {
  mailbox_.take(queue_);
  for (; queue_at_ < queue_.size(); ++queue_at_) {
    mailbox_.has_left(queue_[queue_at_].size());
    reports_.push_back({.sequence = queue_[queue_at_].sequence(), .outcome = Outcome::unavailable, .reason = std::string(reason)});
  }
  queue_.clear();
  queue_at_ = 0;
  mailbox_.report(reports_);
}

}  // namespace user_events::destinations::rabbitmq
