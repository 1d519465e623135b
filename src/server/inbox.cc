#include "server/inbox.h"

namespace user_events::server {

void Inbox::push(Completion&& completion) {
  push_quietly(std::move(completion));
  if (std::this_thread::get_id() != owner_) wake_if_any();
}

void Inbox::push_quietly(Completion&& completion) {
  if (std::this_thread::get_id() == owner_) {
    local_.push_back(std::move(completion));
    return;
  }
  std::lock_guard lock(mutex_);
  if (!closed_) items_.push_back(std::move(completion));
}

void Inbox::wake_if_any() {
  std::lock_guard lock(mutex_);
  if (closed_ || woken_ || items_.empty()) return;
  woken_ = true;
  wake_();
}

void Inbox::take(std::vector<Completion>& out) {
  std::lock_guard lock(mutex_);
  out.swap(items_);
  woken_ = false;
}

void Inbox::close() {
  std::vector<Completion> dropped;
  std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(items_);
}

}  // namespace user_events::server
