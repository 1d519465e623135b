#include "destinations/aws/entry.h"

#include <algorithm>

#include "base/hex.h"
#include "crypto/digest.h"
#include "destinations/header_text.h"

namespace user_events::destinations::aws {
namespace {

constexpr std::size_t kMaxAttributes = 10;
constexpr std::size_t kMaxDeduplicationIdBytes = 128;
constexpr std::size_t kGroupIdDigits = 32;
constexpr std::string_view kStringType = "String";

std::string sha256_hex(std::string_view text) {
  const crypto::Digest256 hash = crypto::sha256(text);
  std::string out;
  base::append_hex({reinterpret_cast<const char*>(hash.data()), hash.size()}, out);
  return out;
}

bool is_legal_deduplication_id(std::string_view id) {
  return id.size() <= kMaxDeduplicationIdBytes && std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7F; });
}

std::uint64_t counted_bytes(const Entry& entry) {
  std::uint64_t bytes = entry.body.size();
  for (const auto& attribute : entry.attributes) bytes += attribute.name.size() + kStringType.size() + attribute.value.size();
  return bytes;
}

}  // namespace

std::string group_id(std::string_view key) { return sha256_hex(key).substr(0, kGroupIdDigits); }

std::string fifo_deduplication_id(const Message& message) {
  std::string id = deduplication_id(message);
  return is_legal_deduplication_id(id) ? id : sha256_hex(id);
}

Entry make_entry(const Message& message, bool fifo) {
  const auto& envelope = message.envelope;
  const encoding::AttributeTexts texts(envelope, message.position);
  Entry entry;
  entry.sequence = message.position.sequence;
  entry.body = message.body;
  entry.attributes.reserve(kMaxAttributes);
  const auto add = [&entry](std::string_view name, std::string_view value) {
    if (entry.attributes.size() < kMaxAttributes) entry.attributes.push_back({name, std::string(value)});
  };
  add("type", envelope.type);
  add("id", envelope.id);
  add("source", envelope.source);
  add("sequence", texts.sequence());
  add("journalid", message.position.journal_id);
  add("content-type", message.content_type);
  if (!texts.replay().empty()) add("replay", texts.replay());
  for (const auto& header : message.headers) add(header.name, header.value);
  for_each_cause_header(message, add);
  if (fifo) {
    entry.group_id = group_id(envelope.partition_key);
    entry.deduplication_id = fifo_deduplication_id(message);
  }
  entry.bytes = counted_bytes(entry);
  return entry;
}

}  // namespace user_events::destinations::aws
