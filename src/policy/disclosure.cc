#include "policy/disclosure.h"

#include <array>
#include <charconv>
#include <optional>

#include "base/base64url.h"
#include "base/try.h"
#include "crypto/aead.h"
#include "crypto/derive.h"
#include "privacy/subject.h"

namespace user_events::policy {
namespace {

constexpr std::string_view kBegin = "enc1.";

/// What every event goes through, whoever writes its substitutes.
bool redact(const Plans& plans, const Plan& plan, Redactor& redactor, Substitutes& substitutes, encoding::Envelope& envelope, std::string& data,
            std::string& key) {
  if (plan.root != kKeep) {
    data.clear();
    if (!redactor.run(plan, envelope.data, substitutes, data)) return false;
    envelope.data = data;
    envelope.schema_variant = plan.variant;
  }
  const PrivacyPolicy& policy = plans.policy();
  if (policy.of(kAttributes) != Action::clear) envelope.extensions = {};
  const Action user = policy.of(kUserId);
  if (user == Action::clear) return true;
  key.clear();
  substitutes.append_token(envelope.partition_key, key);
  envelope.partition_key = key;
  if (user != Action::token) envelope.subject_is_key = false;
  return true;
}

/// Tokens and ciphertexts of one receiver.
class Writer final : public Substitutes {
 public:
  Writer(privacy::KeyRing& ring, const PrivacyPolicy& policy, std::string receiver) : ring_(ring), keys_(ring, policy, std::move(receiver)) {}

  void begin(const encoding::Envelope& envelope) {
    envelope_ = &envelope;
    user_token_.clear();
    problem_.reset();
  }
  [[nodiscard]] std::optional<Error>& problem() noexcept { return problem_; }

  /// The user's stands in the data and in the key, mostly.
  void append_token(std::string_view text, std::string& out) override {
    if (text != envelope_->partition_key) return keys_.append_token(text, out);
    if (user_token_.empty()) keys_.append_token(text, user_token_);
    out += user_token_;
  }

  bool append_encrypted(std::string_view pointer, std::string_view json, std::string& out) override {
    if (!find_key()) return false;
    write_associated(pointer);
    const auto mac = crypto::siphash(field_.nonce_key, {associated_, "\n", json});
    sealed_.assign(reinterpret_cast<const char*>(mac.data()), crypto::kNonceBytes);
    sealed_.append(json).append(crypto::kTagBytes, '\0');
    const std::span<char> all(sealed_);
    crypto::seal(field_.key.bytes(), crypto::Nonce(reinterpret_cast<const unsigned char*>(sealed_.data()), crypto::kNonceBytes), associated_,
                 all.subspan(crypto::kNonceBytes, json.size()), all.last<crypto::kTagBytes>());
    out.append(kBegin).append(kid_).append(1, '.');
    base::append_base64url(sealed_, out);
    return true;
  }

 private:
  /// The key of this event's user. An event from before events were sealed has none.
  bool find_key() {
    if (problem_ || envelope_->sealed_under.size() != sizeof(privacy::KeyId)) return false;
    privacy::KeyId id;
    std::memcpy(id.data(), envelope_->sealed_under.data(), id.size());
    if (field_of_ == id) return true;
    const auto subject = privacy::subject_of(envelope_->lane);
    if (!subject) return false;
    privacy::LentKey user;
    if (auto found = ring_.key_of(*subject, id, user); !found) {
      problem_ = std::move(found).error();
      return false;
    }
    derive_field_key(user, keys_.receiver(), keys_.version(), field_);
    kid_.clear();
    keys_.append_kid(id, kid_);
    field_of_ = id;
    return true;
  }

  /// Lines of which only the last may hold a line break.
  void write_associated(std::string_view pointer) {
    std::array<char, 10> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), envelope_->version).ptr;
    associated_.assign(envelope_->id).append(1, '\n').append(envelope_->type).append(1, '\n');
    associated_.append(digits.data(), end).append(1, '\n').append(kid_).append(1, '\n').append(pointer);
  }

  privacy::KeyRing& ring_;
  ReceiverKeys keys_;
  const encoding::Envelope* envelope_ = nullptr;
  std::optional<Error> problem_;
  FieldKey field_;
  std::optional<privacy::KeyId> field_of_;
  std::string kid_, associated_, sealed_, user_token_;
};

/// Where no key is needed, none is asked for.
class NoSubstitutes final : public Substitutes {
  void append_token(std::string_view, std::string&) override {}
  bool append_encrypted(std::string_view, std::string_view, std::string&) override { return false; }
};

