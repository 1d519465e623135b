#include "privacy/sealed_record.h"

#include <algorithm>
#include <cstring>

#include "base/try.h"
#include "ports/random.h"

namespace user_events::privacy {
namespace {

constexpr char kSealedLayout = static_cast<char>(0x80);
constexpr std::size_t kKeyIdAt = 1, kNonceAt = 17;

std::unexpected<Error> damaged(const char* what) {
  return fail(ErrorKind::damaged, "payload-damaged", std::string("the sealed payload of a record is not one of ours: ") + what, "run `user-events audit verify`");
}

/// Length and text of each name, so that no two records' names give the same.
std::string& associated(const RecordNames& names) {
  thread_local std::string text;
  text.clear();
  for (const std::string_view name : {names.id, names.type, names.lane}) {
    const std::uint32_t size = static_cast<std::uint32_t>(name.size());
    for (int shift = 0; shift < 32; shift += 8) text.push_back(static_cast<char>(size >> shift));
    text.append(name);
  }
  return text;
}

crypto::Nonce nonce_of(const char* payload) {
  return crypto::Nonce(reinterpret_cast<const unsigned char*>(payload) + kNonceAt, crypto::kNonceBytes);
}

}  // namespace

bool is_sealed(std::string_view payload) noexcept { return !payload.empty() && payload.front() == kSealedLayout; }

std::optional<KeyId> key_id_of(std::string_view payload) noexcept {
  if (!is_sealed(payload) || payload.size() < kSealedHeadBytes + kSealedTailBytes) return std::nullopt;
  KeyId id;
  std::memcpy(id.data(), payload.data() + kKeyIdAt, id.size());
  return id;
}

Result<void> seal_record(KeyRing& ring, const RecordNames& names, std::span<char> payload) {
  const auto subject = subject_of(names.lane);
  if (!subject || payload.size() < kSealedHeadBytes + kSealedTailBytes) return fail(ErrorKind::internal, "seal", "a record to be sealed has no lane of a user");
  LentKey key;
  UE_TRY(ring.key_for(*subject, key));
  payload[0] = kSealedLayout;
  std::memcpy(payload.data() + kKeyIdAt, key.id.data(), key.id.size());
  ports::system_random().fill(std::as_writable_bytes(payload.subspan(kNonceAt, crypto::kNonceBytes)));
  crypto::seal(key.bytes, nonce_of(payload.data()), associated(names), payload.subspan(kSealedHeadBytes, payload.size() - kSealedHeadBytes - kSealedTailBytes),
               payload.last<kSealedTailBytes>());
  return {};
}

Result<encoding::Envelope> RecordOpener::open(const RecordNames& names, std::string_view payload, std::string& scratch) const {
  const auto view = [&names](std::string_view clear, std::string_view sealed_under) -> Result<encoding::Envelope> {
    auto envelope = encoding::view(names.id, names.type, names.lane, clear);
    if (!envelope) return envelope;
    envelope->lane = names.lane;
    envelope->sealed_under = sealed_under;
    return envelope;
  };
  if (!is_sealed(payload)) return view(payload, {});
  const auto id = key_id_of(payload);
  const auto subject = subject_of(names.lane);
  if (!id || !subject) return damaged("it is cut off");
  if (ring_ == nullptr)
    return fail(ErrorKind::usage, "sealed", "the journal's events are sealed, and there is no key to read them with",
                "ask a daemon that has privacy.master_key; without it sealed events cannot be read");
  LentKey key;
  UE_TRY(ring_->key_of(*subject, *id, key));
  scratch.assign(payload.substr(kSealedHeadBytes, payload.size() - kSealedHeadBytes - kSealedTailBytes));
  const std::span<const char, kSealedTailBytes> tag(payload.data() + payload.size() - kSealedTailBytes, kSealedTailBytes);
  if (!crypto::open(key.bytes, nonce_of(payload.data()), associated(names), scratch, tag)) return damaged("key and content do not belong together");
  return view(scratch, payload.substr(kKeyIdAt, id->size()));
}

}  // namespace user_events::privacy
