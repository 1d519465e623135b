// The users' keys while the process runs: found, given out, forgotten, re-wrapped.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "crypto/secret_key.h"
#include "ports/clock.h"
#include "privacy/epoch_file.h"
#include "privacy/key_cache.h"
#include "privacy/key_store.h"
#include "privacy/master_key.h"

namespace user_events::privacy {

struct KeyRingOptions {
  std::string store_path;                           ///< The key store; the epoch file lies beside it, `.epoch` appended.
  MasterKeySource master, previous_master;    ///< `previous_master`, if given, opens an epoch file that the new one does not.
  std::function<Result<std::unique_ptr<MasterKey>>(const MasterKeySource&)> load_master = load_master_key;
  std::size_t cache_users = 262'144;                ///< 64 bytes each.
  std::size_t spare_keys = 4'096;                   ///< Made ahead.
  std::chrono::milliseconds epoch_age{std::chrono::hours(24 * 30)};  ///< After that long a new epoch begins; 0: only on request.
};

/// A user's key, lent; wiped when it goes.
struct LentKey {
  KeyId id{};
  std::array<unsigned char, crypto::kKeyBytes> bytes{};
  LentKey() = default;
  LentKey(const LentKey&) = delete;
  LentKey& operator=(const LentKey&) = delete;
  ~LentKey() { crypto::wipe(bytes); }
};

struct KeyIdHash {
  [[nodiscard]] std::size_t operator()(const KeyId& id) const noexcept { return SubjectHash{}(id); }
};

struct KeyRingReport {
  StoreCounts counts;
  std::string master_id;
  std::uint32_t epoch = 0;
  std::int64_t epoch_created_ms = 0;
  bool memory_locked = false;
};

/// Thread-safe.
class KeyRing {
 public:
  /// Opens or creates key store and epoch file. Errors: usage (master key; a store without its epoch file), and those of the store.
  [[nodiscard]] static Result<std::unique_ptr<KeyRing>> open(KeyRingOptions options, const ports::Clock& clock);
  ~KeyRing();

  /// Keys for tokens and the like: HKDF of the root key, which is lost with the key store and no backup of other files holds. At most 8,160 bytes.
  void derive(std::string_view label, std::span<unsigned char> out) const;

  /// The key that the subject's events are sealed under; a subject that has none is given one. About 0.1 µs from the cache, 10 µs from the
  /// store. Waits (a sync) when many new users have used up the keys made ahead. Errors: those of the store.
  [[nodiscard]] Result<void> key_for(const Subject& subject, LentKey& key);
  /// The key of that id, which must be the subject's. Error not_found, code `erased`: it was destroyed. Cost as above.
  [[nodiscard]] Result<void> key_of(const Subject& subject, const KeyId& id, LentKey& key);

  /// The key of that id, whoever's it is. Errors as above; about 10 µs.
  [[nodiscard]] Result<void> key_named(const KeyId& id, LentKey& key);

  /// What somebody is linked under in the store, in any case of its letters.
  [[nodiscard]] Identifier identifier(std::string_view text) const;
  /// Remembers that `identifier`, an e-mail address or name, belongs to the subject; written down with the keys that are given out. Waits when very many
  /// are not. Some 0.1 µs, without a lock where it was noted lately.
  void note_link(std::string_view identifier, const Subject& subject, bool is_user);
  /// Of what was noted so far. Errors: those of the store.
  [[nodiscard]] Result<std::vector<Link>> links_of_identifier(const Identifier& identifier);
  [[nodiscard]] Result<std::vector<Link>> links_of_subject(const Subject& subject);

  /// Start: which keys records above the watermark use, in their order; then `end_recovery`, before the first `key_for`.
  [[nodiscard]] Result<Watermark> watermark();
  [[nodiscard]] Result<void> note_used(const Subject& subject, const KeyId& id);
  /// `durable` tells the journal's id and last durable sequence; called on the ring's own thread from now on, until `stop`.
  [[nodiscard]] Result<void> end_recovery(std::function<Watermark()> durable);

  /// Destroys the keys of these subjects: durable, and gone from the write-ahead log, when it returns. How many keys there were. Waits for nobody who has
  /// been lent a key; others wait while it runs (a few syncs).
  [[nodiscard]] Result<std::uint64_t> forget(std::span<const Subject> subjects);
  /// Begins a new epoch and re-wraps all keys, a few thousand at a time; others go on meanwhile. When it returns the former epoch key is destroyed.
  [[nodiscard]] Result<void> rotate_epoch();
  /// Reads the master key anew from its source and wraps the epoch key under it.
  [[nodiscard]] Result<void> rotate_master();
  [[nodiscard]] Result<KeyRingReport> report();
  /// Writes down what is not yet; ends the thread.
  void stop();

 private:
  KeyRing(KeyRingOptions options, const ports::Clock& clock, KeyStore store, std::unique_ptr<MasterKey> master, std::vector<Epoch> epochs);
  struct Spare {
    KeyId id{};
    crypto::SecretKey key;
  };
  [[nodiscard]] Result<void> lend(const Subject& subject, const StoredKey& stored, LentKey& key);
  [[nodiscard]] Result<crypto::SecretKey> unwrap(const StoredKey& stored) const;
  [[nodiscard]] Result<void> load_root();
  [[nodiscard]] Result<void> find_root();
  // With `changing_` held.
  [[nodiscard]] Result<void> refill();
  [[nodiscard]] KeyId next_id();
  [[nodiscard]] Result<void> write_down();
  /// Up to where the journal's records are known here.
  [[nodiscard]] Watermark reached();
  [[nodiscard]] Result<void> write_recovered();
  [[nodiscard]] Result<crypto::WrappedKey> rewrap(const StoredKey& stored);
  [[nodiscard]] std::int64_t now_ms() const noexcept { return clock_.wall().time_since_epoch().count(); }
  void run(const std::stop_token& stop);
  [[nodiscard]] Result<void> work();
  [[nodiscard]] bool is_wanted() const noexcept;

  const KeyRingOptions options_;
  const ports::Clock& clock_;
  const EpochFile epoch_file_;
  crypto::SecretKey root_;
  std::array<unsigned char, 16> identifier_key_{};

  /// Taken first. Guards the store's changes, the epoch file and the master key.
  std::mutex changing_;
  std::unique_ptr<MasterKey> master_;
  Watermark written_;
  std::unordered_map<KeyId, Subject, KeyIdHash> recovered_;
  std::uint64_t last_id_stamp_ = 0;  ///< Microseconds since 1970, or the next number after the one before.

  /// Taken second. Guards what is below and the store's reads.
  std::mutex mutex_;
  std::condition_variable_any wanted_, refilled_;
  KeyStore store_;
  std::vector<Epoch> epochs_;
  KeyCache cache_;
  std::vector<Spare> spare_;
  std::unordered_map<Subject, KeyId, SubjectHash> given_;  ///< Not yet written down.
  std::set<Link> links_;                                   ///< Not yet written down.
  /// Marks of links that are in the store or in `links_`, each at its place; another one may take it. Changed under `mutex_`, read without.
  std::vector<std::atomic<std::uint64_t>> noted_;
  bool links_left_out_ = false;                            ///< There were too many: the watermark moves no more.
  bool stopped_ = false;                                   ///< No key is made any more.
  std::string problem_;                                    ///< Of the thread's last try; empty if it went well.
  std::function<Watermark()> durable_;
  std::jthread thread_;
};

}  // namespace user_events::privacy
