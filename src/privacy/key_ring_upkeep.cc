// What happens to keys beside the hot path: made ahead, written down, forgotten, moved to another epoch.
#include <algorithm>
#include <condition_variable>
#include <cstring>

#include "base/try.h"
#include "crypto/derive.h"
#include "crypto/key_wrap.h"
#include "observability/log.h"
#include "privacy/key_ring.h"

namespace user_events::privacy {
namespace {

constexpr std::size_t kRewrapBatch = 2'048;
constexpr std::size_t kMaxGiven = 16'384;       ///< Given out or recovered and not written down: then writing does not wait for its time.
constexpr std::size_t kMaxLinks = 4 * kMaxGiven;
constexpr std::uint64_t kMaxBehind = 65'536;    ///< Records that a start looks at, at most, when nobody is new.
constexpr auto kWriteDownEvery = std::chrono::seconds(1);

}  // namespace

Result<Watermark> KeyRing::watermark() {
  std::lock_guard changing(changing_);
  UE_TRY_ASSIGN(written_, store_.watermark());
  return written_;
}

Result<void> KeyRing::note_used(const Subject& subject, const KeyId& id) {
  std::lock_guard changing(changing_);
  recovered_.insert_or_assign(id, subject);
  return recovered_.size() < kMaxGiven && links_.size() < kMaxGiven ? Result<void>{} : write_recovered();
}

Result<void> KeyRing::write_recovered() {
  std::vector<KeyStore::Assignment> all;
  for (const auto& [id, subject] : recovered_) all.push_back({id, subject});
  recovered_.clear();
  std::vector<Link> links;
  {
    std::lock_guard lock(mutex_);
    links.assign(links_.begin(), links_.end());
    links_.clear();
  }
  return store_.assign(all, links, written_, now_ms());
}

Result<void> KeyRing::end_recovery(std::function<Watermark()> durable) {
  {
    std::lock_guard changing(changing_);
    UE_TRY(write_recovered());
    durable_ = std::move(durable);
    UE_TRY_ASSIGN(const auto left, store_.spare(options_.spare_keys));
    for (const StoredKey& stored : left) {
      UE_TRY_ASSIGN(auto key, unwrap(stored));
      spare_.push_back({stored.id, std::move(key)});
    }
    UE_TRY(refill());
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  return {};
}

KeyId KeyRing::next_id() {
  KeyId id;
  crypto::fill_random({reinterpret_cast<unsigned char*>(id.data()), id.size()});
  last_id_stamp_ = std::max(last_id_stamp_ + 1, static_cast<std::uint64_t>(now_ms()) * 1'000);
  for (std::size_t i = 0; i < 8; ++i) id[i] = static_cast<std::byte>(last_id_stamp_ >> (56 - 8 * i));
  return id;
}

Result<void> KeyRing::refill() {
  std::size_t missing = 0;
  {
    std::lock_guard lock(mutex_);
    missing = options_.spare_keys - std::min(spare_.size(), options_.spare_keys);
  }
  const Epoch& epoch = epochs_.back();
  std::vector<Spare> made(missing);
  std::vector<StoredKey> stored;
  for (Spare& one : made) {
    one.id = next_id();
    one.key = crypto::SecretKey::random();
    stored.push_back({one.id, epoch.number, crypto::wrap_key(epoch.key, one.key.bytes())});
  }
  UE_TRY(store_.add(stored));
  {
    std::lock_guard lock(mutex_);
    std::ranges::move(made, std::back_inserter(spare_));
  }
  refilled_.notify_all();
  return {};
}

Watermark KeyRing::reached() {
  if (durable_ == nullptr) return written_;
  Watermark mark = durable_();
  std::lock_guard lock(mutex_);
  return links_left_out_ ? written_ : mark;
}

Result<void> KeyRing::write_down() {
  // First how far the journal is: the keys of all records up to there were given out before.
  const Watermark mark = reached();
  std::vector<KeyStore::Assignment> all;
  std::vector<Link> links;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [subject, id] : given_) all.push_back({id, subject});
    links.assign(links_.begin(), links_.end());
  }
  if (all.empty() && links.empty() && mark.journal_id == written_.journal_id && mark.sequence == written_.sequence) return {};
  // In the order of the store's index, which is touched page by page then.
  std::ranges::sort(all, {}, &KeyStore::Assignment::subject);
  UE_TRY(store_.assign(all, links, mark, now_ms()));
  written_ = mark;
  std::lock_guard lock(mutex_);
  for (const Link& one : links) links_.erase(one);
  for (const auto& one : all)
    if (const auto given = given_.find(one.subject); given != given_.end() && given->second == one.id) given_.erase(given);
  return {};
}

Result<std::uint64_t> KeyRing::forget(std::span<const Subject> subjects) {
  std::lock_guard changing(changing_);
  std::lock_guard lock(mutex_);
  std::vector<KeyStore::Assignment> unwritten;
  for (const Subject& subject : subjects)
    if (const auto given = given_.find(subject); given != given_.end()) unwritten.push_back({given->second, subject});
  if (!unwritten.empty()) UE_TRY(store_.assign(unwritten, {}, written_, now_ms()));
  UE_TRY_ASSIGN(const auto keys, store_.forget(subjects, now_ms()));
  // Others' links wait for their time: only these users' must not be written down any more.
  std::erase_if(links_, [&](const Link& one) { return std::ranges::find(subjects, one.subject) != subjects.end(); });
  for (auto& mark : noted_) mark.store(0, std::memory_order_release);
  for (const Subject& subject : subjects) {
    given_.erase(subject);
    cache_.erase(subject);
  }
  return keys;
}

Result<crypto::WrappedKey> KeyRing::rewrap(const StoredKey& stored) {
  UE_TRY_ASSIGN(const auto key, unwrap(stored));
  return crypto::wrap_key(epochs_.back().key, key.bytes());
}

Result<void> KeyRing::rotate_epoch() {
  {
    std::scoped_lock both(changing_, mutex_);
    // One that was cut off goes on.
    if (epochs_.size() == 1) {
      epochs_.push_back({epochs_.back().number + 1, now_ms(), crypto::SecretKey::random()});
      if (auto written = epoch_file_.write(*master_, epochs_); !written) {
        epochs_.pop_back();
        return written;
      }
    }
  }
  std::string moved;
  do {
    std::lock_guard changing(changing_);
    UE_TRY_ASSIGN(moved, store_.rewrap(epochs_.back().number, moved, kRewrapBatch, [this](const StoredKey& stored) { return rewrap(stored); }));
  } while (!moved.empty());
  std::scoped_lock both(changing_, mutex_);
  UE_TRY(store_.truncate_log());
  epochs_.erase(epochs_.begin(), epochs_.end() - 1);
  return epoch_file_.write(*master_, epochs_);
}

Result<void> KeyRing::rotate_master() {
  UE_TRY_ASSIGN(auto master, options_.load_master(options_.master));
  std::lock_guard changing(changing_);
  UE_TRY(epoch_file_.write(*master, epochs_));
  master_ = std::move(master);
  return {};
}

Result<KeyRingReport> KeyRing::report() {
  std::lock_guard changing(changing_);
  UE_TRY(write_down());
  KeyRingReport report;
  UE_TRY_ASSIGN(report.counts, store_.counts());
  report.master_id = master_->id();
  report.epoch = epochs_.back().number;
  report.epoch_created_ms = epochs_.back().created_ms;
  report.memory_locked = cache_.is_locked();
  return report;
}

bool KeyRing::is_wanted() const noexcept {
  return spare_.size() < options_.spare_keys / 2 || given_.size() > kMaxGiven || links_.size() > kMaxGiven;
}

void KeyRing::note_link(std::string_view identifier_text, const Subject& subject, bool is_user) {
  // Most events name somebody who is known. Of two links with one mark, one in 2^64, the second would be missed.
  const auto mac = crypto::siphash(identifier_key_, {identifier_text, text_of(subject), is_user ? "u" : "e"});
  std::uint64_t mark = 0;
  std::memcpy(&mark, mac.data(), sizeof mark);
  auto& noted = noted_[mark & (noted_.size() - 1)];
  if (noted.load(std::memory_order_acquire) == mark) return;

  const Link link{identifier(identifier_text), subject, is_user};
  std::unique_lock lock(mutex_);
  links_.insert(link);
  noted.store(mark, std::memory_order_release);
  if (links_.size() <= kMaxGiven) return;
  wanted_.notify_one();
  while (thread_.joinable() && !stopped_ && problem_.empty() && links_.size() > kMaxLinks) refilled_.wait(lock);
  if (links_.size() <= kMaxLinks) return;
  // A store that cannot be written must not fill the memory. The next start finds what is left out here in the journal again: the watermark stays.
  links_.erase(link);
  noted.store(0, std::memory_order_release);
  links_left_out_ = true;
}

Result<std::vector<Link>> KeyRing::links_of_identifier(const Identifier& identifier) {
  std::lock_guard changing(changing_);
  UE_TRY(write_down());
  return store_.links_of_identifier(identifier);
}

Result<std::vector<Link>> KeyRing::links_of_subject(const Subject& subject) {
  std::lock_guard changing(changing_);
  UE_TRY(write_down());
  return store_.links_of_subject(subject);
}

Result<void> KeyRing::work() {
  bool rotate = false;
  {
    std::lock_guard changing(changing_);
    bool low = false, new_users = false;
    {
      std::lock_guard lock(mutex_);
      low = spare_.size() < options_.spare_keys / 2;
      new_users = !given_.empty() || !links_.empty();
    }
    if (low) UE_TRY(refill());
    const Watermark mark = reached();
    if (new_users || mark.journal_id != written_.journal_id || mark.sequence - written_.sequence > kMaxBehind) UE_TRY(write_down());
    const auto age = std::chrono::milliseconds(now_ms() - epochs_.back().created_ms);
    rotate = epochs_.size() > 1 || (options_.epoch_age.count() != 0 && age >= options_.epoch_age);
  }
  return rotate ? rotate_epoch() : Result<void>{};
}

void KeyRing::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      (void)wanted_.wait_for(lock, stop, kWriteDownEvery, [this] { return is_wanted() && problem_.empty(); });
    }
    if (stop.stop_requested()) return;
    const auto done = work();
    std::lock_guard lock(mutex_);
    const std::string problem = done ? std::string() : describe(done.error());
    if (!problem.empty() && problem != problem_) observability::log().error("privacy: {}", problem);
    problem_ = problem;
    refilled_.notify_all();  // who waits for a key learns of the problem
  }
}

void KeyRing::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  refilled_.notify_all();
  std::lock_guard changing(changing_);
  if (auto done = write_down(); !done) observability::log().warn("privacy: {}", describe(done.error()));
  durable_ = nullptr;
}

}  // namespace user_events::privacy
