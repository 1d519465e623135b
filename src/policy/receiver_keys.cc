#include "policy/receiver_keys.h"

#include <fmt/format.h>

#include <charconv>

#include "base/base64url.h"
#include "base/hex.h"
#include "crypto/derive.h"
#include "crypto/key_wrap.h"

namespace user_events::policy {
namespace {

/// Names hold no line break, so no two labels are the same.
std::string label(std::string_view what, std::string_view whose, std::uint32_t version) {
  return fmt::format("user-events {} v1\n{}\n{}", what, whose, version);
}

crypto::SecretKey derived(const privacy::KeyRing& ring, std::string_view what, std::string_view whose, std::uint32_t version) {
  crypto::SecretKey key;
  ring.derive(label(what, whose, version), key.writable());
  return key;
}

constexpr std::string_view kTokenKey = "token key", kKidKey = "field key id", kFieldKey = "field key";

}  // namespace

std::string client_receiver(std::string_view client) { return "~" + std::string(client); }

void derive_field_key(const privacy::LentKey& user, std::string_view receiver, std::uint32_t version, FieldKey& out) {
  std::array<unsigned char, crypto::kKeyBytes + sizeof out.nonce_key> both;
  crypto::derive(user.bytes, label(kFieldKey, receiver, version), both);
  std::copy_n(both.begin(), crypto::kKeyBytes, out.key.writable().begin());
  std::copy_n(both.begin() + crypto::kKeyBytes, out.nonce_key.size(), out.nonce_key.begin());
  crypto::wipe(both);
}

std::optional<FieldKeyId> FieldKeyId::parse(std::string_view kid) {
  const auto last = kid.rfind('.');
  const auto before = last == std::string_view::npos || last == 0 ? std::string_view::npos : kid.rfind('.', last - 1);
  if (before == std::string_view::npos || before == 0) return std::nullopt;
  FieldKeyId out;
  out.receiver = kid.substr(0, before);
  const std::string_view number = kid.substr(before + 1, last - before - 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), out.version);
  auto wrapped = base::parse_base64url(kid.substr(last + 1));
  if (error != std::errc{} || end != number.data() + number.size() || !wrapped || wrapped->size() != kWrappedIdBytes) return std::nullopt;
  out.wrapped = *std::move(wrapped);
  return out;
}

std::optional<privacy::KeyId> user_key_of(const privacy::KeyRing& ring, const FieldKeyId& kid) {
  privacy::KeyId id;
  const auto wrapping = derived(ring, kKidKey, kid.receiver, kid.version);
  if (!crypto::unwrap_bytes(wrapping, kid.wrapped, {reinterpret_cast<unsigned char*>(id.data()), id.size()})) return std::nullopt;
  return id;
}

ReceiverKeys::ReceiverKeys(const privacy::KeyRing& ring, const PrivacyPolicy& policy, std::string receiver)
    : receiver_(std::move(receiver)),
      version_(policy.key_version()),
      // A domain that is shared by name is not that of a receiver of the same name.
      tokens_(derived(ring, kTokenKey, policy.token_domain().empty() ? "of " + receiver_ : "shared " + policy.token_domain(), version_)),
      kids_(derived(ring, kKidKey, receiver_, version_)),
      token_begin_(fmt::format("tok{}_", version_)),
      kid_begin_(fmt::format("{}.{}.", receiver_, version_)) {}

void ReceiverKeys::append_token(std::string_view text, std::string& out) {
  const auto mac = tokens_(text);
  out += token_begin_;
  base::append_hex({reinterpret_cast<const char*>(mac.data()), kTokenDigits / 2}, out);
}

void ReceiverKeys::append_kid(const privacy::KeyId& id, std::string& out) const {
  std::array<char, kWrappedIdBytes> wrapped;
  crypto::wrap_bytes(kids_, {reinterpret_cast<const unsigned char*>(id.data()), id.size()}, wrapped);
  out += kid_begin_;
  base::append_base64url({wrapped.data(), wrapped.size()}, out);
}

}  // namespace user_events::policy
