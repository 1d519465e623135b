#include "destinations/aws/batcher.h"

#include <algorithm>
#include <iterator>

#include "destinations/aws/config.h"

namespace user_events::destinations::aws {

void Batcher::add(Target& target, Entry entry, Time now) {
  auto open = std::ranges::find(open_, &target, &Batch::target);
  if (open != open_.end() && open->bytes + entry.bytes > max_bytes_) {
    full_.push_back(std::move(*open));
    open_.erase(open);
    open = open_.end();
  }
  if (open == open_.end()) {
    open_.push_back({.target = &target, .entries = {}, .bytes = 0, .since = now});
    open = std::prev(open_.end());
    open->entries.reserve(kMaxBatchEntries);
  }
  bytes_ += entry.bytes;
  open->bytes += entry.bytes;
  open->entries.push_back(std::move(entry));
  if (open->entries.size() < kMaxBatchEntries) return;
  full_.push_back(std::move(*open));
  open_.erase(open);
}

void Batcher::add_alone(Target& target, Entry entry) {
  Batch batch{.target = &target, .entries = {}, .bytes = entry.bytes, .since = {}};
  bytes_ += entry.bytes;
  batch.entries.push_back(std::move(entry));
  alone_.push_back(std::move(batch));
}

Batch Batcher::pop(std::deque<Batch>& queue, std::size_t at) {
  Batch batch = std::move(queue[at]);
  queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(at));
  bytes_ -= batch.bytes;
  return batch;
}

std::optional<Batch> Batcher::next(Time now, bool flush) {
  if (!alone_.empty()) return pop(alone_, 0);
  if (!full_.empty()) return pop(full_, 0);
  if (!open_.empty() && (flush || open_.front().since + linger_ <= now)) return pop(open_, 0);
  return std::nullopt;
}

std::optional<Batcher::Time> Batcher::next_due() const {
  if (open_.empty()) return std::nullopt;
  return open_.front().since + linger_;
}

std::vector<Entry> Batcher::take_back(const Target* target) {
  std::vector<Entry> entries;
  for (auto* queue : {&alone_, &full_, &open_}) {
    for (std::size_t at = 0; at < queue->size();) {
      if (target != nullptr && (*queue)[at].target != target) {
        ++at;
        continue;
      }
      std::ranges::move(pop(*queue, at).entries, std::back_inserter(entries));
    }
  }
  return entries;
}

}  // namespace user_events::destinations::aws
