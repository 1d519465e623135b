#include "journal/frame.h"

#include <utility>

#include "journal/bytes.h"
#include "journal/crc32c.h"

namespace user_events::journal {
namespace {

constexpr std::size_t kPoolBytes = 8u << 20;
constexpr std::size_t kPoolBuffers = 8;

}  // namespace

void FrameBuilder::build(Frame& frame) {
  frame.built = true;
  if (!frame.has_records()) return;
  frame.bytes.resize(align_up(frame.bytes.size(), kFrameAlignment), '\0');
  FrameHeader& header = frame.header;
  header.body_bytes = static_cast<std::uint32_t>(frame.bytes.size() - kFrameHeaderBytes);
  if (position_.offset > kSegmentHeaderBytes && position_.offset + frame.bytes.size() > segment_bytes_) {
    position_.salt = random_.next_u64();
    position_.offset = kSegmentHeaderBytes;
    frame.starts_segment = true;
  }
  header.salt = position_.salt;
  header.offset = position_.offset;
  header.previous_hash = position_.previous;
  header.body_crc = crc32c(as_bytes(frame.bytes).subspan(kFrameHeaderBytes));
  auto* const at = reinterpret_cast<std::byte*>(frame.bytes.data());
  encode(header, std::span<std::byte, kFrameHeaderBytes>(at, kFrameHeaderBytes));
  frame.hash = sha_(as_bytes(frame.bytes));
  position_.previous = frame.hash;
  position_.offset += frame.bytes.size();
}

std::string BufferPool::take() {
  const std::scoped_lock lock(mutex_);
  if (free_.empty()) return {};
  std::string buffer = std::move(free_.back());
  free_.pop_back();
  free_bytes_ -= buffer.capacity();
  return buffer;
}

void BufferPool::give_back(std::string&& buffer) noexcept {
  const std::scoped_lock lock(mutex_);
  if (free_.size() >= kPoolBuffers || free_bytes_ + buffer.capacity() > kPoolBytes) return;
  buffer.clear();
  free_bytes_ += buffer.capacity();
  free_.reserve(kPoolBuffers);
  free_.push_back(std::move(buffer));
}

std::shared_ptr<const std::string> BufferPool::share(std::string&& buffer) {
  if (buffer.size() < buffer.capacity() / 2) {
    auto copy = std::make_shared<const std::string>(buffer);
    give_back(std::move(buffer));
    return copy;
  }
  return {new std::string(std::move(buffer)), [pool = shared_from_this()](std::string* done) {
            pool->give_back(std::move(*done));
            delete done;
          }};
}

Chunk ChunkBuilder::make(std::shared_ptr<const std::string> bytes, Records records) {
  Chunk chunk;
  chunk.bytes_ = std::move(bytes);
  chunk.records_ = std::move(records);
  return chunk;
}

Chunk ChunkBuilder::parse(const FrameHeader& header, std::shared_ptr<const std::string> bytes) {
  auto records = std::make_shared<std::vector<RecordView>>();
  if (!decode_records(header, as_bytes(*bytes).subspan(kFrameHeaderBytes), *records)) return {};
  return make(std::move(bytes), std::move(records));
}

Chunk ChunkBuilder::after(const Chunk& chunk, std::uint64_t sequence) {
  if (chunk.empty() || chunk.first_sequence() > sequence) return chunk;
  if (chunk.last_sequence() <= sequence) return {};
  const auto skip = static_cast<std::ptrdiff_t>(sequence + 1 - chunk.first_sequence());
  return make(chunk.bytes_, std::make_shared<const std::vector<RecordView>>(chunk.records_->begin() + skip,
                                                                            chunk.records_->end()));
}

}  // namespace user_events::journal
