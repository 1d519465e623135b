#include <algorithm>

#include "base/try.h"
#include "journal/bytes.h"
#include "journal/crc32c.h"
#include "journal/impl.h"

namespace user_events::journal {

Result<std::vector<SparseEntry>> sparse_entries(const View& view, const ports::File& file,
                                                std::uint64_t ordinal) {
  if (auto segment = view.segment(ordinal); segment && !segment->sealed) return std::move(segment->sparse);
  return read_sparse(file, ordinal);
}

Result<Chunk> Reader::Impl::next() {
  if (damage_) return std::unexpected(*damage_);
  if (after_ >= view_.durable()) return Chunk{};
  const std::uint64_t first = view_.first_sequence();
  if (after_ + 1 < first) {
    if (after_ != 0)
      return fail(ErrorKind::not_found, "expired",
                  "the records after " + std::to_string(after_) + " are gone; the journal begins at " +
                      std::to_string(first),
                  "begin at the oldest record, or keep records longer with journal.retention");
    after_ = first - 1;
    if (after_ >= view_.durable()) return Chunk{};
  }
  Chunk chunk;
  if (const auto recent = view_.recent(after_ + 1)) {
    chunk = recent->chunk();
    if (chunk.empty())
      return fail(ErrorKind::internal, "frame-in-memory", "a frame in memory does not parse");
  } else {
    auto read = read_from_disk(after_ + 1);
    if (!read) {
      if (read.error().kind == ErrorKind::damaged) damage_ = read.error();
      next_sequence_ = 0;
      // Retention may have removed the file between the look and the read.
      if (read.error().kind == ErrorKind::not_found && view_.first_sequence() > first) return next();
      return read;
    }
    chunk = *std::move(read);
  }
  chunk = ChunkBuilder::after(chunk, after_);
  after_ = chunk.last_sequence();
  return chunk;
}

void Reader::Impl::seek(std::uint64_t sequence) {
  after_ = sequence;
  damage_.reset();
}

Result<FrameHeader> Reader::Impl::read_header() const {
  std::array<std::byte, kFrameHeaderBytes> bytes;
  UE_TRY_ASSIGN(const std::size_t got, file_->read_at(offset_, bytes));
  const auto header = decode_frame_header(std::span(bytes).first(got));
  if (!header) return damage(ordinal_, offset_, "no frame header");
  if (header->salt != salt_ || header->offset != offset_)
    return damage(ordinal_, offset_, "a frame header of another place");
  return *header;
}

/// Opens the segment and walks headers to the frame with `wanted`, from the nearest sparse entry.
Result<void> Reader::Impl::move_to(const Segment& segment, std::uint64_t wanted) {
  next_sequence_ = 0;
  UE_TRY_ASSIGN(
      file_, storage_.files.open(storage_.path(segment_name(segment.info.ordinal)), ports::OpenMode::read));
  ordinal_ = segment.info.ordinal;
  salt_ = segment.info.salt;
  offset_ = kSegmentHeaderBytes;
  std::uint64_t sequence = segment.info.base_sequence;
  if (wanted != sequence) {
    UE_TRY_ASSIGN(const std::vector<SparseEntry> sparse, sparse_entries(view_, *file_, ordinal_));
    const auto behind = std::ranges::upper_bound(sparse, wanted, {}, &SparseEntry::first_sequence);
    if (behind != sparse.begin()) {
      offset_ = std::prev(behind)->offset;
      sequence = std::prev(behind)->first_sequence;
    }
  }
  while (offset_ < segment.info.end_offset) {
    UE_TRY_ASSIGN(const FrameHeader header, read_header());
    if (header.first_sequence != sequence)
      return damage(ordinal_, offset_, "the frame's sequence does not follow");
    if (header.last_sequence() >= wanted) {
      next_sequence_ = sequence;
      return {};
    }
    sequence = header.last_sequence() + 1;
    offset_ += header.total_bytes();
  }
  return damage(ordinal_, offset_, "the segment ends before its last record");
}

Result<Chunk> Reader::Impl::read_from_disk(std::uint64_t wanted) {
  const std::optional<Segment> segment = view_.segment_of(wanted);
  if (!segment) return fail(ErrorKind::not_found, "expired", "record " + std::to_string(wanted) + " is gone");
  if (next_sequence_ != wanted || ordinal_ != segment->info.ordinal) UE_TRY(move_to(*segment, wanted));
  UE_TRY_ASSIGN(const FrameHeader header, read_header());
  if (header.first_sequence != next_sequence_)
    return damage(ordinal_, offset_, "the frame's sequence does not follow");
  if (header.total_bytes() > segment->info.end_offset - offset_)
    return damage(ordinal_, offset_, "the frame's body is cut off");
  auto bytes = std::make_shared<std::string>();
  std::size_t got = 0;
  Result<std::size_t> read = std::size_t{0};
  bytes->resize_and_overwrite(header.total_bytes(), [&](char* data, std::size_t) {
    read = file_->read_at(offset_, {reinterpret_cast<std::byte*>(data), header.total_bytes()});
    if (read) got = *read;
    return got;
  });
  if (!read) return std::unexpected(read.error());
  if (got != header.total_bytes()) return damage(ordinal_, offset_, "the frame's body is cut off");
  if (crc32c(as_bytes(*bytes).subspan(kFrameHeaderBytes)) != header.body_crc)
    return damage(ordinal_, offset_, "the frame's checksum does not match");
  Chunk chunk = ChunkBuilder::parse(header, std::move(bytes));
  if (chunk.empty()) return damage(ordinal_, offset_, "a frame's records are not what its header says");
  offset_ += header.total_bytes();
  next_sequence_ = header.last_sequence() + 1;
  return chunk;
}

// ---- the public face ----

Reader::Reader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Result<Chunk> Reader::next() { return impl_->next(); }
void Reader::seek(std::uint64_t after_sequence) { impl_->seek(after_sequence); }

}  // namespace user_events::journal
