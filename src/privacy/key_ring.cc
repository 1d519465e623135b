#include "privacy/key_ring.h"

#include <algorithm>
#include <bit>

#include "base/ascii.h"
#include "base/try.h"
#include "crypto/derive.h"
#include "crypto/key_wrap.h"
#include "observability/log.h"

namespace user_events::privacy {
namespace {

constexpr std::size_t kKeyMemoryBytes = 1u << 20;       ///< Spare keys, epoch and root keys.
std::unexpected<Error> erased() {
  return fail(ErrorKind::not_found, "erased", "the key of this event was destroyed when its user was forgotten", "what was forgotten cannot be read again");
}

Result<std::vector<Epoch>> read_epochs(const KeyRingOptions& options, const EpochFile& file, const MasterKey& master) {
  auto epochs = file.read(master);
  if (epochs || epochs.error().kind != ErrorKind::usage || !options.previous_master.is_given()) return epochs;
  UE_TRY_ASSIGN(const auto previous, options.load_master(options.previous_master));
  UE_TRY_ASSIGN(auto found, file.read(*previous));
  UE_TRY(file.write(master, found));
  return found;
}

}  // namespace

KeyRing::KeyRing(KeyRingOptions options, const ports::Clock& clock, KeyStore store, std::unique_ptr<MasterKey> master, std::vector<Epoch> epochs)
    : options_(std::move(options)),
      clock_(clock),
      epoch_file_(options_.store_path + ".epoch"),
      master_(std::move(master)),
      store_(std::move(store)),
      epochs_(std::move(epochs)),
      cache_(options_.cache_users),
      noted_(std::bit_ceil(std::max<std::size_t>(options_.cache_users, 1))) {}

Result<std::unique_ptr<KeyRing>> KeyRing::open(KeyRingOptions options, const ports::Clock& clock) {
  if (!crypto::reserve_key_memory(kKeyMemoryBytes))
    observability::log().warn("privacy: the memory of keys cannot be locked and may reach swap; raise the limit (LimitMEMLOCK= in the unit)");
  UE_TRY_ASSIGN(auto master, options.load_master(options.master));
  const EpochFile file(options.store_path + ".epoch");
  UE_TRY_ASSIGN(auto epochs, read_epochs(options, file, *master));
  UE_TRY_ASSIGN(auto store, KeyStore::open(options.store_path));
  if (epochs.empty()) {
    UE_TRY_ASSIGN(const auto root, store.key(KeyId{}));
    if (root)
      return fail(ErrorKind::usage, "epoch-file", file.path() + " is missing: without it the keys in " + options.store_path + " cannot be read",
                  "restore it; if it is lost for good, so is what was sealed");
    epochs.push_back({1, clock.wall().time_since_epoch().count(), crypto::SecretKey::random()});
    UE_TRY(file.write(*master, epochs));
  }
  std::unique_ptr<KeyRing> ring(new KeyRing(std::move(options), clock, std::move(store), std::move(master), std::move(epochs)));
  UE_TRY(ring->load_root());
  return ring;
}

KeyRing::~KeyRing() {
  stop();
  crypto::wipe(identifier_key_);
}

Result<void> KeyRing::load_root() {
  UE_TRY(find_root());
  derive("user-events identifier link v1", identifier_key_);
  return {};
}

Result<void> KeyRing::find_root() {
  UE_TRY_ASSIGN(const auto stored, store_.key(KeyId{}));
  if (stored) {
    UE_TRY_ASSIGN(root_, unwrap(*stored));
    return {};
  }
  root_ = crypto::SecretKey::random();
  const StoredKey key{KeyId{}, epochs_.back().number, crypto::wrap_key(epochs_.back().key, root_.bytes())};
  UE_TRY(store_.add({&key, 1}));
  const KeyStore::Assignment given{KeyId{}, Subject{}};
  return store_.assign({&given, 1}, {}, {}, 0);
}

void KeyRing::derive(std::string_view label, std::span<unsigned char> out) const { crypto::derive(root_.bytes(), label, out); }

Result<crypto::SecretKey> KeyRing::unwrap(const StoredKey& stored) const {
  const auto epoch = std::ranges::find(epochs_, stored.epoch, &Epoch::number);
  if (epoch != epochs_.end())
    if (auto key = crypto::unwrap_key(epoch->key, {stored.wrapped.data(), stored.wrapped.size()})) return std::move(*key);
  return fail(ErrorKind::damaged, "key-store", options_.store_path + " holds a key that its epoch file does not open",
              "restore key store and epoch file from the same backup");
}

Result<void> KeyRing::lend(const Subject& subject, const StoredKey& stored, LentKey& key) {
  UE_TRY_ASSIGN(const auto secret, unwrap(stored));
  cache_.put(subject, stored.id, secret.bytes());
  key.id = stored.id;
  std::ranges::copy(secret.bytes(), key.bytes.begin());
  return {};
}

Result<void> KeyRing::key_for(const Subject& subject, LentKey& key) {
  std::unique_lock lock(mutex_);
  if (const auto* const slot = cache_.find(subject)) {
    key.id = slot->id;
    std::ranges::copy(slot->key, key.bytes.begin());
    return {};
  }
  UE_TRY_ASSIGN(auto stored, store_.key_of(subject));
  if (const auto given = given_.find(subject); given != given_.end()) {
    UE_TRY_ASSIGN(stored, store_.key(given->second));
  }
  if (stored) return lend(subject, *stored, key);
  while (spare_.empty()) {
    if (stopped_) return fail(ErrorKind::unavailable, "key-store", "no key is made for a new user any more: the key store is closing", "try again after the restart");
    wanted_.notify_one();
    refilled_.wait(lock);
    if (spare_.empty() && !problem_.empty())
      return fail(ErrorKind::unavailable, "key-store", "no key can be made for a new user: " + problem_, "see the disk of the key store");
  }
  const Spare fresh = std::move(spare_.back());
  spare_.pop_back();
  given_.insert_or_assign(subject, fresh.id);
  cache_.put(subject, fresh.id, fresh.key.bytes());
  key.id = fresh.id;
  std::ranges::copy(fresh.key.bytes(), key.bytes.begin());
  if (is_wanted()) wanted_.notify_one();
  return {};
}

Result<void> KeyRing::key_of(const Subject& subject, const KeyId& id, LentKey& key) {
  std::lock_guard lock(mutex_);
  if (const auto* const slot = cache_.find(subject); slot != nullptr && slot->id == id) {
    key.id = id;
    std::ranges::copy(slot->key, key.bytes.begin());
    return {};
  }
  UE_TRY_ASSIGN(const auto stored, store_.key(id));
  if (!stored) return erased();
  return lend(subject, *stored, key);
}

Identifier KeyRing::identifier(std::string_view text) const {
  thread_local std::string lower;
  lower.assign(text);
  base::lower_ascii(lower);
  return crypto::siphash(identifier_key_, {lower});
}

Result<void> KeyRing::key_named(const KeyId& id, LentKey& key) {
  std::lock_guard lock(mutex_);
  UE_TRY_ASSIGN(const auto stored, store_.key(id));
  if (!stored || id == KeyId{}) return erased();
  UE_TRY_ASSIGN(const auto secret, unwrap(*stored));
  key.id = id;
  std::ranges::copy(secret.bytes(), key.bytes.begin());
  return {};
}

}  // namespace user_events::privacy
