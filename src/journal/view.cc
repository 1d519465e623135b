#include "journal/view.h"

#include <algorithm>

namespace user_events::journal {
namespace {

/// Copying a whole sparse index where nobody looks at it would cost more than the rest.
Segment without_sparse(const Segment& segment) {
  Segment copy;
  copy.info = segment.info;
  copy.start_hash = segment.start_hash;
  copy.file_bytes = segment.file_bytes;
  copy.index_bytes = segment.index_bytes;
  copy.sealed = segment.sealed;
  return copy;
}

}  // namespace

Chunk RecentFrame::chunk() const {
  std::call_once(parsed_, [this] { chunk_ = ChunkBuilder::parse(header_, bytes_); });
  return chunk_;
}

View::View(std::uint64_t recent_bytes, std::vector<Segment> segments)
    : recent_limit_bytes_(recent_bytes),
      segments_(std::make_move_iterator(segments.begin()), std::make_move_iterator(segments.end())),
      durable_(segments_.empty() ? 0 : segments_.back().info.last_sequence) {}

void View::add_segment(Segment segment) {
  const std::unique_lock lock(mutex_);
  segments_.push_back(std::move(segment));
}

void View::add_frame(const FrameHeader& header, const Hash& hash, std::shared_ptr<const std::string> bytes) {
  auto frame = std::make_shared<const RecentFrame>(header, std::move(bytes));
  std::vector<std::shared_ptr<const RecentFrame>> evicted;  // freed without the lock
  {
    const std::unique_lock lock(mutex_);
    segments_.back().add(header, hash);
    segments_.back().file_bytes = std::max(segments_.back().file_bytes, segments_.back().info.end_offset);
    recent_bytes_ += frame->memory_bytes();
    recent_.push_back(std::move(frame));
    while (recent_bytes_ > recent_limit_bytes_) {
      recent_bytes_ -= recent_.front()->memory_bytes();
      evicted.push_back(std::move(recent_.front()));
      recent_.pop_front();
    }
  }
  {
    const std::scoped_lock lock(wait_mutex_);
    durable_.store(header.last_sequence(), std::memory_order_release);
  }
  advanced_.notify_all();
}

Segment View::active() const {
  const std::shared_lock lock(mutex_);
  return without_sparse(segments_.back());
}

void View::call_listeners() {
  const std::scoped_lock lock(listener_mutex_);
  const std::uint64_t now = durable();
  // By index: a listener may add or remove listeners.
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    const auto call = listeners_[i].call;
    call(now);
  }
}

void View::close() {
  {
    const std::scoped_lock lock(wait_mutex_);
    closed_ = true;
  }
  advanced_.notify_all();
}

Segment* View::find(std::uint64_t ordinal) {
  const auto found =
      std::ranges::lower_bound(segments_, ordinal, {}, [](const Segment& s) { return s.info.ordinal; });
  return found != segments_.end() && found->info.ordinal == ordinal ? &*found : nullptr;
}

void View::set_sealed(std::uint64_t ordinal, std::uint64_t file_bytes) {
  const std::unique_lock lock(mutex_);
  if (Segment* segment = find(ordinal)) {
    segment->sealed = true;
    segment->file_bytes = file_bytes;
    segment->sparse = {};
  }
}

void View::set_index_bytes(std::uint64_t ordinal, std::uint64_t index_bytes) {
  const std::unique_lock lock(mutex_);
  if (Segment* segment = find(ordinal)) segment->index_bytes = index_bytes;
}

bool View::remove_oldest(std::uint64_t ordinal) {
  const std::unique_lock lock(mutex_);
  if (segments_.size() < 2 || segments_.front().info.ordinal != ordinal) return false;
  const std::uint64_t last = segments_.front().info.last_sequence;
  segments_.pop_front();
  while (!recent_.empty() && recent_.front()->header().first_sequence <= last) {
    recent_bytes_ -= recent_.front()->memory_bytes();
    recent_.pop_front();
  }
  return true;
}

std::vector<Segment> View::segments() const {
  const std::shared_lock lock(mutex_);
  std::vector<Segment> copies;
  copies.reserve(segments_.size());
  for (const Segment& segment : segments_) copies.push_back(without_sparse(segment));
  return copies;
}

std::optional<Segment> View::segment(std::uint64_t ordinal) const {
  const std::shared_lock lock(mutex_);
  for (const Segment& segment : segments_)
    if (segment.info.ordinal == ordinal) return segment;
  return std::nullopt;
}

std::optional<Segment> View::segment_of(std::uint64_t sequence) const {
  const std::shared_lock lock(mutex_);
  // Segments without a record share their base with the next; the last with that base is the one.
  const auto behind = std::ranges::upper_bound(segments_, sequence, {},
                                               [](const Segment& s) { return s.info.base_sequence; });
  if (behind == segments_.begin()) return std::nullopt;
  const Segment& segment = *std::prev(behind);
  if (segment.info.last_sequence < sequence) return std::nullopt;
  return without_sparse(segment);
}

std::uint64_t View::first_sequence() const {
  const std::shared_lock lock(mutex_);
  return segments_.front().info.base_sequence;
}

std::shared_ptr<const RecentFrame> View::recent(std::uint64_t sequence) const {
  const std::shared_lock lock(mutex_);
  const auto behind = std::ranges::upper_bound(
      recent_, sequence, {}, [](const auto& frame) { return frame->header().first_sequence; });
  if (behind == recent_.begin()) return nullptr;
  const auto& frame = *std::prev(behind);
  return frame->header().last_sequence() >= sequence ? frame : nullptr;
}

std::uint64_t View::disk_bytes() const {
  const std::shared_lock lock(mutex_);
  std::uint64_t sum = 0;
  for (const Segment& segment : segments_) sum += segment.file_bytes + segment.index_bytes;
  return sum;
}

std::uint64_t View::wait_durable(std::uint64_t after, std::chrono::milliseconds timeout) const {
  if (durable() > after) return durable();
  std::unique_lock lock(wait_mutex_);
  advanced_.wait_for(lock, timeout, [&] { return closed_ || durable() > after; });
  return durable();
}

std::uint64_t View::add_listener(std::function<void(std::uint64_t)> listener) {
  const std::scoped_lock lock(listener_mutex_);
  listeners_.push_back({next_token_, std::move(listener)});
  return next_token_++;
}

void View::remove_listener(std::uint64_t token) {
  const std::scoped_lock lock(listener_mutex_);
  std::erase_if(listeners_, [token](const Listener& listener) { return listener.token == token; });
}

}  // namespace user_events::journal
