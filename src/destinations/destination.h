// What a broker adapter is. An adapter only sends and classifies; order, retry and position are the delivery core's.
// A new broker is a folder beside this file and a line in registry.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash64.h"
#include "destinations/access.h"
#include "destinations/place.h"
#include "encoding/encoder.h"
#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::destinations {

/// How one attempt ended. Never a bool.
enum class Outcome : std::uint8_t {
  accepted,  ///< The broker has it, durably as configured.
  retry,     ///< It answered that it has it not; the same event may pass later. Counts as an attempt.
  unavailable,  ///< It certainly has it not, and would have taken no other event either: down, throttled, no right. No attempt is counted.
  in_doubt,  ///< It may or may not have it. Sent again, with the same id, before any later event of that key.
  refused,   ///< It has it not and never will accept it.
};

struct Features {
  /// The destination keeps send order per key over its own retries and failures, so several events of one key may be
  /// unacknowledged at once. After any outcome but accepted it lets no later event of that key pass.
  bool ordered_pipeline = false;
  /// `start` finds out what the broker already has: no duplicates across restarts.
  bool reconciles = false;
  std::uint32_t max_in_flight = 1'000;               ///< Events sent and not yet reported.
  std::uint64_t max_message_bytes = 0;               ///< Conservative limit of the encoded body; 0: none known.
  std::chrono::milliseconds deduplication_window{0};  ///< The broker's own, by message id.
};

/// Why an event is a dead letter: goes with the copy to the broker's own dead letter topic or queue.
struct DeadLetterCause {
  std::string_view destination;  ///< The name of the destination that did not get it.
  std::string_view reason;       ///< One line, no payload, no personal data.
  std::uint32_t attempts = 0;
};

/// Names of the cause's headers (a broker that can't have them so fits them to what it allows).
inline constexpr std::string_view kDeadLetterDestinationHeader = "dead-letter-destination";
inline constexpr std::string_view kDeadLetterReasonHeader = "dead-letter-reason";
inline constexpr std::string_view kDeadLetterAttemptsHeader = "dead-letter-attempts";

/// One event to send: what was encoded for this destination, whose views are valid during `send` only, and where it goes.
struct Message : encoding::Encoded {
  /// `position.replay` is also part of the broker's deduplication id (else a replay within its window would be accepted and dropped).
  encoding::Position position;
  /// Not empty: send to this topic, queue or subject (no template) and not to where the settings say, routing aside. Only to a kind
  /// that `Carries` copies of dead letters. Its failures must not stop what goes to the usual place: a target that does not exist is `refused`.
  std::string_view target = {};
  /// Not nullptr: the message is the copy of a dead letter, sent to `target`; the adapter adds the headers above.
  const DeadLetterCause* dead_letter = nullptr;
};

struct Report {
  std::uint64_t sequence = 0;
  Outcome outcome = Outcome::accepted;
  std::string reason;  ///< For everything but accepted: one line, no payload, no personal data. Empty when accepted.
  /// Of an event that reconciliation found: `id_mark` of its event id, so that another event that once had the same sequence (a
  /// journal restored from an older copy) is not taken for it. 0: the outcome of a send.
  std::uint64_t found_id_mark = 0;
};

/// Never 0.
[[nodiscard]] inline std::uint64_t id_mark(std::string_view event_id) noexcept { return base::hash64(event_id, 0) | 1; }

enum class SendStatus : std::uint8_t {
  queued,  ///< Taken; exactly one Report will follow from `poll`.
  busy,    ///< Not taken: queue full, not connected, reconciling. Poll, then try again.
};

enum class HealthState : std::uint8_t { starting, reconciling, up, down };
struct Health {
  HealthState state = HealthState::starting;
  std::string detail;  ///< One line for `status`: last error, what to do. No secret.
  std::vector<std::string> notes;  ///< Reduced promises and why: `unsafe` settings, at least once only.
};

