#include "journal/format.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <limits>

#include "journal/bytes.h"
#include "journal/crc32c.h"

namespace user_events::journal {
namespace {

constexpr std::uint64_t kSegmentMagic = 0x3147455345564555;  // "UEVESEG1"
constexpr std::uint64_t kFooterMagic = 0x31544F4645564555;   // "UEVEFOT1"
constexpr std::uint32_t kFrameMagic = 0x31464555;            // "UEF1"
constexpr std::size_t kSegmentHeaderUsed = 256;
constexpr std::uint8_t kRecordVersion = 1;
constexpr std::uint8_t kFlagCallerId = 1;

/// Fills a struct of fixed offsets, front to back.
class Writer {
 public:
  explicit Writer(std::byte* at) : at_(at) {}
  template <class T>
  Writer& put(T value) noexcept {
    store(at_, value);
    at_ += sizeof value;
    return *this;
  }
  Writer& put(std::span<const std::byte> bytes) noexcept {
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
    return *this;
  }

 private:
  std::byte* at_;
};

class Parser {
 public:
  explicit Parser(const std::byte* at) : at_(at) {}
  template <class T>
  Parser& get(T& value) noexcept {
    value = load<T>(at_);
    at_ += sizeof value;
    return *this;
  }
  Parser& get(std::span<std::byte> bytes) noexcept {
    std::memcpy(bytes.data(), at_, bytes.size());
    at_ += bytes.size();
    return *this;
  }

 private:
  const std::byte* at_;
};

/// The last four bytes of a header are the CRC of those before.
void seal(std::span<std::byte> header) noexcept {
  store(header.data() + header.size() - 4, crc32c(header.first(header.size() - 4)));
}

bool sealed(std::span<const std::byte> header) noexcept {
  return load<std::uint32_t>(header.data() + header.size() - 4) == crc32c(header.first(header.size() - 4));
}

std::string name_of(std::uint64_t ordinal, std::string_view ending) {
  std::string digits = std::to_string(ordinal);
  return std::string(20 - digits.size(), '0').append(digits).append(ending);
}

}  // namespace

void encode(const SegmentHeader& header, SegmentHeaderBytes& out) noexcept {
  out.fill(std::byte{0});
  Writer(out.data())
      .put(kSegmentMagic)
      .put(kFormatVersion)
      .put(static_cast<std::uint32_t>(kSegmentHeaderBytes))
      .put(std::span<const std::byte>(header.journal))
      .put(header.epoch)
      .put(header.ordinal)
      .put(header.base_sequence)
      .put(header.previous_ordinal)
      .put(header.previous_end_offset)
      .put(static_cast<std::uint32_t>(header.previous_end))
      .put(std::uint32_t{0})
      .put(header.created_ms)
      .put(header.accepted_floor_ms)
      .put(header.salt)
      .put(std::span<const std::byte>(header.previous_hash));
  seal(std::span(out).first(kSegmentHeaderUsed));
}

std::optional<SegmentHeader> decode_segment_header(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < kSegmentHeaderBytes || !sealed(bytes.first(kSegmentHeaderUsed))) return std::nullopt;
  SegmentHeader header;
  std::uint64_t magic = 0;
  std::uint32_t version = 0, size = 0, end = 0, unused = 0;
  Parser(bytes.data())
      .get(magic)
      .get(version)
      .get(size)
      .get(std::span<std::byte>(header.journal))
      .get(header.epoch)
      .get(header.ordinal)
      .get(header.base_sequence)
      .get(header.previous_ordinal)
      .get(header.previous_end_offset)
      .get(end)
      .get(unused)
      .get(header.created_ms)
      .get(header.accepted_floor_ms)
      .get(header.salt)
      .get(std::span<std::byte>(header.previous_hash));
  if (magic != kSegmentMagic || version != kFormatVersion || size != kSegmentHeaderBytes || end > 2 || header.base_sequence == 0)
    return std::nullopt;
  header.previous_end = static_cast<PreviousEnd>(end);
  return header;
}

void encode(const FrameHeader& header, std::span<std::byte, kFrameHeaderBytes> out) noexcept {
  std::ranges::fill(out, std::byte{0});
  Writer(out.data())
      .put(kFrameMagic)
      .put(kFormatVersion)
      .put(header.salt)
      .put(header.offset)
      .put(header.first_sequence)
      .put(header.record_count)
      .put(header.caller_ids)
      .put(header.body_bytes)
      .put(header.body_crc)
      .put(header.accepted_first_ms)
      .put(header.accepted_last_ms)
      .put(header.wall_lowest_ms)
      .put(std::span<const std::byte>(header.previous_hash));
  seal(out);
}

