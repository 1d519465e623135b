// user-events: the library's one header. Publish typed user events durably, read them back, see what is delivered.
//
//     auto publisher = user_events::UserEventPublisher::open({.data_dir = "data"});
//     auto receipt = publisher->publish(user_events::UserCreated{.user_id = "u-1", .email = "ada@example.com", .status = "active"});
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "user_events/audit.h"
#include "user_events/delivery.h"
#include "user_events/error.h"
#include "user_events/event.h"
#include "user_events/keys.h"
#include "user_events/events.h"  // generated from the catalogue
#include "user_events/options.h"

namespace user_events {

/// An accepted event: durable before anybody holds a Receipt.
struct Receipt {
  std::string id;
  std::uint64_t sequence = 0;  ///< Its number in the journal.
  bool duplicate = false;      ///< The id had been accepted before, with the same content; this is the first receipt.
};

/// Called once, on a thread of the library, when the outcome is final. Must not block: a waiting
/// `publish` from here fails (usage, `called-from-callback`), `publish_async` refuses (`unavailable`) instead of waiting.
using PublishCallback = std::move_only_function<void(Result<std::vector<Receipt>>)>;
/// One result per line or event, in order.
using PublishEachCallback = std::move_only_function<void(std::vector<Result<Receipt>>)>;

/// Who hands in through a server, and which event types he may.
struct Submitter {
  std::string_view principal = {};  ///< Event ids are unique per source and principal. At most 500 bytes, no line break; empty: nobody is known.
  const std::function<bool(std::string_view type)>* may_publish = nullptr;  ///< Called within the publish; nullptr: all types.
};

/// The body forms of `publish_body`, as in POST /v1/events.
enum class Body : std::uint8_t { events, cloudevent, cloudevent_batch };

struct DestinationStatus {
  std::string name, kind;
  std::string state;                    ///< starting | reconciling | up | down | paused | stopped
  std::string detail;                   ///< What is wrong and what helps; empty when up.
  std::uint64_t acknowledged_sequence = 0;  ///< Everything up to here is delivered, filtered out or a dead letter.
  std::uint64_t lag_events = 0;         ///< Journal's end minus that.
  std::uint64_t lag_bytes = 0;          ///< The same in the journal's bytes, estimated.
  std::chrono::milliseconds lag_age{0};  ///< Age of the oldest event not yet done there.
  double lag_cap_used = 0;              ///< Share of `max_lag_bytes` or `max_lag_age`, whichever is used more; 1: at the cap; 0 without caps.
  std::string lag_alarm;                ///< Empty, or near (80 % of a cap) | refusing | detached (what `lag_action` says, until it has caught up).
  std::uint64_t sent = 0, delivered = 0, retries = 0, in_doubt = 0;  ///< Attempts, and how they ended, since start.
  std::uint64_t dead_letters = 0;       ///< Stored now, held and parked ones included; by kind in `letters`.
  DeadLetterCounts letters;
  std::uint64_t replayed = 0;           ///< Letters delivered from the store since start.
  bool paused = false;
  bool circuit_open = false;            ///< The destination as a whole takes nothing: one event at a time probes it.
  std::uint64_t erased = 0;               ///< Passed over since start, because their user was forgotten before they went out.
  std::uint64_t unmapped = 0;             ///< Passed over since start, because they have no counterpart in the destination's format.
  std::uint64_t dropped = 0, folded = 0;  ///< Left out by a volume rule, and those that another one stands for, since start.
  std::uint64_t lost_to_retention = 0;  ///< Removed from the journal before this destination had them (`lag_action = "detach"`), since start.
  std::vector<DeliveryGap> gaps;        ///< The same and what was lost before the start, by sequence; at most the newest 20.
  std::vector<std::string> notes;       ///< Reduced promises (`unsafe`, at least once only) and why; a lag alarm.
};

struct CatalogueStatus {
  std::size_t types = 0, versions = 0;  ///< Event types, and all their versions.
  std::string loaded;                   ///< Since when this catalogue counts, RFC 3339.
  std::uint64_t reloads = 0;            ///< That were taken, since start.
  std::string problem;                  ///< Why the last reload was refused; empty: it was not.
};

struct AuditStatus {
  std::uint64_t last_sequence = 0;  ///< Its last record.
  std::uint64_t records = 0, checkpoints = 0;  ///< Since start.
  std::uint64_t disk_bytes = 0;
  std::optional<Timestamp> checkpoint = {};  ///< When the last one was made, since start.
  bool is_signed = false;
  std::string problem;              ///< Why the last record could not be written, the last checkpoint not be published, or the index does not go on; empty: all is well.
};

struct Status {
  std::string version, journal_id, data_dir;
  std::uint64_t first_sequence = 1, last_sequence = 0;
  std::uint64_t disk_bytes = 0;
  bool accepting = true;
  std::string problem;
  std::uint64_t accepted = 0, duplicates = 0, rejected = 0;  ///< Events since start.
  std::chrono::milliseconds uptime{0};
  CatalogueStatus catalogue;
  AuditStatus audit;
  std::vector<DestinationStatus> destinations;
};

/// One event read back.
struct StoredEvent {
  std::uint64_t sequence = 0;
  std::string type;
  std::string json;  ///< CloudEvents JSON, with `sequence`.
};

/// Who reads, and what of personal data is shown there: docs/security/privacy-policies.md.
struct ReaderView {
  PrivacyPolicyOptions privacy = {};  ///< Empty: everything.
  std::string reader = {};            ///< A client's name: tokens and ciphertexts are made for it.
};

struct ReadQuery {
  std::uint64_t after = 0;
  std::vector<std::string> types = {};  ///< Patterns as in a destination's `types`; empty: all.
  std::vector<std::string> within = {};  ///< Further patterns that must hold as well: what the caller may see.
  std::string user = {};           ///< User id; empty: all.
  std::size_t limit = 100;         ///< 1..1000.
  /// Versions in which events are wanted: `1` for all types, `user.rated=2` for one. Empty: as they were published.
  std::vector<std::string> versions = {};
  ReaderView view = {};
};

struct ReadPage {
  std::vector<StoredEvent> events;
  std::uint64_t next = 0;  ///< `after` of the next page. Moves on even when nothing matched.
};

struct SchemaInfo {
  std::string type;
  std::uint32_t version = 1;
  std::string title;
  std::string text;  ///< JSON Schema 2020-12.
};

/// The whole product in a process. Thread-safe; move-only. The destructor closes with a deadline of 10 s.
class UserEventPublisher {
 public:
  /// Opens the data directory (one process at a time), recovers, and starts delivery to the configured destinations.
  /// Errors: usage (configuration), unavailable (`data-directory-in-use`), damaged, io. Cost: one segment's read.
  [[nodiscard]] static Result<UserEventPublisher> open(Options options);
  UserEventPublisher(UserEventPublisher&&) noexcept;
  UserEventPublisher& operator=(UserEventPublisher&&) noexcept;
  ~UserEventPublisher();

