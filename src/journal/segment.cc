#include "journal/segment.h"

#include <algorithm>

#include "base/try.h"
#include "journal/bytes.h"
#include "journal/crc32c.h"

namespace user_events::journal {
namespace {

constexpr std::size_t kWindowBytes = 1u << 20;

std::span<std::byte> writable(std::string& buffer) {
  return {reinterpret_cast<std::byte*>(buffer.data()), buffer.size()};
}

/// The decoded footer at the end of the file, if any.
Result<std::optional<DecodedFooter>> footer_at_end(const ports::File& file) {
  UE_TRY_ASSIGN(const std::uint64_t size, file.size());
  if (size < kSegmentHeaderBytes + kFooterBytes) return std::nullopt;
  std::array<std::byte, kFooterBytes> bytes;
  UE_TRY_ASSIGN(const std::size_t got, file.read_at(size - kFooterBytes, bytes));
  if (got != bytes.size()) return std::nullopt;
  std::optional<DecodedFooter> decoded = decode_footer(bytes);
  if (!decoded) return std::nullopt;
  if (decoded->footer.end_offset + decoded->sparse_count * kSparseEntryBytes + kFooterBytes != size)
    return std::nullopt;
  return decoded;
}

}  // namespace

void Segment::add(const FrameHeader& header, const Hash& hash) {
  if (info.frames == 0) {
    info.accepted_first_ms = header.accepted_first_ms;
    info.wall_lowest_ms = header.wall_lowest_ms;
  }
  if (sparse.empty() || info.end_offset - sparse.back().offset >= kSparseStrideBytes) {
    sparse.push_back(
        {info.end_offset, header.first_sequence, header.accepted_first_ms, header.wall_lowest_ms});
  }
  sparse.back().wall_lowest_ms = std::min(sparse.back().wall_lowest_ms, header.wall_lowest_ms);
  info.wall_lowest_ms = std::min(info.wall_lowest_ms, header.wall_lowest_ms);
  info.accepted_last_ms = header.accepted_last_ms;
  info.last_sequence = header.last_sequence();
  info.end_offset += header.total_bytes();
  info.caller_ids += header.caller_ids;
  info.last_hash = hash;
  ++info.frames;
}

Result<std::unique_ptr<ports::FileLock>> share_lock(const Storage& storage) {
  auto lock = storage.files.lock_shared(storage.path("lock"));
  if (!lock && lock.error().kind == ErrorKind::not_found) return nullptr;
  return lock;
}

Segment begin_segment(const SegmentHeader& header) {
  Segment segment;
  segment.info.salt = header.salt;
  segment.info.ordinal = header.ordinal;
  segment.info.base_sequence = header.base_sequence;
  segment.info.last_sequence = header.base_sequence - 1;
  segment.info.accepted_first_ms = header.accepted_floor_ms;
  segment.info.accepted_last_ms = header.accepted_floor_ms;
  segment.info.wall_lowest_ms = header.accepted_floor_ms;
  segment.info.last_hash = header.previous_hash;
  segment.start_hash = header.previous_hash;
  segment.file_bytes = kSegmentHeaderBytes;
  return segment;
}

SegmentHeader next_header(const Segment& previous, PreviousEnd previous_end, const JournalUuid& journal,
                          std::uint64_t epoch) {
  SegmentHeader header;
  header.journal = journal;
  header.epoch = epoch;
  header.base_sequence = previous.info.last_sequence + 1;
  header.previous_ordinal = previous.info.ordinal;
  header.previous_end_offset = previous.info.end_offset;
  header.previous_end = previous_end;
  header.accepted_floor_ms = previous.info.accepted_last_ms;
  header.previous_hash = previous.info.last_hash;
  return header;
}

std::unexpected<Error> damage(std::uint64_t ordinal, std::uint64_t offset, std::string_view what) {
  return fail(ErrorKind::damaged, "journal-damaged",
              "journal segment " + segment_name(ordinal) + " is damaged at offset " + std::to_string(offset) +
                  ": " + std::string(what),
              "restore the data directory from a backup; nothing after that place is read or skipped");
}

FrameScanner::FrameScanner(const ports::File& file, std::uint64_t salt, std::uint64_t offset,
                           std::uint64_t end)
    : file_(file), salt_(salt), offset_(offset), end_(end) {}

void FrameScanner::expect_chain(std::uint64_t next_sequence, const Hash& previous) {
  chained_ = true;
  next_sequence_ = next_sequence;
  chain_hash_ = previous;
}

std::optional<FrameScanner::Item> FrameScanner::none(std::string_view why) noexcept {
  why_ = why;
  return std::nullopt;
}

Result<std::span<const std::byte>> FrameScanner::window(std::uint64_t bytes) {
  if (offset_ < buffer_offset_ || offset_ + bytes > buffer_offset_ + buffer_.size()) {
    const std::uint64_t wanted = std::min(std::max<std::uint64_t>(bytes, kWindowBytes), end_ - offset_);
    buffer_.resize(wanted);
    buffer_offset_ = offset_;
    UE_TRY_ASSIGN(const std::size_t got, file_.read_at(offset_, writable(buffer_)));
    buffer_.resize(got);
  }
  return as_bytes(buffer_).subspan(offset_ - buffer_offset_);
}

Result<std::optional<FrameScanner::Item>> FrameScanner::next() {
  if (end_ - offset_ < kFrameHeaderBytes) return none("the segment ends");
  UE_TRY_ASSIGN(auto bytes, window(kFrameHeaderBytes));
  const std::optional<FrameHeader> header = decode_frame_header(bytes);
  if (!header) return none("no frame header");
  if (header->salt != salt_ || header->offset != offset_) return none("a frame header of another place");
  if (header->total_bytes() > end_ - offset_) return none("the frame's body is cut off");
  UE_TRY_ASSIGN(bytes, window(header->total_bytes()));
  if (bytes.size() < header->total_bytes()) return none("the frame's body is cut off");
  Item item{*header, bytes.first(header->total_bytes())};
  if (crc32c(item.body()) != header->body_crc) return none("the frame's checksum does not match");
  if (chained_) {
    if (header->first_sequence != next_sequence_) return none("the frame's sequence does not follow");
    if (header->previous_hash != chain_hash_) return none("the frame's hash does not follow");
    next_sequence_ = header->last_sequence() + 1;
    chain_hash_ = sha_(item.bytes);
  }
  offset_ += header->total_bytes();
  return item;
}

Result<std::optional<std::uint64_t>> find_frame_after(
    const ports::File& file, std::uint64_t from,
    const std::function<bool(const FrameHeader& header, std::uint64_t offset)>& matches) {
  std::string buffer;
  from = align_up(from, kFrameAlignment);
  for (;;) {
    buffer.resize(kWindowBytes);
    UE_TRY_ASSIGN(const std::size_t got, file.read_at(from, writable(buffer)));
    if (got < kFrameHeaderBytes) return std::nullopt;
    const auto bytes = as_bytes(buffer).first(got);
    for (std::size_t at = 0; at + kFrameHeaderBytes <= got; at += kFrameAlignment) {
      if (load<std::uint32_t>(bytes.data() + at) == 0) continue;  // most of what is looked at is zeros
      const auto header = decode_frame_header(bytes.subspan(at));
      if (header && matches(*header, from + at)) return from + at;
    }
    if (got < kWindowBytes) return std::nullopt;
    from += kWindowBytes - align_up(kFrameHeaderBytes, kFrameAlignment);
  }
}

Result<std::uint64_t> end_of_content(const ports::File& file, std::uint64_t from) {
  std::string buffer;
  std::uint64_t end = from;
  for (std::uint64_t at = from;; at += buffer.size()) {
    buffer.resize(kWindowBytes);
    UE_TRY_ASSIGN(const std::size_t got, file.read_at(at, writable(buffer)));
    buffer.resize(got);
    if (const auto last = buffer.find_last_not_of('\0'); last != std::string::npos) end = at + last + 1;
    if (got < kWindowBytes) return end;
  }
}

Result<std::unique_ptr<ports::File>> create_segment(const Storage& storage, const SegmentHeader& header) {
  const std::string path = storage.path(segment_name(header.ordinal));
  UE_TRY_ASSIGN(auto file, storage.files.open(path, ports::OpenMode::create_new));
  SegmentHeaderBytes bytes;
  encode(header, bytes);
  UE_TRY(file->write_at(0, bytes));
  UE_TRY(file->sync_data());
  UE_TRY(storage.sync_directory());
  return file;
}

Result<std::uint64_t> write_footer(const Storage& storage, const Footer& info,
                                   std::span<const SparseEntry> sparse) {
  UE_TRY_ASSIGN(const auto file,
                storage.files.open(storage.path(segment_name(info.ordinal)), ports::OpenMode::read_write));
  const std::string bytes = encode_footer(info, sparse);
  UE_TRY(file->truncate(info.end_offset));
  UE_TRY(file->write_at(info.end_offset, as_bytes(bytes)));
  UE_TRY(file->sync_data());
  return info.end_offset + bytes.size();
}

Result<std::optional<Segment>> read_footer(const ports::File& file, const SegmentHeader& header) {
  UE_TRY_ASSIGN(const auto decoded, footer_at_end(file));
  if (!decoded) return std::nullopt;
  const Footer& footer = decoded->footer;
  if (footer.salt != header.salt || footer.ordinal != header.ordinal ||
      footer.base_sequence != header.base_sequence)
    return std::nullopt;
  Segment segment = begin_segment(header);
  segment.info = footer;
  segment.sealed = true;
  UE_TRY_ASSIGN(segment.file_bytes, file.size());
  return segment;
}

Result<std::vector<SparseEntry>> read_sparse(const ports::File& file, std::uint64_t ordinal) {
  UE_TRY_ASSIGN(const auto decoded, footer_at_end(file));
  if (!decoded) return damage(ordinal, 0, "its footer is not readable");
  std::string bytes(decoded->sparse_count * kSparseEntryBytes, '\0');
  UE_TRY_ASSIGN(const std::size_t got, file.read_at(decoded->footer.end_offset, writable(bytes)));
  auto sparse = decode_sparse(as_bytes(bytes).first(got), *decoded);
  if (!sparse)
    return damage(ordinal, decoded->footer.end_offset, "its sparse index does not match its checksum");
  return *std::move(sparse);
}

}  // namespace user_events::journal
