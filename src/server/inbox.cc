#include "server/inbox.h"

namespace user_events::server {

void Inbox::push(Completion&& completion) {
  if (std::this_thread::get_id() == owner_) {
    local_.push_back(std::move(completion));
    return;
  }
  std::lock_guard lock(mutex_);
  if (closed_) return;
  items_.push_back(std::move(completion));
  if (items_.size() == 1) wake_();
}

void Inbox::take(std::vector<Completion>& out) {
  std::lock_guard lock(mutex_);
  out.swap(items_);
}

void Inbox::close() {
  std::vector<Completion> dropped;
  std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(items_);
}

}  // namespace user_events::server