  /// Publishes one typed event; returns once it is durable (about one fdatasync; concurrent callers share it).
  /// Errors: invalid (with fields), conflict, too_large, full, unavailable, io.
  template <class Event>
  [[nodiscard]] Result<Receipt> publish(const Event& event, const PublishOptions& options = {});
  /// Publishes several, all or none, in order, with one durable write.
  [[nodiscard]] Result<std::vector<Receipt>> publish(std::span<const AnyEvent> events);
  /// Publishes an event whose type is known at run time only.
  [[nodiscard]] Result<Receipt> publish_json(const DynamicEvent& event);
  /// Forms now, returns at once; `callback` comes when durable. Waits only when the staging buffer is full.
  template <class Event>
  void publish_async(const Event& event, PublishCallback callback, const PublishOptions& options = {});
  void publish_async(std::span<const AnyEvent> events, PublishCallback callback);

  // A typed method per event, generated: publish_user_created(const UserCreated&), …
  // (user_events/publish_methods.inc)
#include "user_events/publish_methods.inc"

  // ---- for servers: bodies as they come from the network. Never block; a full staging buffer is `unavailable`, a type
  // that `by` may not publish `forbidden`. ----
  void publish_body(std::string_view body, Body form, const Submitter& by, PublishCallback callback);
  void publish_dynamic(const DynamicEvent& event, const Submitter& by, PublishCallback callback);
  /// Forms each line on its own; bad ones do not stop the others.
  void publish_each(std::span<const std::string_view> lines, const Submitter& by, PublishEachCallback callback);
  /// Between the two, publishes do not start a group commit one by one: `end_burst` starts one for all of them. For a thread that serves
  /// many callers in turn. A commit begins all the same for a `publish` that waits, from 64 KiB on, after 5 ms, when the staging
  /// buffer is full and at `close`. Any thread; pairs may nest and overlap. Keep it to what is at hand: others' publishes wait for the end too.
  void begin_burst();
  void end_burst();

