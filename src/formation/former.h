// Formation: raw events in, standard events out. Checks, fills in, names, keys; never does I/O.
#pragma once

#include <cstdint>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/live.h"
#include "catalogue/catalogue.h"
#include "journal/record.h"
#include "ports/clock.h"
#include "ports/random.h"
#include "user_events/event.h"
#include "user_events/options.h"

namespace user_events::formation {

/// A request body that holds one or many events.
enum class BodyForm : std::uint8_t {
  events,            ///< `{"type","data","id"?,"time"?,"version"?}` or an array of them.
  cloudevent,        ///< One CloudEvent in JSON.
  cloudevent_batch,  ///< A JSON array of CloudEvents.
};

/// What a cleared batch keeps of its memory.
inline constexpr std::size_t kKeptBytes = 1u << 20;

/// Formed events, ready for Journal::append. Reuse one: after warm-up nothing is allocated.
class FormedBatch {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  /// Views into this batch; valid until it is changed. In the clear until `mark_sealed`.
  [[nodiscard]] journal::RecordDraft draft(std::size_t i) const noexcept;
  /// The payload with the room around it that sealing needs; empty if this former makes no events to be sealed, or the event is sealed.
  [[nodiscard]] std::span<char> room_to_seal(std::size_t i) noexcept;
  void mark_sealed(std::size_t i) noexcept;
  [[nodiscard]] std::string_view id(std::size_t i) const noexcept;
  /// Keeps at most kKeptBytes of memory for the next batch.
  void clear() noexcept;
  /// Removes what was added after it had `size` events.
  void truncate(std::size_t size) noexcept;

 private:
  friend class Former;
  struct Entry {
    std::uint32_t id, id_size, type, type_size, key, key_size, scope, scope_size, payload, payload_size;  // offsets into arena_
    bool id_from_caller, has_room, sealed;
    journal::RequestMac mac;
  };
  std::string arena_;
  std::vector<Entry> entries_;
};

struct Settings {
  std::string source;                       ///< CloudEvents `source` of events that bring none: a URI reference of 1..512 bytes.
  LimitOptions limits;
  std::span<const std::byte, 32> secret;    ///< Keys of identifier tokens and request MACs are derived from it (HKDF). Copied.
  /// Given: events are made to be sealed. The lane key is then a token of the user id under this key, and the id itself lies in the payload.
  std::optional<std::array<unsigned char, 16>> lane_key = {};
};

/// Who hands in: part of the scope of event ids. Empty when nobody is configured.
struct Context {
  std::string_view principal;  ///< At most 500 bytes, no line break: a record's scope is `SOURCE\nPRINCIPAL` in at most 1,024 bytes.
};

/// Immutable, thread-safe; parsers are per thread.
class Former {
 public:
  /// Each event is formed by the catalogue that counts when its turn comes.
  Former(const base::Live<catalogue::Catalogue>& catalogue, Settings settings, const ports::Clock& clock, ports::Random& random);
  ~Former();

  /// Adds the event(s) of a body to `out`, all or none. Errors: malformed (400; bad JSON, bad UTF-8, too deep, not one document),
  /// too_large (413), invalid (422) with a FieldError each (`/2/data/email`), at most 32. An empty array adds nothing and is no error.
  /// About 0.6 µs for a small event. The rules: docs/events-on-the-wire.md.
  [[nodiscard]] Result<void> form_body(std::string_view body, BodyForm form, const Context& context, FormedBatch& out) const;

  /// Adds one dynamic event (library, CloudEvents binary mode, command line). Core attributes may also come among its extensions, and are
  /// then judged as such. Errors as above; pointers begin at the event (`/id`, `/data/email`).
  [[nodiscard]] Result<void> form_event(const DynamicEvent& event, const Context& context, FormedBatch& out) const;

  /// Adds one typed event; `Event` is one of the generated structs of user_events/events.h. The same bytes as its JSON would give, and the
  /// same errors, except malformed. About 0.3 µs for a small event.
  template <class Event>
  [[nodiscard]] Result<void> form(const Event& event, const PublishOptions& options, const Context& context, FormedBatch& out) const;

  /// The lane key of an event that names no user: the keyed token of the e-mail address or name that it names, in any case.
  [[nodiscard]] std::string token(std::string_view identifier) const;
  /// The lane key of a user's events: the id itself, or its token where events are sealed.
  [[nodiscard]] std::string lane(std::string_view user_id) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace user_events::formation
