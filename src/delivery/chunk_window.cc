#include "delivery/chunk_window.h"

#include <algorithm>

namespace user_events::delivery {
namespace {

std::size_t memory_of(const journal::Chunk& chunk) {
  std::size_t bytes = chunk.size() * sizeof(journal::RecordView);
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    const auto& record = chunk[i];
    bytes += record.id.size() + record.type.size() + record.key.size() + record.scope.size() + record.payload.size();
  }
  return bytes;
}

const journal::RecordView* record_in(const journal::Chunk& chunk, std::uint64_t sequence) noexcept {
  if (sequence < chunk.first_sequence() || sequence > chunk.last_sequence()) return nullptr;
  return &chunk[sequence - chunk.first_sequence()];
}

}  // namespace

void ChunkWindow::push(journal::Chunk chunk) {
  const std::size_t bytes = memory_of(chunk);
  chunks_.push_back({std::move(chunk), bytes});
  bytes_ += bytes;
}

const journal::RecordView* ChunkWindow::find(std::uint64_t sequence) noexcept {
  for (std::size_t i = hint_; i < std::min(hint_ + 2, chunks_.size()); ++i) {
    if (const auto* record = record_in(chunks_[i].chunk, sequence)) {
      hint_ = i;
      return record;
    }
  }
  const auto after = std::ranges::upper_bound(chunks_, sequence, {}, [](const Held& held) { return held.chunk.first_sequence(); });
  if (after == chunks_.begin()) return nullptr;
  hint_ = static_cast<std::size_t>(after - chunks_.begin()) - 1;
  return record_in(chunks_[hint_].chunk, sequence);
}

void ChunkWindow::drop_through(std::uint64_t sequence) noexcept {
  while (!chunks_.empty() && chunks_.front().chunk.last_sequence() <= sequence) {
    bytes_ -= chunks_.front().bytes;
    chunks_.pop_front();
    if (hint_ > 0) --hint_;
  }
}

}  // namespace user_events::delivery
