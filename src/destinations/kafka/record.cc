#include "destinations/kafka/record.h"

#include <array>
#include <charconv>
#include <cstring>
#include <string>

#include "destinations/header_text.h"

namespace user_events::destinations::kafka {
namespace {

constexpr std::size_t kHeadersAtFirst = 16;
constexpr std::size_t kBatchHeaderBytes = 61;

/// Bytes of a zigzag variable-length integer, for a length (never negative).
constexpr std::size_t varint_bytes(std::uint64_t length) noexcept {
  std::size_t bytes = 1;
  for (std::uint64_t rest = length << 1; rest >= 0x80; rest >>= 7) ++bytes;
  return bytes;
}

constexpr std::size_t header_bytes(std::size_t name, std::size_t value) noexcept {
  return varint_bytes(name) + name + varint_bytes(value) + value;
}

class HeaderWriter {
 public:
  HeaderWriter() : headers_(rd_kafka_headers_new(kHeadersAtFirst)) {}

  void add(std::string_view name, std::string_view value) {
    rd_kafka_header_add(headers_.get(), name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
    bytes_ += header_bytes(name.size(), value.size());
    ++count_;
  }

  Headers finish(std::size_t& bytes) {
    bytes = bytes_ + varint_bytes(count_);
    return std::move(headers_);
  }

 private:
  Headers headers_;
  std::size_t bytes_ = 0, count_ = 0;
};

void add_attribute(HeaderWriter& writer, std::string_view name, std::string_view value) {
  constexpr std::string_view kPrefix = "ce_";
  std::array<char, 64> text;
  if (name.size() > text.size() - kPrefix.size()) return;  // formation refuses names beyond 20 characters
  std::memcpy(text.data(), kPrefix.data(), kPrefix.size());
  std::memcpy(text.data() + kPrefix.size(), name.data(), name.size());
  writer.add({text.data(), kPrefix.size() + name.size()}, value);
}

std::string_view text_of(const void* value, std::size_t size) noexcept {
  return {static_cast<const char*>(value), size};
}

}  // namespace

Headers make_headers(const Message& message, std::size_t& headers_bytes) {
  HeaderWriter writer;
  for_each_cause_header(message, [&writer](std::string_view name, std::string_view value) { writer.add(name, value); });
  writer.add("content-type", message.content_type);
  for_each_header_attribute(message,
                            [&writer](std::string_view name, std::string_view value) { add_attribute(writer, name, value); });
  for (const auto& header : message.headers) writer.add(header.name, header.value);
  return writer.finish(headers_bytes);
}

std::size_t headers_bytes(const rd_kafka_headers_t* headers) {
  std::size_t bytes = 0, count = 0, size = 0;
  const char* name = nullptr;
  const void* value = nullptr;
  while (rd_kafka_header_get_all(headers, count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    bytes += header_bytes(std::strlen(name), size);
    ++count;
  }
  return bytes + varint_bytes(count);
}

std::uint64_t lone_batch_bytes(std::size_t key_bytes, std::size_t body_bytes,
                               std::size_t headers_bytes) noexcept {
  // Attributes, timestamp delta 0 and offset delta 0 take one byte each.
  const std::uint64_t record =
      3 + varint_bytes(key_bytes) + key_bytes + varint_bytes(body_bytes) + body_bytes + headers_bytes;
  return kBatchHeaderBytes + varint_bytes(record) + record;
}

std::optional<Marks> read_marks(const rd_kafka_message_t* message) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  const auto find = [headers](std::string_view name) -> std::string_view {
    const void* value = nullptr;
    std::size_t size = 0;
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the names are literals
    if (rd_kafka_header_get_last(headers, name.data(), &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        value == nullptr)
      return {};
    return text_of(value, size);
  };
  Marks marks{.journal_id = find(kJournalHeader), .id = find(kIdHeader)};
  const std::string_view sequence = find(kSequenceHeader);
  if (marks.journal_id.empty() || marks.id.empty() || sequence.empty()) return std::nullopt;
  const auto [end, error] =
      std::from_chars(sequence.data(), sequence.data() + sequence.size(), marks.sequence);
  if (error != std::errc{} || end != sequence.data() + sequence.size() || marks.sequence == 0)
    return std::nullopt;
  return marks;
}

}  // namespace user_events::destinations::kafka
