// The standard event between formation and destinations, and its form in a journal record.
//
// The journal's record holds id, type, lane key and principal itself; everything else of the envelope lies in the
// record's payload, written by `append_payload` and read by `view`. Layout: docs/payload-format.md.
// The wire forms: docs/events-on-the-wire.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time_text.h"
#include "user_events/error.h"

namespace user_events::encoding {

inline constexpr std::size_t kMaxTypeBytes = 255;
inline constexpr std::size_t kMaxSourceBytes = 512;
inline constexpr std::size_t kMaxTracestateBytes = 1'024;
inline constexpr std::size_t kMaxExtensionsBytes = 65'535;
inline constexpr std::size_t kSequenceDigits = 20;
inline constexpr std::size_t kMaxJournalIdBytes = 40;
inline constexpr std::size_t kMaxSchemaVariantBytes = 16;

/// One standard event as views into a buffer that somebody else owns. Cheap to copy.
struct Envelope {
  std::string_view id = {};             ///< CloudEvents `id`.
  std::string_view source = {};         ///< CloudEvents `source`.
  std::string_view type = {};           ///< CloudEvents `type`, e.g. `user.created`.
  std::uint32_t version = 1;       ///< Version of the type; on the wire in `dataschema`.
  std::string_view partition_key = {};  ///< User id, or the keyed token of an identifier. Never a clear identifier.
  bool subject_is_key = true;      ///< `subject` = partition_key (events of a user); false: no subject on the wire.
  std::int64_t time_ms = 0;        ///< CloudEvents `time`, milliseconds since the Unix epoch, UTC.
  std::string_view traceparent = {};    ///< W3C trace context, empty if none.
  std::string_view tracestate = {};
  std::string_view extensions = {};     ///< The caller's further CloudEvents attributes as JSON members: `"a":"x","b":1`, or empty.
  std::string_view data = {};           ///< One compact JSON object.
  std::string_view schema_variant = {};  ///< Where a privacy policy changed what the data looks like: which derived schema it is of; in `dataschema` behind the version.
  std::string_view lane = {};           ///< The journal's own key of the record, never for the wire; empty: it was not read from one.
  std::string_view sealed_under = {};   ///< The id of the key that the record is sealed under; empty: it is clear.
};

/// Where a record stands: what makes a sequence number meaningful on the wire.
struct Position {
  std::string_view journal_id;  ///< `journalid`: text of 26..40 characters, unique per journal and epoch.
  std::uint64_t sequence = 0;   ///< `sequence`: zero-padded to 20 digits on the wire.
  std::uint32_t replay = 0;     ///< `replay`: how often a person has asked to send this event again; 0, the first time, is not written.
  std::uint32_t folded = 0;     ///< `foldedcount`: how many events this one stands for; below 2 it is not written.
};

/// Appends the payload form of `envelope` (all but id, type and partition_key) to `out`. No other allocation.
void append_payload(const Envelope& envelope, std::string& out);
/// Whether a payload holds the partition key: where the record's lane key is another (sealed records).
enum class KeyPlace : std::uint8_t { record, payload };
/// The payload form without its last part, which is `data` as it is: for a writer that produces the data in place.
void append_payload_head(const Envelope& envelope, std::string& out, KeyPlace key = KeyPlace::record);

/// Reads a payload in clear form back; the views point into the arguments. `partition_key`: the record's lane key, unless the payload holds
/// one. Error `damaged` if it is not a payload of ours.
[[nodiscard]] Result<Envelope> view(std::string_view id, std::string_view type, std::string_view partition_key,
                                    std::string_view payload);

enum class Format : std::uint8_t { cloudevents, cloudevents_binary, plain };

/// Appends the event as CloudEvents 1.0 structured-mode JSON (JSON Event Format), with `sequence`, `journalid`,
/// `partitionkey`, `dataschema`, `traceparent`, `tracestate` and the caller's extensions. Attribute order is fixed, so equal
/// events give equal bytes. About 200 ns; allocates only when `out` must grow.
void append_cloudevents_json(const Envelope& envelope, const Position& position, std::string& out);

/// What is left of an event whose user was forgotten: id, source, type, time, `sequence` and `journalid`, with `"erased":true` and without subject,
/// partition key and data.
void append_erased_json(const Envelope& envelope, const Position& position, std::string& out);

/// Appends exactly `{"type":…,"timestamp":…,"data":…}`.
void append_plain_json(const Envelope& envelope, std::string& out);

/// The body in `format` (cloudevents_binary: the data alone; its attributes travel in headers).
void append_body(Format format, const Envelope& envelope, const Position& position, std::string& out);

/// The texts of the attributes that are not text in an Envelope, in one buffer on the stack.
class AttributeTexts {
 public:
  AttributeTexts(const Envelope& envelope, const Position& position) noexcept;
  [[nodiscard]] std::string_view time() const noexcept { return {time_.data(), time_.size()}; }
  [[nodiscard]] std::string_view sequence() const noexcept { return {sequence_.data(), sequence_.size()}; }
  [[nodiscard]] std::string_view data_schema() const noexcept { return {schema_.data(), schema_size_}; }
  /// Empty for 0.
  [[nodiscard]] std::string_view replay() const noexcept { return {replay_.data(), replay_size_}; }
  [[nodiscard]] std::string_view folded() const noexcept { return {folded_.data(), folded_size_}; }

