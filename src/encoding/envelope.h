// The standard event between formation and destinations, and its form in a journal record.
//
// The journal's record holds id, type, lane key and principal itself; everything else of the envelope lies in the
// record's payload, written by `append_payload` and read by `view`. Layout: docs/journal-format.md, "Payload".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "user_events/error.h"

namespace user_events::encoding {

/// One standard event as views into a buffer that somebody else owns. Cheap to copy.
struct Envelope {
  std::string_view id;             ///< CloudEvents `id`.
  std::string_view source;         ///< CloudEvents `source`.
  std::string_view type;           ///< CloudEvents `type`, e.g. `user.created`.
  std::uint32_t version = 1;       ///< Version of the type; on the wire in `dataschema`.
  std::string_view partition_key;  ///< User id, or the keyed token of an identifier. Never a clear identifier.
  bool subject_is_key = true;      ///< `subject` = partition_key (events of a user); false: no subject on the wire.
  std::int64_t time_ms = 0;        ///< CloudEvents `time`, milliseconds since the Unix epoch, UTC.
  std::string_view traceparent;    ///< W3C trace context, empty if none.
  std::string_view tracestate;
  std::string_view extensions;     ///< The caller's further CloudEvents attributes as JSON members: `"a":"x","b":1`, or empty.
  std::string_view data;           ///< One compact JSON object.
};

/// Where a record stands: what makes a sequence number meaningful on the wire.
struct Position {
  std::string_view journal_id;  ///< `journalid`: text of 26..40 characters, unique per journal and epoch.
  std::uint64_t sequence = 0;   ///< `sequence`: zero-padded to 20 digits on the wire.
};

/// Appends the payload form of `envelope` (all but id, type and partition_key) to `out`. No other allocation.
void append_payload(const Envelope& envelope, std::string& out);

/// Reads a payload back; the views point into the arguments. Error `damaged` if it is not a payload of ours.
[[nodiscard]] Result<Envelope> view(std::string_view id, std::string_view type, std::string_view partition_key,
                                    std::string_view payload);

enum class Format : std::uint8_t { cloudevents, cloudevents_binary, plain };

/// Appends the event as CloudEvents 1.0 structured-mode JSON (JSON Event Format), with `sequence`, `journalid`,
/// `partitionkey`, `dataschema`, `traceparent`, `tracestate` and the caller's extensions. Attribute order is fixed, so equal
/// events give equal bytes. About 200 ns; allocates only when `out` must grow.
void append_cloudevents_json(const Envelope& envelope, const Position& position, std::string& out);

/// Appends exactly `{"type":…,"timestamp":…,"data":…}`.
void append_plain_json(const Envelope& envelope, std::string& out);

/// The body in `format` (cloudevents_binary: the data alone; its attributes travel in headers).
void append_body(Format format, const Envelope& envelope, const Position& position, std::string& out);

/// Calls `sink(name, value)` for each context attribute of binary mode, names without the protocol's prefix
/// (`ce_` in Kafka, `ce-` in HTTP): specversion, id, source, type, subject, time, dataschema, partitionkey, sequence,
/// journalid, traceparent, tracestate, then the caller's extensions with values as text.
template <class Sink>
void for_each_attribute(const Envelope& envelope, const Position& position, Sink&& sink);

/// The `dataschema` URI of a type and version: `urn:user-events:schema:user.created:1`.
[[nodiscard]] std::string data_schema_uri(std::string_view type, std::uint32_t version);

/// A bound, never too small, on the bytes that `append_body` writes beyond `data.size()` for this envelope.
[[nodiscard]] std::size_t overhead_bound_bytes(const Envelope& envelope) noexcept;

}  // namespace user_events::encoding
