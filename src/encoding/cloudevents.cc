// The wire forms of an event: docs/events-on-the-wire.md.
#include <algorithm>
#include <charconv>

#include "base/json_text.h"
#include "encoding/envelope.h"

namespace user_events::encoding {
namespace {

constexpr std::string_view kSchemaPrefix = "urn:user-events:schema:";
constexpr std::size_t kVersionDigits = 10, kReplayDigits = 10;

// Everything between the values of a structured event, in order; the same pieces make the size bound.
constexpr std::string_view kToId = R"({"specversion":"1.0","id":")";
constexpr std::string_view kToSource = R"(","source":")";
constexpr std::string_view kToType = R"(","type":")";
constexpr std::string_view kToSubject = R"(","subject":")";
constexpr std::string_view kToTime = R"(","time":")";
constexpr std::string_view kToDataSchema = R"(","datacontenttype":"application/json","dataschema":")";
constexpr std::string_view kToPartitionKey = R"(","partitionkey":")";
constexpr std::string_view kToSequence = R"(","sequence":")";
constexpr std::string_view kToJournalId = R"(","journalid":")";
constexpr std::string_view kToReplay = R"(","replay":")";
constexpr std::string_view kToTraceparent = R"(","traceparent":")";
constexpr std::string_view kToTracestate = R"(","tracestate":")";
constexpr std::string_view kFolded = R"(,"foldedcount":)";
constexpr std::string_view kToExtensions = R"(",)";
constexpr std::string_view kToData = R"(,"data":)";
constexpr std::string_view kEnd = "}";
constexpr std::string_view kPlainToType = R"({"type":")";
constexpr std::string_view kPlainToTimestamp = R"(","timestamp":")";

constexpr std::size_t kPiecesBytes =
    kToId.size() + kToSource.size() + kToType.size() + kToSubject.size() + kToTime.size() +
    kToDataSchema.size() + kToPartitionKey.size() + kToSequence.size() + kToJournalId.size() +
    kToReplay.size() + kFolded.size() + kToTraceparent.size() + kToTracestate.size() + kToExtensions.size() + kToData.size() + kEnd.size();

}  // namespace

AttributeTexts::AttributeTexts(const Envelope& envelope, const Position& position) noexcept {
  base::write_time(envelope.time_ms, time_);
  std::uint64_t sequence = position.sequence;
  for (std::size_t i = kSequenceDigits; i-- > 0; sequence /= 10)
    sequence_[i] = static_cast<char>('0' + sequence % 10);
  static_assert(sizeof schema_ >= kSchemaPrefix.size() + kMaxTypeBytes + 1 + kVersionDigits + 1 + kMaxSchemaVariantBytes);
  const std::string_view type = envelope.type.substr(0, kMaxTypeBytes);
  char* at = std::ranges::copy(kSchemaPrefix, schema_.data()).out;
  at = std::ranges::copy(type, at).out;
  *at++ = ':';
  at = std::to_chars(at, schema_.data() + schema_.size(), envelope.version).ptr;
  if (!envelope.schema_variant.empty()) {
    *at++ = ':';
    at = std::ranges::copy(envelope.schema_variant.substr(0, kMaxSchemaVariantBytes), at).out;
  }
  schema_size_ = static_cast<std::size_t>(at - schema_.data());
  const auto write = [](std::uint32_t number, std::array<char, 10>& out) {
    return static_cast<std::size_t>(std::to_chars(out.data(), out.data() + out.size(), number).ptr - out.data());
  };
  if (position.replay != 0) replay_size_ = write(position.replay, replay_);
  if (position.folded > 1) folded_size_ = write(position.folded, folded_);
}

void append_cloudevents_json(const Envelope& envelope, const Position& position, std::string& out) {
  const AttributeTexts texts(envelope, position);
  out.append(kToId);
  base::append_json_escaped(envelope.id, out);
  out.append(kToSource);
  base::append_json_escaped(envelope.source, out);
  out.append(kToType);
  base::append_json_escaped(envelope.type, out);
  if (envelope.subject_is_key) {
    out.append(kToSubject);
    base::append_json_escaped(envelope.partition_key, out);
  }
  out.append(kToTime).append(texts.time());
  out.append(kToDataSchema);
  base::append_json_escaped(texts.data_schema(), out);
  out.append(kToPartitionKey);
  base::append_json_escaped(envelope.partition_key, out);
  out.append(kToSequence).append(texts.sequence());
  out.append(kToJournalId);
  base::append_json_escaped(position.journal_id, out);
  if (position.replay != 0) out.append(kToReplay).append(texts.replay());
  if (!envelope.traceparent.empty()) {
    out.append(kToTraceparent);
    base::append_json_escaped(envelope.traceparent, out);
  }
  if (!envelope.tracestate.empty()) {
    out.append(kToTracestate);
    base::append_json_escaped(envelope.tracestate, out);
  }
  out += '"';
  if (!texts.folded().empty()) out.append(kFolded).append(texts.folded());
  if (!envelope.extensions.empty()) (out += ',').append(envelope.extensions);
  out.append(kToData).append(envelope.data).append(kEnd);
}

void append_erased_json(const Envelope& envelope, const Position& position, std::string& out) {
  const AttributeTexts texts(envelope, position);
  out.append(kToId);
  base::append_json_escaped(envelope.id, out);
  out.append(kToSource);
  base::append_json_escaped(envelope.source, out);
  out.append(kToType);
  base::append_json_escaped(envelope.type, out);
  out.append(kToTime).append(texts.time());
  out.append(kToSequence).append(texts.sequence());
  out.append(kToJournalId);
  base::append_json_escaped(position.journal_id, out);
  out.append(R"(","erased":true})");
}

void append_plain_json(const Envelope& envelope, std::string& out) {
  out.append(kPlainToType);
  base::append_json_escaped(envelope.type, out);
  out.append(kPlainToTimestamp);
  base::append_time(envelope.time_ms, out);
  (out += '"').append(kToData).append(envelope.data).append(kEnd);
}

void append_body(Format format, const Envelope& envelope, const Position& position, std::string& out) {
  switch (format) {
    case Format::cloudevents:
      return append_cloudevents_json(envelope, position, out);
    case Format::cloudevents_binary:
      out.append(envelope.data);
      return;
    case Format::plain:
      return append_plain_json(envelope, out);
  }
}

std::string data_schema_uri(std::string_view type, std::uint32_t version, std::string_view variant) {
  std::string uri(kSchemaPrefix);
  uri.append(type) += ':';
  base::append_json_number(std::uint64_t{version}, uri);
  if (!variant.empty()) uri.append(1, ':').append(variant);
  return uri;
}

std::size_t overhead_bound_bytes(const Envelope& envelope) noexcept {
  const std::size_t type = base::json_escaped_size(envelope.type),
                    key = base::json_escaped_size(envelope.partition_key);
  const std::size_t texts = base::json_escaped_size(envelope.id) + base::json_escaped_size(envelope.source) +
                            base::json_escaped_size(envelope.traceparent) +
                            base::json_escaped_size(envelope.tracestate) + 2 * type + 2 * key +
                            envelope.extensions.size();
  return kPiecesBytes + texts + base::kTimeTextSize + kSchemaPrefix.size() + 1 + kVersionDigits + 1 + envelope.schema_variant.size() +
         kSequenceDigits + kMaxJournalIdBytes + 2 * kReplayDigits;
}

}  // namespace user_events::encoding
