// Everything that an open publisher owns, in the order in which it may be torn down.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "audit/index.h"
#include "audit/log.h"
#include "delivery/runner.h"
#include "formation/former.h"
#include "journal/journal.h"
#include "privacy/key_ring.h"
#include "privacy/sealed_record.h"
#include "publisher/event_types.h"
#include "publisher/holds.h"
#include "publisher/housekeeper.h"
#include "publisher/identities.h"
#include "publisher/views.h"
#include "state/state.h"
#include "registry/encoder.h"
#include "signing/key_book.h"
#include "user_events/publisher.h"

namespace user_events {

/// One configured destination while it runs.
struct RunningDestination {
  DestinationOptions options;
  std::uint64_t max_body_bytes = 0;  ///< Publishing refuses what would be larger here; 0: no such limit.
  const encoding::Encoder* encoder;  ///< The runner's; only its bounds are asked for.
  const registry::RegistryUse* registry;  ///< Of the same; nullptr: it has none.
  std::unique_ptr<delivery::Runner> runner;
};

struct UserEventPublisher::Impl {
  Options options;
  ports::SteadyTime started;
  std::unique_ptr<publisher::EventTypes> types;
  std::unique_ptr<privacy::KeyRing> keys;  ///< Null: events are not sealed.
  std::unique_ptr<signing::KeyBook> signing_keys;  ///< Null: read only.
  std::unique_ptr<publisher::Identities> identities;  ///< Null as `keys`.
  std::unique_ptr<publisher::Views> views;
  std::unique_ptr<audit::Log> audit;  ///< Null: read only.
  std::atomic<audit::Log*> audit_log{nullptr};  ///< The same once it is open, for the journal's own threads.
  std::unique_ptr<state::State> state;
  std::unique_ptr<journal::Journal> journal;
  std::unique_ptr<publisher::Holds> holds;  ///< Null: read only.
  std::mutex holds_mutex;                   ///< Held while one comes or goes.
  /// The indexes of both journals; null: they are off.
  struct Indexes {
    std::unique_ptr<audit::Index> events, acts;
  };
  mutable std::mutex indexes_mutex;
  std::mutex index_switch_mutex;  ///< Held while they are made or removed.
  std::shared_ptr<Indexes> indexes;
  std::string index_problem;      ///< Why they could not be opened at the start.
  std::unique_ptr<formation::Former> former;
  std::vector<RunningDestination> destinations;
  std::unique_ptr<publisher::Housekeeper> housekeeper;
  std::atomic<bool> closed{false};
  std::atomic<std::uint64_t> rejected{0};

  ~Impl();

  /// Error forbidden if one of the events from `first` on is of a type that `by` may not publish, or nobody but the product.
  [[nodiscard]] static Result<void> permit(const formation::FormedBatch& batch, std::size_t first, const Submitter& by);
  /// Refuses what must not enter the journal now: closed, read-only, a destination over its lag cap, an event that is too
  /// large for a destination that says `oversize = "reject"`.
  [[nodiscard]] Result<void> admit(const formation::FormedBatch& batch, std::size_t first) const;
  /// What has been admitted, from event `first` on, is sealed, if events are. Errors: those of the key store; then nothing must be appended.
  [[nodiscard]] Result<void> seal(formation::FormedBatch& batch, std::size_t first) const;
  /// Tells destinations that the user was forgotten. Durable when it returns.
  [[nodiscard]] Result<void> announce_erased(const std::string& user);
  [[nodiscard]] privacy::RecordOpener opener() const { return privacy::RecordOpener(keys.get()); }
  /// Opens the key store, and finds in the journal whose keys are not written down yet.
  [[nodiscard]] Result<void> open_keys();
  [[nodiscard]] formation::Settings former_settings() const;
  [[nodiscard]] Result<void> open_audit();
  [[nodiscard]] std::string index_folder() const { return options.data_dir + "/index"; }
  [[nodiscard]] Result<void> open_indexes();
  [[nodiscard]] std::shared_ptr<Indexes> current_indexes() const;
  void end_indexes();
  /// Why what happens cannot be found any more; empty: it can, or nobody wants it to be.
  [[nodiscard]] std::string why_not_indexed() const;
  [[nodiscard]] Result<void> remove_indexes();
  [[nodiscard]] Result<void> add_records(std::vector<AuditEntry>& entries) const;
  /// Whether anything of both journals is kept that retention would remove.
  void hold(bool held);
  [[nodiscard]] Result<void> record_removal(const journal::Removal& removal) const;
  /// A user as the audit log names him: by the lane key of sealed events, or a token.
  [[nodiscard]] std::string audit_user(const std::string& user) const;
  [[nodiscard]] std::string asked_of(const DeadLetterFilter& filter) const;
  /// Hands the batch to the journal; `callback` gets one receipt per event. `is_array`: pointers in errors begin with the index.
  void append(const formation::FormedBatch& batch, bool is_array, journal::Backpressure backpressure, PublishCallback callback);
  [[nodiscard]] Result<std::vector<Receipt>> append_wait(const formation::FormedBatch& batch, bool is_array);
  [[nodiscard]] Result<std::shared_ptr<const policy::Plans>> plans_of(const DestinationOptions& one) const;
  [[nodiscard]] Result<std::unique_ptr<encoding::Encoder>> make_encoder(const destinations::Kind& kind, const DestinationOptions& one,
                                                                       std::shared_ptr<const policy::Plans> plans) const;
  [[nodiscard]] Result<void> start_destinations();
  /// The filter as the store knows users: by their lane keys. One that a listing showed is taken as well.
  [[nodiscard]] DeadLetterFilter stored(DeadLetterFilter filter) const;
  /// Of that name. Errors: not_found, usage (read only).
  [[nodiscard]] Result<delivery::Runner*> runner_of(const std::string& name) const;
  [[nodiscard]] Result<ForgetResult> forget(const ForgetTarget& target, const ForgetOptions& with, const std::string& lane, const privacy::Subject& subject);
  [[nodiscard]] Result<void> set_paused(const std::string& name, bool paused, const std::string& by);
  Result<void> close(std::chrono::milliseconds deadline);
};

}  // namespace user_events