/// Used by one delivery thread only, except `health()`, which is thread-safe.
class Destination {
 public:
  virtual ~Destination() = default;
  [[nodiscard]] virtual const Features& features() const noexcept = 0;
  /// Begins (or begins again after close): connects in the background, never blocks for long. `resume` is what
  /// `resume_state` gave when the position was last saved (empty at first); `journal_id` identifies our records.
  /// A destination that reconciles answers `busy` to every send until it knows, and before that reports `accepted` for
  /// each record of `journal_id` with a sequence above `low_water` that it found. A broker that is away is no error here:
  /// only a setting that can never work is.
  [[nodiscard]] virtual Result<void> start(std::string_view resume, std::string_view journal_id, std::uint64_t low_water) = 0;
  [[nodiscard]] virtual SendStatus send(const Message& message) = 0;
  /// Collects outcomes into `out` (appended), waiting up to `timeout` for the first. When it returns after sends, queued
  /// data must be on its way (a batching destination flushes when nothing more was sent since the last poll).
  virtual void poll(std::vector<Report>& out, std::chrono::milliseconds timeout) = 0;
  /// Opaque, saved together with the position, given back to `start`. Consistent with all reports returned so far. A
  /// destination that reconciles knows where to read from next time only when `health` turns `up`: the caller saves this
  /// state durably then, before its first send, or a crash right after that send could not be reconciled.
  [[nodiscard]] virtual std::string resume_state() const { return {}; }
  /// False while a destination that reconciles does not know what the broker has: then nothing is stored as a dead letter either, for
  /// it could be there already. Called on the delivery thread.
  [[nodiscard]] virtual bool reconciled() const noexcept { return true; }
  /// Wakes a `poll` that waits in another thread. Thread-safe.
  virtual void wake() noexcept = 0;
  [[nodiscard]] virtual Health health() const = 0;
  /// Ends within `deadline`: flushes, then gives up on what is left (reported in_doubt by a last poll).
  virtual void close(std::chrono::milliseconds deadline) = 0;
};

/// What the messages of a kind can carry; what asks for more is refused when the configuration is read.
struct Carries {
  bool headers = true;         ///< All attributes of an event in headers, which binary mode needs.
  bool further_headers = true;  ///< Those of `Encoded::headers`: a signature.
  bool binary = true;          ///< Bodies that are not UTF-8 text.
  bool noncharacters = true;   ///< U+FFFE and U+FFFF in a body. False: they are sent as JSON escapes.
  bool dead_letters = false;   ///< Copies of dead letters for a place of their own (`Message::target`), which `dead_letter_topic` needs.
};

/// What a kind of destination brings to the registry.
struct Kind {
  std::string_view name;  ///< `kafka`, `file`, …
  /// Checks the kind's own settings without connecting: unknown keys, wrong values, refused properties. Error `usage`.
  Result<void> (*check)(const DestinationOptions& options);
  Result<std::unique_ptr<Destination>> (*make)(const DestinationOptions& options);
  /// Names of the settings the kind takes beside the common ones; a name ending in `.` is a prefix (`kafka.`).
  std::vector<std::string_view> settings;
  Carries carries = {};
  /// Where consumers find what it sends, after the kind's own reading of the settings. nullptr: it sends over no network.
  Result<Place> (*place)(const DestinationOptions& options) = nullptr;
  /// nullptr: its broker has no access control that user-events knows; `access_advice` says who decides instead.
  const AccessControl* access = nullptr;
  std::string_view access_advice = {};
};

/// A kind whose settings `parse` reads, into what its `Adapter` is made from and what `place_of` looks at.
template <class Adapter, auto parse, auto place_of>
[[nodiscard]] Kind make_kind(std::string_view name, std::vector<std::string_view> settings, const Carries& carries = {}) {
  return {.name = name,
          .check = [](const DestinationOptions& options) -> Result<void> {
            if (auto config = parse(options); !config) return std::unexpected(std::move(config).error());
            return {};
          },
          .make = [](const DestinationOptions& options) -> Result<std::unique_ptr<Destination>> {
            auto config = parse(options);
            if (!config) return std::unexpected(std::move(config).error());
            return std::make_unique<Adapter>(*std::move(config));
          },
          .settings = std::move(settings),
          .carries = carries,
          .place = [](const DestinationOptions& options) -> Result<Place> {
            auto config = parse(options);
            if (!config) return std::unexpected(std::move(config).error());
            return place_of(*config);
          }};
}

/// All kinds.
[[nodiscard]] const std::vector<Kind>& kinds();
/// nullptr if there is none of that name.
[[nodiscard]] const Kind* find_kind(std::string_view name);

}  // namespace user_events::destinations