std::optional<FrameHeader> decode_frame_header(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < kFrameHeaderBytes) return std::nullopt;
  FrameHeader header;
  std::uint32_t magic = 0, version = 0;
  Parser(bytes.data())
      .get(magic)
      .get(version)
      .get(header.salt)
      .get(header.offset)
      .get(header.first_sequence)
      .get(header.record_count)
      .get(header.caller_ids)
      .get(header.body_bytes)
      .get(header.body_crc)
      .get(header.accepted_first_ms)
      .get(header.accepted_last_ms)
      .get(header.wall_lowest_ms)
      .get(std::span<std::byte>(header.previous_hash));
  if (magic != kFrameMagic || version != kFormatVersion || !sealed(bytes.first(kFrameHeaderBytes)))
    return std::nullopt;
  if (header.record_count == 0 || header.body_bytes % kFrameAlignment != 0 || header.first_sequence == 0)
    return std::nullopt;
  if (header.record_count > std::numeric_limits<std::uint64_t>::max() - header.first_sequence) return std::nullopt;
  return header;
}

std::size_t encoded_size(const RecordDraft& draft) noexcept {
  return kRecordHeaderBytes + (draft.id_from_caller ? draft.request_mac.size() : 0) + draft.id.size() +
         draft.type.size() + draft.key.size() + draft.scope.size() + draft.source_position.size() +
         draft.key_id.size() + draft.payload.size();
}

std::byte* encode(const RecordDraft& draft, std::int64_t accepted_ms, std::byte* out) noexcept {
  Writer(out)
      .put(static_cast<std::uint32_t>(encoded_size(draft)))
      .put(kRecordVersion)
      .put(static_cast<std::uint8_t>(draft.form))
      .put(draft.id_from_caller ? kFlagCallerId : std::uint8_t{0})
      .put(static_cast<std::uint8_t>(draft.id.size()))
      .put(static_cast<std::uint8_t>(draft.type.size()))
      .put(static_cast<std::uint8_t>(draft.key_id.size()))
      .put(static_cast<std::uint16_t>(draft.key.size()))
      .put(static_cast<std::uint16_t>(draft.scope.size()))
      .put(static_cast<std::uint16_t>(draft.source_position.size()))
      .put(accepted_ms)
      .put(static_cast<std::uint32_t>(draft.payload.size()))
      .put(std::uint32_t{0});
  out += kRecordHeaderBytes;
  const auto append = [&out](const void* data, std::size_t size) {
    if (size != 0) std::memcpy(out, data, size);
    out += size;
  };
  if (draft.id_from_caller) append(draft.request_mac.data(), draft.request_mac.size());
  for (const std::string_view text :
       {draft.id, draft.type, draft.key, draft.scope, draft.source_position, draft.key_id, draft.payload})
    append(text.data(), text.size());
  return out;
}

std::size_t decode_record(std::span<const std::byte> bytes, std::uint64_t sequence,
                          RecordView& out) noexcept {
  if (bytes.size() < kRecordHeaderBytes) return 0;
  std::uint32_t size = 0, payload = 0;
  std::uint8_t version = 0, form = 0, flags = 0, id = 0, type = 0, key_id = 0;
  std::uint16_t key = 0, scope = 0, position = 0;
  Parser(bytes.data())
      .get(size)
      .get(version)
      .get(form)
      .get(flags)
      .get(id)
      .get(type)
      .get(key_id)
      .get(key)
      .get(scope)
      .get(position)
      .get(out.accepted_ms)
      .get(payload);
  if (version != kRecordVersion || form > 1 || size > bytes.size()) return 0;
  const bool from_caller = (flags & kFlagCallerId) != 0;
  const std::uint64_t expected = kRecordHeaderBytes + (from_caller ? out.request_mac.size() : 0) + id + type +
                                 key + std::uint64_t{scope} + position + key_id + payload;
  if (size != expected) return 0;
  out.sequence = sequence;
  out.form = static_cast<PayloadForm>(form);
  out.id_from_caller = from_caller;
  const std::byte* at = bytes.data() + kRecordHeaderBytes;
  out.request_mac = {};
  if (from_caller) {
    std::memcpy(out.request_mac.data(), at, out.request_mac.size());
    at += out.request_mac.size();
  }
  const auto take = [&at](std::string_view& text, std::size_t length) {
    text = {reinterpret_cast<const char*>(at), length};
    at += length;
  };
  take(out.id, id);
  take(out.type, type);
  take(out.key, key);
  take(out.scope, scope);
  take(out.source_position, position);
  take(out.key_id, key_id);
  take(out.payload, payload);
  return size;
}