 private:
  std::array<char, base::kTimeTextSize> time_;
  std::array<char, kSequenceDigits> sequence_;
  std::array<char, 320> schema_;  // prefix, kMaxTypeBytes, colon, ten digits, colon, kMaxSchemaVariantBytes
  std::size_t schema_size_ = 0;
  std::array<char, 10> replay_;
  std::size_t replay_size_ = 0;
  std::array<char, 10> folded_;
  std::size_t folded_size_ = 0;
};

/// Walks `Envelope::extensions`; texts with escapes are unescaped into a buffer that the next step overwrites.
class ExtensionReader {
 public:
  explicit ExtensionReader(std::string_view extensions) noexcept : rest_(extensions) {}
  /// False at the end.
  [[nodiscard]] bool next();
  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  /// Text as it is; integers in decimal; `true` or `false`.
  [[nodiscard]] std::string_view value() const noexcept { return value_; }
  /// Name and value as they are written.
  [[nodiscard]] std::string_view member() const noexcept { return member_; }

 private:
  std::string_view rest_, name_, value_, member_;
  std::string unescaped_;
};

/// Calls `sink(name, value)` for each context attribute of binary mode, names without the protocol's prefix
/// (`ce_` in Kafka, `ce-` in HTTP): specversion, id, source, type, subject, time, dataschema, partitionkey, sequence,
/// journalid, replay, foldedcount, traceparent, tracestate, then the caller's extensions with values as text. Absent ones are left out. Views are valid
/// during the call of `sink` only. Allocates only for an extension value with escapes.
template <class Sink>
void for_each_attribute(const Envelope& envelope, const Position& position, Sink&& sink) {
  const AttributeTexts texts(envelope, position);
  const auto optional = [&sink](std::string_view name, std::string_view value) {
    if (!value.empty()) sink(name, value);
  };
  sink(std::string_view("specversion"), std::string_view("1.0"));
  sink(std::string_view("id"), envelope.id);
  sink(std::string_view("source"), envelope.source);
  sink(std::string_view("type"), envelope.type);
  if (envelope.subject_is_key) sink(std::string_view("subject"), envelope.partition_key);
  sink(std::string_view("time"), texts.time());
  sink(std::string_view("dataschema"), texts.data_schema());
  sink(std::string_view("partitionkey"), envelope.partition_key);
  sink(std::string_view("sequence"), texts.sequence());
  sink(std::string_view("journalid"), position.journal_id);
  optional("replay", texts.replay());
  optional("foldedcount", texts.folded());
  optional("traceparent", envelope.traceparent);
  optional("tracestate", envelope.tracestate);
  for (ExtensionReader extension(envelope.extensions); extension.next();) sink(extension.name(), extension.value());
}

/// The `dataschema` URI of a type and version: `urn:user-events:schema:user.created:1`; of a derived schema `…:1:VARIANT`.
[[nodiscard]] std::string data_schema_uri(std::string_view type, std::uint32_t version, std::string_view variant = {});

/// A bound, never too small, on the bytes that `append_body` writes beyond `data.size()` for this envelope, in any format and at
/// any position with a journal id of at most kMaxJournalIdBytes. At most some 80 bytes too large.
[[nodiscard]] std::size_t overhead_bound_bytes(const Envelope& envelope) noexcept;

}  // namespace user_events::encoding