  /// Waits until every destination is done with all that was accepted before the call, or the deadline. Dead letters count as done.
  /// Error timed_out names the destinations that are not.
  [[nodiscard]] Result<void> flush(std::chrono::milliseconds deadline);
  /// The same, and how each destination stands: `delivered` only if it has no letter of these events.
  [[nodiscard]] std::vector<DeliveryProgress> flush_each(std::chrono::milliseconds deadline);
  /// How far each destination is with the event `sequence`; waits up to `timeout` for all.
  [[nodiscard]] std::vector<DeliveryProgress> wait_delivered(std::uint64_t sequence, std::chrono::milliseconds timeout);
  /// The same without waiting or blocking: `callback` once, when all have it or after `timeout`, on a thread of the library.
  void on_delivered(std::uint64_t sequence, std::chrono::milliseconds timeout,
                    std::move_only_function<void(std::vector<DeliveryProgress>)> callback);

  /// A page of durable events. Cost: reads the journal from `after`, at most 16 MiB a call. Errors: forbidden (`user-hidden`: the view shows no user ids, and
  /// `user` asks for one), invalid, code `cast-refused` or `no-cast`: the first event of the page
  /// cannot be said in the version wanted (the message names its number), or its type has no such version.
  [[nodiscard]] Result<ReadPage> read(const ReadQuery& query) const;
  /// The newest event of that id, `versions` as in ReadQuery. One of a type outside of `within` (patterns; empty: all) is not found. Errors not_found, and as `read`.
  [[nodiscard]] Result<StoredEvent> find(std::string_view id, const std::vector<std::string>& versions = {},
                                         const std::vector<std::string>& within = {}, const ReaderView& view = {}) const;
  [[nodiscard]] std::uint64_t last_sequence() const noexcept;
  /// `listener` (must not block) after each group commit, once the callbacks of all publishes in it have been called.
  /// Returns a token; after remove it is not called again.
  std::uint64_t add_listener(std::function<void(std::uint64_t last_sequence)> listener);
  void remove_listener(std::uint64_t token);