/// Bytes of what takes the place of values.
struct Sizes {
  Sizes(std::string_view receiver, std::uint32_t version) : version_bytes(std::to_string(version).size()), receiver_bytes(receiver.size()) {}
  [[nodiscard]] std::size_t token() const noexcept { return 4 + version_bytes + kTokenDigits; }
  [[nodiscard]] std::size_t encrypted(std::size_t value) const noexcept {
    const auto base64 = [](std::size_t bytes) { return (bytes * 4 + 2) / 3; };
    const std::size_t kid = receiver_bytes + 1 + version_bytes + 1 + base64(kWrappedIdBytes);
    return kBegin.size() + kid + 1 + base64(crypto::kNonceBytes + value + crypto::kTagBytes);
  }
  std::size_t version_bytes, receiver_bytes;
};

class StandIns final : public Substitutes {
 public:
  explicit StandIns(const Sizes& sizes) : sizes_(sizes) {}
  void append_token(std::string_view, std::string& out) override { out.append(sizes_.token(), '0'); }
  bool append_encrypted(std::string_view, std::string_view json, std::string& out) override {
    out.append(sizes_.encrypted(json.size()), '0');
    return true;
  }

 private:
  const Sizes sizes_;
};

std::unexpected<Error> damaged() { return fail(ErrorKind::damaged, "payload-damaged", "the data of a record is not in the standard form", "run `user-events audit verify`"); }

}  // namespace

struct Disclosure::Impl {
  std::shared_ptr<const Plans> plans;
  std::optional<Writer> writer;  // none: the policy needs no keys
  NoSubstitutes none;
  Redactor redactor;
  std::string data, key;
};

Disclosure::Disclosure(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Disclosure::~Disclosure() = default;
Disclosure::Disclosure(Disclosure&&) noexcept = default;
Disclosure& Disclosure::operator=(Disclosure&&) noexcept = default;

Result<Disclosure> Disclosure::make(std::shared_ptr<const Plans> plans, std::string receiver, privacy::KeyRing* ring) {
  auto impl = std::make_unique<Impl>();
  const PrivacyPolicy& policy = plans->policy();
  if (policy.needs_keys() && ring == nullptr)
    return fail(ErrorKind::usage, "privacy-policy", "the privacy policy of '" + receiver + "' works with keys, and there are none",
                "set privacy.master_key, or say clear for user-id and mask or omit for the rest");
  if (policy.needs_keys()) impl->writer.emplace(*ring, policy, std::move(receiver));
  impl->plans = std::move(plans);
  return Disclosure(std::move(impl));
}

Result<void> Disclosure::apply(encoding::Envelope& envelope) {
  auto& [plans, writer, none, redactor, data, key] = *impl_;
  UE_TRY_ASSIGN(const Plan* const plan, plans->find(envelope.type, envelope.version));
  const encoding::Envelope before = envelope;
  if (writer) writer->begin(before);
  Substitutes& substitutes = writer ? static_cast<Substitutes&>(*writer) : none;
  const bool good = redact(*plans, *plan, redactor, substitutes, envelope, data, key);
  if (writer && writer->problem()) return std::unexpected(*std::move(writer->problem()));
  return good ? Result<void>() : damaged();
}

bool make_stand_in(const Plans& plans, std::string_view receiver, encoding::Envelope& envelope) {
  thread_local Redactor redactor;
  thread_local std::string data, key;
  const auto plan = plans.find(envelope.type, envelope.version);
  StandIns stand_ins(Sizes(receiver, plans.policy().key_version()));
  return plan && redact(plans, **plan, redactor, stand_ins, envelope, data, key);
}

encoding::Growth growth_of(const PrivacyPolicy& policy, std::string_view receiver) {
  // The smallest values are numbers of one digit in an array: two bytes each with their commas. Of a longer one each byte takes less.
  const Sizes sizes(receiver, policy.key_version());
  constexpr std::size_t kQuotesAndComma = 3, kLeastBytes = 2, kMaskedBytes = 6, kVariantBytes = 16;
  const std::size_t token = sizes.token() + kQuotesAndComma, encrypted = sizes.encrypted(1) + kQuotesAndComma;
  // What is left out does not grow, but others may.
  const Action most = policy.strictest() != Action::omit ? policy.strictest() : policy.needs_keys() ? Action::encrypt : Action::mask;
  std::size_t value = most == Action::clear ? kLeastBytes : kMaskedBytes;
  if (most >= Action::token) value = std::max(value, token);
  if (most >= Action::encrypt) value = std::max(value, encrypted);
  return {.factor = (value + kLeastBytes - 1) / kLeastBytes, .bytes = token + kVariantBytes};
}

}  // namespace user_events::policy
