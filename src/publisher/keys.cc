// Users' keys: opened, forgotten, rotated.
#include <fmt/format.h>

#include <algorithm>

#include "base/base64url.h"
#include "base/try.h"
#include "kms/aws_kms.h"
#include "observability/log.h"
#include "policy/receiver_keys.h"
#include "publisher/audited.h"
#include "publisher/engine.h"

namespace user_events {
namespace {

constexpr std::string_view kLaneLabel = "user-events lane v1";

privacy::KeyRingOptions ring_options(const Options& options) {
  const auto& given = options.privacy;
  privacy::KeyRingOptions out;
  out.store_path = given.key_store.empty() ? options.data_dir + "/keys.db" : given.key_store;
  out.master = given.master_key;
  out.previous_master = given.previous_master_key;
  out.load_master = kms::load_master_key;
  out.cache_users = given.cached_keys;
  out.epoch_age = given.epoch_age;
  return out;
}

/// The keys of records that were written after the key store was last, and who is linked to what by them.
Result<void> recover(privacy::KeyRing& keys, const publisher::Identities& identities, const journal::Journal& journal) {
  const privacy::RecordOpener opener(&keys);
  std::string scratch;
  UE_TRY_ASSIGN(const auto mark, keys.watermark());
  const auto first = journal.stats().first_sequence;
  auto reader = journal.reader(mark.journal_id == journal.id() ? std::max(mark.sequence, first - 1) : first - 1);
  for (;;) {
    UE_TRY_ASSIGN(const auto chunk, reader.next());
    if (chunk.empty()) return {};
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      const auto id = privacy::key_id_of(chunk[i].payload);
      const auto subject = privacy::subject_of(chunk[i].key);
      if (!id || !subject) continue;
      UE_TRY(keys.note_used(*subject, *id));
      if (const auto envelope = opener.open({chunk[i].id, chunk[i].type, chunk[i].key}, chunk[i].payload, scratch)) identities.note(*envelope, chunk[i].key);
    }
  }
}

}  // namespace

formation::Settings UserEventPublisher::Impl::former_settings() const {
  formation::Settings settings{options.source, options.limits, journal->secret(), {}};
  if (keys) keys->derive(kLaneLabel, settings.lane_key.emplace());
  return settings;
}

Result<void> UserEventPublisher::Impl::open_keys() {
  if (!options.privacy.master_key.is_given()) return {};
  UE_TRY_ASSIGN(keys, privacy::KeyRing::open(ring_options(options), ports::system_clock()));
  identities = std::make_unique<publisher::Identities>(types->catalogue(), *keys);
  if (options.read_only) return {};
  UE_TRY(recover(*keys, *identities, *journal));
  return keys->end_recovery([this] { return privacy::Watermark{journal->id(), journal->durable_sequence()}; });
}

namespace {

Timestamp to_time(std::int64_t unix_ms) { return Timestamp(std::chrono::milliseconds(unix_ms)); }

std::unexpected<Error> not_sealed() {
  return fail(ErrorKind::usage, "not-sealed", "events are not sealed here, and users have no keys", "set privacy.master_key in the configuration");
}

/// What was written before events were sealed would outlive the key.
template <class ImplType>
Result<void> refuse_clear_events(const ImplType& impl, const ForgetTarget& target) {
  constexpr const char* kHint = "let them expire (journal.retention_age), and replay or discard the dead letters, before users are forgotten";
  const auto first = impl.journal->stats().first_sequence;
  UE_TRY_ASSIGN(const auto chunk, impl.journal->reader(first - 1).next());
  if (!chunk.empty() && chunk[0].form == journal::PayloadForm::clear)
    return fail(ErrorKind::conflict, "clear-events", "the journal still holds events from before they were sealed", kHint);
  // An identifier's lane is the same before and after; a user's was the id.
  DeadLetterFilter filter;
  filter.user = target.user.empty() ? impl.former->token(target.identifier) : target.user;
  for (std::uint64_t after = 0;;) {
    std::vector<std::string> destinations;
    UE_TRY_ASSIGN(const auto letters, impl.state->letters(filter, after, kMaxPageLetters, destinations));
    if (letters.empty()) return {};
    for (const auto& each : letters) {
      UE_TRY_ASSIGN(const auto letter, impl.state->letter(each.number));
      if (letter && !privacy::is_sealed(letter->second.payload))
        return fail(ErrorKind::conflict, "clear-events", "there are dead letters of this user from before events were sealed", kHint);
    }
    after = letters.back().number;
  }
}

/// The id of a user who was named otherwise, from the user's first event in the journal; empty if there is none.
template <class ImplType>
Result<std::string> id_of(const ImplType& impl, const privacy::Subject& user) {
  std::string lane, scratch;
  privacy::append_lane(privacy::kUserLane, user, lane);
  const auto opener = impl.opener();
  for (auto reader = impl.journal->reader(impl.journal->stats().first_sequence - 1);;) {
    UE_TRY_ASSIGN(const auto chunk, reader.next());
    if (chunk.empty()) return std::string();
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      if (chunk[i].key != lane) continue;
      if (const auto envelope = opener.open({chunk[i].id, chunk[i].type, chunk[i].key}, chunk[i].payload, scratch)) return std::string(envelope->partition_key);
    }
  }
}

}  // namespace