bool decode_records(const FrameHeader& header, std::span<const std::byte> body,
                    std::vector<RecordView>& out) {
  out.clear();
  out.reserve(std::min<std::size_t>(header.record_count, body.size() / kRecordHeaderBytes));
  for (std::uint32_t i = 0; i < header.record_count; ++i) {
    const std::size_t size = decode_record(body, header.first_sequence + i, out.emplace_back());
    if (size == 0) return false;
    body = body.subspan(size);
  }
  return body.size() < kFrameAlignment;
}

std::string encode_footer(const Footer& footer, std::span<const SparseEntry> sparse) {
  std::string out(sparse.size() * kSparseEntryBytes + kFooterBytes, '\0');
  auto* at = reinterpret_cast<std::byte*>(out.data());
  for (const SparseEntry& entry : sparse) {
    Writer(at)
        .put(entry.offset)
        .put(entry.first_sequence)
        .put(entry.accepted_first_ms)
        .put(entry.wall_lowest_ms);
    at += kSparseEntryBytes;
  }
  Writer(at)
      .put(kFooterMagic)
      .put(kFormatVersion)
      .put(static_cast<std::uint32_t>(sparse.size()))
      .put(crc32c(as_bytes(out).first(sparse.size() * kSparseEntryBytes)))
      .put(std::uint32_t{0})
      .put(footer.salt)
      .put(footer.ordinal)
      .put(footer.base_sequence)
      .put(footer.last_sequence)
      .put(footer.end_offset)
      .put(footer.frames)
      .put(footer.caller_ids)
      .put(footer.accepted_first_ms)
      .put(footer.accepted_last_ms)
      .put(footer.wall_lowest_ms)
      .put(std::span<const std::byte>(footer.last_hash));
  seal({at, kFooterBytes});
  return out;
}

std::optional<DecodedFooter> decode_footer(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() != kFooterBytes || !sealed(bytes)) return std::nullopt;
  DecodedFooter decoded;
  Footer& footer = decoded.footer;
  std::uint64_t magic = 0;
  std::uint32_t version = 0, unused = 0;
  Parser(bytes.data())
      .get(magic)
      .get(version)
      .get(decoded.sparse_count)
      .get(decoded.sparse_crc)
      .get(unused)
      .get(footer.salt)
      .get(footer.ordinal)
      .get(footer.base_sequence)
      .get(footer.last_sequence)
      .get(footer.end_offset)
      .get(footer.frames)
      .get(footer.caller_ids)
      .get(footer.accepted_first_ms)
      .get(footer.accepted_last_ms)
      .get(footer.wall_lowest_ms)
      .get(std::span<std::byte>(footer.last_hash));
  if (magic != kFooterMagic || version != kFormatVersion) return std::nullopt;
  return decoded;
}

std::optional<std::vector<SparseEntry>> decode_sparse(std::span<const std::byte> bytes,
                                                      const DecodedFooter& footer) {
  if (bytes.size() != footer.sparse_count * kSparseEntryBytes || crc32c(bytes) != footer.sparse_crc)
    return std::nullopt;
  std::vector<SparseEntry> sparse(footer.sparse_count);
  const std::byte* at = bytes.data();
  for (SparseEntry& entry : sparse) {
    Parser(at)
        .get(entry.offset)
        .get(entry.first_sequence)
        .get(entry.accepted_first_ms)
        .get(entry.wall_lowest_ms);
    at += kSparseEntryBytes;
  }
  return sparse;
}

std::string segment_name(std::uint64_t ordinal) { return name_of(ordinal, ".segment"); }
std::string index_name(std::uint64_t ordinal) { return name_of(ordinal, ".ids"); }

std::optional<std::uint64_t> parse_name(std::string_view name, std::string_view ending) noexcept {
  if (name.size() != 20 + ending.size() || !name.ends_with(ending)) return std::nullopt;
  std::uint64_t ordinal = 0;
  const char* end = name.data() + 20;
  const auto parsed = std::from_chars(name.data(), end, ordinal);
  if (parsed.ec != std::errc{} || parsed.ptr != end || ordinal == 0) return std::nullopt;
  return ordinal;
}

}  // namespace user_events::journal