  // ---- dead letters and destinations. Reading also works with `read_only`; the rest is refused there (usage). ----
  /// A page of the letters that `filter` names, with numbers above `after`, at most `limit` (1..1000).
  [[nodiscard]] Result<DeadLetterPage> dead_letters(const DeadLetterFilter& filter, std::uint64_t after = 0, std::size_t limit = 100) const;
  /// One letter with its event. Error not_found, also for an event of a type outside of `within` (patterns; empty: all); code `discarded`: there is a record of it instead.
  [[nodiscard]] Result<DeadLetterDetail> dead_letter(std::uint64_t number, const std::vector<std::string>& within = {},
                                                     const ReaderView& view = {}) const;
  /// Sends the dead and skipped letters that `filter` names again: in order per user, what is held behind them after them; in the background,
  /// over restarts. One replay per destination. Held letters are not replayed by themselves: naming nothing but such is a conflict.
  /// Errors: not_found (nothing matches), conflict, unavailable.
  [[nodiscard]] Result<std::vector<DeadLetterReplay>> replay_dead_letters(const DeadLetterFilter& filter, const ReplayOptions& options = {});
  /// The replays on record, newest first; finished ones are kept, at most 1,000 per destination.
  [[nodiscard]] Result<std::vector<DeadLetterReplay>> dead_letter_replays() const;
  [[nodiscard]] Result<DeadLetterReplay> dead_letter_replay(std::uint64_t number) const;
  /// What was not sent yet stays a dead letter. Error not_found.
  [[nodiscard]] Result<DeadLetterReplay> cancel_dead_letter_replay(std::uint64_t number, const std::string& by = {});
  /// Gives letters up for good, in any state; needs a `reason`, and who decided. Recorded durably with each event's id. What is held behind a discarded
  /// letter goes on. Errors: invalid (no reason), not_found, unavailable.
  [[nodiscard]] Result<DiscardResult> discard_dead_letters(const DeadLetterFilter& filter, const std::string& reason, const std::string& discarded_by);
  /// A page of the record of discarded letters, with numbers above `after`, at most `limit` (1..1000). Of the filter, `reason` is a part of the
  /// cause, since and until are about when it was discarded. Errors: invalid (`user`, `states`: the record has neither).
  [[nodiscard]] Result<DiscardedPage> discarded_letters(const DeadLetterFilter& filter, std::uint64_t after = 0, std::size_t limit = 100) const;
  /// The record of one. Error not_found.
  [[nodiscard]] Result<DiscardedLetter> discarded_letter(std::uint64_t number, const std::vector<std::string>& within = {}) const;
  /// Nothing more is sent there until `resume_destination`; survives restarts. Error not_found.
  [[nodiscard]] Result<void> pause_destination(const std::string& name, const std::string& by = {});
  [[nodiscard]] Result<void> resume_destination(const std::string& name, const std::string& by = {});
  /// Sends a stretch of the journal again, from `target` to where the destination is: marked as replay, exempt from first-delivery order.
  /// The new place is durable when this returns. Errors: not_found, invalid (no longer or not yet in the journal), unavailable.
  [[nodiscard]] Result<RewindResult> replay_destination(const std::string& name, const RewindTarget& target, const std::string& by = {});

  // ---- users' keys: docs/security/privacy.md. Error usage, code `not-sealed`, where events are not sealed. ----
  [[nodiscard]] Result<KeysReport> keys() const;
  /// Destroys the keys of a user: what the journal and the dead letter store hold of that user cannot be read by anybody from then on. Durable when
  /// it returns. Errors: invalid (who, or why, is missing), conflict (`events-under-way`, `clear-events`: what was written before events were sealed).
  [[nodiscard]] Result<ForgetResult> forget(const ForgetTarget& target, const ForgetOptions& options);
  [[nodiscard]] Result<void> rotate_keys(KeyRotation what, const std::string& by = {});
  /// The key of fields that were encrypted for a receiver, by the `kid` in them: a JSON Web Key (RFC 7518, 6.4), a secret. `receivers`: whose keys may be given
  /// out; empty: all. Errors: not_found, code `no-such-key`, or `erased`: the user was forgotten. A key that there is, or was, is given out on the audit
  /// log's record; other questions leave none.
  [[nodiscard]] Result<std::string> field_key(std::string_view kid, const std::vector<std::string>& receivers = {}, const std::string& by = {});

  /// Whether what clients get to see is said in classes that event types have. Error `usage`, code `privacy-policy`, names client and class. Done at the
  /// start for those of the options; for a server that takes others later.
  [[nodiscard]] Result<void> check_policies(const std::vector<ClientOptions>& clients) const;