Result<KeysReport> UserEventPublisher::keys() const {
  KeysReport out;
  if (impl_->keys == nullptr) return out;
  UE_TRY_ASSIGN(const auto report, impl_->keys->report());
  out = {true,
         report.master_id,
         report.epoch,
         to_time(report.epoch_created_ms),
         report.counts.users,
         report.counts.keys,
         report.counts.spare,
         report.counts.forgotten,
         report.counts.oldest_ms == 0 ? std::nullopt : std::optional(to_time(report.counts.oldest_ms)),
         report.memory_locked};
  return out;
}

Result<ForgetResult> UserEventPublisher::forget(const ForgetTarget& target, const ForgetOptions& options) {
  if (impl_->keys == nullptr) return not_sealed();
  if (target.user.empty() == target.identifier.empty())
    return fail(ErrorKind::invalid, "forget", "either a user id or an identifier says who is to be forgotten");
  UE_TRY(publisher::check_reason(options.reason));
  const std::string lane = target.user.empty() ? impl_->former->token(target.identifier) : impl_->former->lane(target.user);
  const auto subject = privacy::subject_of(lane);
  if (!subject) return fail(ErrorKind::internal, "lane", "a lane key is none");
  std::string asked;
  publisher::append_text("user", lane, asked);
  publisher::append_text("reason", options.reason, asked);
  if (options.now) asked += R"(,"now":true)";
  return audit::recorded(
      impl_->audit.get(), {"keys.forget", options.requested_by, asked}, [&] { return impl_->forget(target, options, lane, *subject); },
      [](const Result<ForgetResult>& done) { return fmt::format(R"("keys":{})", done->keys); });
}

Result<ForgetResult> UserEventPublisher::Impl::forget(const ForgetTarget& target, const ForgetOptions& with, const std::string& lane, const privacy::Subject& subject) {
  UE_TRY(refuse_clear_events(*this, target));
  const auto unfinished = housekeeper->wait_all_up_to(journal->durable_sequence(), with.wait);
  if (!unfinished.empty() && !with.now)
    return fail(ErrorKind::conflict, "events-under-way",
                fmt::format("events are still under way to: {}; this user's would never be sent", fmt::join(unfinished, ", ")),
                "try again when `user-events status` shows nothing waiting, or say now");
  UE_TRY_ASSIGN(const auto circle, target.user.empty() ? publisher::circle_of_identifier(*keys, target.identifier, subject)
                                                       : publisher::circle_of_user(*keys, subject));
  std::string user = target.user;
  if (user.empty() && circle.user) {
    UE_TRY_ASSIGN(user, id_of(*this, *circle.user));
  }
  UE_TRY_ASSIGN(const auto destroyed, keys->forget(circle.subjects));
  observability::log().warn("privacy: {} key(s) of {} destroyed, asked for by '{}': {}", destroyed, lane, with.requested_by, with.reason);
  if (destroyed == 0 || user.empty() || !options.privacy.erased_event) return ForgetResult{destroyed, circle.kept, false};
  if (auto announced = announce_erased(user); !announced) {
    announced.error().message.insert(0, "the user is forgotten, but no user.erased could be published: ");
    announced.error().hint = "forget the user again, by user id, when that is mended";
    return std::unexpected(std::move(announced).error());
  }
  return ForgetResult{destroyed, circle.kept, true};
}

Result<std::string> UserEventPublisher::field_key(std::string_view kid, const std::vector<std::string>& receivers, const std::string& by) {
  if (impl_->keys == nullptr) return not_sealed();
  const auto no_such_key = [] { return fail(ErrorKind::not_found, "no-such-key", "there is no field key of this id", "the id is what stands between enc1. and the last dot"); };
  const auto parsed = policy::FieldKeyId::parse(kid);
  if (!parsed || (!receivers.empty() && std::ranges::find(receivers, parsed->receiver) == receivers.end())) return no_such_key();
  const auto id = policy::user_key_of(*impl_->keys, *parsed);
  if (!id) return no_such_key();  // first: what anybody can make up must not fill the audit log
  std::string asked;
  publisher::append_text("kid", kid, asked);
  return audit::recorded(impl_->audit.get(), {"keys.field", by, asked}, [&]() -> Result<std::string> {
    privacy::LentKey user;
    UE_TRY(impl_->keys->key_named(*id, user));
    policy::FieldKey key;
    policy::derive_field_key(user, parsed->receiver, parsed->version, key);
    const auto bytes = key.key.bytes();
    return fmt::format(R"({{"kty":"oct","alg":"A256GCM","kid":"{}","k":"{}"}})", kid, base::base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  });
}

Result<void> UserEventPublisher::rotate_keys(KeyRotation what, const std::string& by) {
  if (impl_->keys == nullptr) return not_sealed();
  const bool is_epoch = what == KeyRotation::epoch;
  return audit::recorded(impl_->audit.get(), {"keys.rotate", by, is_epoch ? R"("what":"epoch")" : R"("what":"master")"},
                         [&] { return is_epoch ? impl_->keys->rotate_epoch() : impl_->keys->rotate_master(); });
}

}  // namespace user_events
