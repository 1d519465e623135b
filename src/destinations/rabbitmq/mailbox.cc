#include "destinations/rabbitmq/mailbox.h"

#include <poll.h>

#include <array>
#include <iterator>
#include <utility>

namespace user_events::destinations::rabbitmq {
namespace {

template <class T>
void move_all(std::vector<T>& from, std::vector<T>& to) {
  if (to.empty())
    to.swap(from);
  else
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  from.clear();
}

}  // namespace

void Mailbox::put(std::vector<OutgoingMessage>& messages) {
  std::uint64_t bytes = 0;
  for (const auto& message : messages) bytes += message.size();
  queued_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  bool was_asleep = false;
  {
    const std::lock_guard lock(mutex_);
    move_all(messages, messages_);
    was_asleep = std::exchange(asleep_, false);
  }
  if (was_asleep) wake_connection();
}

void Mailbox::take_reports(std::vector<Report>& out, std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  if (reports_.empty() && timeout.count() > 0) {
    changed_.wait_for(lock, timeout, [this] { return !reports_.empty() || woken_; });
    woken_ = false;
  }
  move_all(reports_, out);
}

void Mailbox::wake() noexcept {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

bool Mailbox::wait_until_idle(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [this] { return stage_ != Stage::serving; });
}

void Mailbox::take(std::vector<OutgoingMessage>& out) {
  const std::lock_guard lock(mutex_);
  move_all(messages_, out);
}

void Mailbox::report(std::vector<Report>& reports) {
  if (reports.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    move_all(reports, reports_);
  }
  changed_.notify_all();
}

bool Mailbox::wait(int descriptor, std::chrono::milliseconds timeout) {
  {
    const std::lock_guard lock(mutex_);
    // Still looked at the descriptor: what the broker says must not wait until there is nothing more to send.
    if (!messages_.empty()) timeout = std::chrono::milliseconds(0);
    asleep_ = timeout.count() > 0;
  }
  std::array<pollfd, 2> both{pollfd{.fd = descriptor, .events = POLLIN, .revents = 0}, pollfd{.fd = bell_.descriptor(), .events = POLLIN, .revents = 0}};
  (void)::poll(both.data(), both.size(), static_cast<int>(timeout.count()));
  if (both[1].revents != 0) bell_.silence();
  const std::lock_guard lock(mutex_);
  asleep_ = false;
  return both[0].revents != 0;
}

void Mailbox::set_stage(Stage stage) {
  {
    const std::lock_guard lock(mutex_);
    stage_ = stage;
  }
  changed_.notify_all();
}

}  // namespace user_events::destinations::rabbitmq