  // ---- the audit log: docs/security/audit.md. All that changes something above is recorded there durably before it is carried out, and its outcome before
  // it is answered; `by` says who asked. What cannot be recorded is refused (full, io; code `audit-log`). ----
  /// A request that a server refused. Never blocks; summed up and written within a minute.
  void note_denied(std::string_view principal, std::string_view reason, std::string_view action) noexcept;
  /// Carries out something of a server's own between two such records. `asked`: the inside of a JSON object, without personal data.
  [[nodiscard]] Result<void> recorded(std::string_view act, const std::string& by, const std::string& asked, const std::function<Result<void>()>& work);

  /// Events and acts that `query` names: some milliseconds, by an index. Errors: usage (code `no-index`: it is off), invalid.
  [[nodiscard]] Result<AuditPage> audit_search(const AuditQuery& query) const;
  /// Makes the index, in the background, and keeps it over restarts; or removes it.
  [[nodiscard]] Result<void> switch_audit_index(bool on, const std::string& by = {});
  /// From its return until `remove_hold` nothing that is there now or comes is removed by retention. Errors: invalid (name, reason), conflict (there is one of that name).
  [[nodiscard]] Result<LegalHold> add_hold(const std::string& name, const std::string& reason, const std::string& by = {});
  [[nodiscard]] Result<void> remove_hold(const std::string& name, const std::string& reason, const std::string& by = {});
  [[nodiscard]] std::vector<LegalHold> holds() const;

  // ---- signing keys: docs/security/signatures.md. ----
  /// The public keys that receivers verify signatures with, as a JWK set (RFC 7517).
  [[nodiscard]] std::string signing_key_set() const;
  /// Reads the keys anew and takes from `fresh` which destination signs with which; all or nothing. Errors: usage (also: which destinations sign at all, and
  /// in which form, is decided at the start; a name cannot stand for another key than before).
  [[nodiscard]] Result<void> reload_signing_keys(const Options& fresh);

  [[nodiscard]] Status status() const;
  /// Prometheus text format 0.0.4. Names: docs/metrics.md.
  [[nodiscard]] std::string metrics() const;
  [[nodiscard]] std::vector<SchemaInfo> schemas() const;
  /// The event types that `options` name, those of `catalogue_dir` included, without opening anything. Errors as open() has for them.
  [[nodiscard]] static Result<std::vector<SchemaInfo>> schemas_of(const Options& options);
  /// Version 0: the newest. `mark`: of the privacy policy of a destination or client, as `dataschema` ends in; empty: data as it was published.
  /// Error not_found: no such type, version or mark.
  [[nodiscard]] Result<SchemaInfo> schema(std::string_view type, std::uint32_t version = 0, std::string_view mark = {}) const;
  /// Reads `catalogue_dir` again and takes new types and versions, whose names (`user.rated:2`) it returns. Published files must be what they
  /// were, and each new version must be castable from the one before; else the error says what is wrong, and nothing changes.
  /// Publishing and reading go on undisturbed. Errors: usage.
  [[nodiscard]] Result<std::vector<std::string>> reload_catalogue();
  /// The AsyncAPI 3.0 document of the running configuration: where each destination's events can be consumed, and what they look like. Holds no
  /// credentials. Made anew with each call: some milliseconds a destination.
  [[nodiscard]] Result<std::string> asyncapi() const;
  [[nodiscard]] const Options& options() const noexcept;

  /// Orderly end: no more publishing, journal committed, destinations flushed until `deadline`, positions saved.
  [[nodiscard]] Result<void> close(std::chrono::milliseconds deadline = std::chrono::seconds(10));

 private:
  struct Impl;
  explicit UserEventPublisher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The version of the library, e.g. `0.1.0`.
[[nodiscard]] std::string_view version() noexcept;

}  // namespace user_events
