// What Former's parts share.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "base/time_text.h"
#include "base/uuid.h"
#include "encoding/envelope.h"
#include "formation/attributes.h"
#include "formation/former.h"
#include "formation/keys.h"
#include "formation/raw_event.h"
#include "privacy/sealed_record.h"

namespace user_events::formation {

/// Attributes that have been judged. Empty `id`: make one.
struct Attributes {
  std::string_view id, source, traceparent, tracestate, extensions;
  std::string_view submitted_time;      ///< As it came, for the request MAC; empty if it did not.
  std::uint32_t submitted_version = 0;  ///< The same; 0 if it did not come.
  std::int64_t time_ms = 0;
};

/// What orders an event.
struct LaneKey {
  std::string_view value;
  bool is_user = true;
};

/// Judges id and trace context, which every way in has.
void check_id(std::string_view id, const Findings& findings);
void check_trace(std::string_view traceparent, std::string_view tracestate, const Findings& findings);
/// A user's id goes out as it is, so it must be a CloudEvents string; an identifier goes out as its token,
/// whatever it holds.
[[nodiscard]] bool is_good_key(const LaneKey& key) noexcept;
/// The finding for a key that is not good. `type` may be null.
void add_bad_key(const LaneKey& key, const catalogue::EventType* type, const Findings& findings);

/// The error of a request with findings.
[[nodiscard]] Error invalid_event(std::vector<FieldError> findings);

/// Error `malformed` if a text begins with a byte order mark: its encoding is then another, or JSON parsers
/// disagree about it.
[[nodiscard]] Result<void> check_mark(std::string_view text);

struct Former::Impl {
  Impl(const base::Live<catalogue::Catalogue>& events, Settings given, const ports::Clock& time, ports::Random& chance)
      : catalogue(events),
        source(std::move(given.source)),
        limits(given.limits),
        keys(given.secret),
        lane_key(given.lane_key),
        clock(time),
        random(chance) {}

  [[nodiscard]] std::int64_t now_ms() const noexcept { return clock.wall().time_since_epoch().count(); }

  /// Parses the text of one event and adds it. `findings.prefix` is its pointer.
  [[nodiscard]] Result<void> add_text(std::string_view text, BodyForm form, std::int64_t now_ms,
                                      const Context& context, const Findings& findings,
                                      FormedBatch& out) const;
  [[nodiscard]] Result<void> add_array(std::string_view body, BodyForm form, const Context& context,
                                       FormedBatch& out) const;
  [[nodiscard]] Result<void> add_body(std::string_view body, BodyForm form, const Context& context,
                                      FormedBatch& out) const;
  [[nodiscard]] Result<void> add_dynamic(const DynamicEvent& event, const Context& context,
                                         FormedBatch& out) const;
  /// Error too_large for an event of so many bytes, or when the batch holds too much already.
  [[nodiscard]] Result<void> check_size(std::size_t event_bytes, std::string_view prefix,
                                        const FormedBatch& out) const;
  void add_raw(const RawEvent& raw, std::int64_t now_ms, const Context& context, const Findings& findings,
               FormedBatch& out) const;

  [[nodiscard]] Attributes check_attributes(const RawEvent& raw, std::int64_t now_ms,
                                            const Findings& findings) const;
  /// `time_text` holds what `submitted_time` views.
  [[nodiscard]] Attributes check_options(const PublishOptions& options, std::int64_t now_ms,
                                         std::span<char, base::kTimeTextSize> time_text,
                                         const Findings& findings) const;
  [[nodiscard]] const catalogue::EventType* find_type(const RawEvent& raw, const Findings& findings) const;

  void append_lane(const LaneKey& key, std::string& out) const;

  /// Writes one event into the batch. `write_data(out, as_submitted)` appends the data; false, with findings
  /// made: nothing is added.
  template <class WriteData>
  bool write(const Attributes& attributes, std::string_view type, std::uint32_t version, const LaneKey& key,
             const Context& context, std::int64_t now_ms, FormedBatch& out, WriteData&& write_data) const;

  const base::Live<catalogue::Catalogue>& catalogue;
  const std::string source;
  const LimitOptions limits;
  const Keys keys;
  const std::optional<std::array<unsigned char, 16>> lane_key;
  const ports::Clock& clock;
  ports::Random& random;
};

/// Per thread: the data as submitted, which only the request MAC needs.
[[nodiscard]] std::string& submitted_scratch() noexcept;

template <class WriteData>
bool Former::Impl::write(const Attributes& attributes, std::string_view type, std::uint32_t version,
                         const LaneKey& key, const Context& context, std::int64_t now_ms, FormedBatch& out,
                         WriteData&& write_data) const {
  std::string& arena = out.arena_;
  const std::size_t begin = arena.size();
  FormedBatch::Entry entry{};
  const auto position = [&arena] { return static_cast<std::uint32_t>(arena.size()); };
  const auto since = [&position](std::uint32_t start) { return position() - start; };
  entry.id_from_caller = !attributes.id.empty();
  entry.id = position();
  if (entry.id_from_caller)
    arena.append(attributes.id);
  else
    base::append_uuid7(now_ms, random, arena);
  entry.id_size = since(entry.id);
  entry.type = position();
  arena.append(type);
  entry.type_size = since(entry.type);
  entry.key = position();
  append_lane(key, arena);
  entry.key_size = since(entry.key);
  entry.scope = position();
  arena.append(attributes.source).append(1, '\n').append(context.principal);
  entry.scope_size = since(entry.scope);
  entry.has_room = lane_key.has_value();
  if (entry.has_room) arena.append(privacy::kSealedHeadBytes, '\0');
  entry.payload = position();
  const std::string_view lane(arena.data() + entry.key, entry.key_size);
  encoding::append_payload_head({.source = attributes.source,
                                 .version = version,
                                 .partition_key = key.is_user ? key.value : lane,
                                 .subject_is_key = key.is_user,
                                 .time_ms = attributes.time_ms,
                                 .traceparent = attributes.traceparent,
                                 .tracestate = attributes.tracestate,
                                 .extensions = attributes.extensions},
                                arena, entry.has_room ? encoding::KeyPlace::payload : encoding::KeyPlace::record);
  std::string* const submitted = entry.id_from_caller ? &submitted_scratch() : nullptr;
  if (submitted != nullptr) submitted->clear();
  if (!write_data(arena, submitted)) {
    arena.resize(begin);
    return false;
  }
  entry.payload_size = since(entry.payload);
  if (entry.has_room) arena.append(privacy::kSealedTailBytes, '\0');
  if (submitted != nullptr)
    entry.mac = keys.request_mac(type, attributes.submitted_version, attributes.submitted_time, *submitted);
  out.entries_.push_back(entry);
  return true;
}

}  // namespace user_events::formation
