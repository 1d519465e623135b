#include "privacy/master_key.h"

#include <array>

#include "base/hex.h"
#include "crypto/derive.h"
#include "crypto/key_wrap.h"
#include "crypto/secret_text.h"

namespace user_events::privacy {
namespace {

constexpr std::string_view kCode = "master-key";
constexpr std::string_view kHowTo = "make one with: (umask 077; openssl rand -base64 32 > FILE)";

std::unexpected<Error> bad(std::string message, std::string hint = std::string(kHowTo)) {
  return fail(ErrorKind::usage, std::string(kCode), "master key: " + std::move(message), std::move(hint));
}

class LocalMasterKey final : public MasterKey {
 public:
  explicit LocalMasterKey(crypto::SecretKey key) : key_(std::move(key)) {
    std::array<unsigned char, 8> mark;
    crypto::derive(key_.bytes(), "user-events master key id v1", mark);
    base::append_hex({reinterpret_cast<const char*>(mark.data()), mark.size()}, id_);
  }
  [[nodiscard]] std::string id() const override { return id_; }
  [[nodiscard]] Result<std::string> wrap(const crypto::SecretKey& key) const override {
    const crypto::WrappedKey wrapped = crypto::wrap_key(key_, key.bytes());
    return std::string(wrapped.data(), wrapped.size());
  }
  [[nodiscard]] Result<crypto::SecretKey> unwrap(std::string_view wrapped) const override {
    auto key = crypto::unwrap_key(key_, wrapped);
    if (!key) return bad("it is not the one that the key store was made with", "give the one whose id the epoch file names");
    return std::move(*key);
  }

 private:
  crypto::SecretKey key_;
  std::string id_;
};

}  // namespace

std::unique_ptr<MasterKey> local_master_key(crypto::SecretKey key) { return std::make_unique<LocalMasterKey>(std::move(key)); }

Result<std::unique_ptr<MasterKey>> load_master_key(const KeySource& source) {
  auto text = crypto::SecretText::read(source, "master key");
  if (!text) {
    text.error().code = kCode;
    if (text.error().hint.empty()) text.error().hint = kHowTo;
    if (!source.is_given()) text.error().hint = "set one of privacy.master_key.file, privacy.master_key.env and privacy.master_key.credential";
    return std::unexpected(std::move(text).error());
  }
  auto key = crypto::parse_secret_key(*text);
  if (!key) return bad(text->origin() + " does not hold 32 bytes in base64 or hexadecimal");
  return local_master_key(std::move(*key));
}

}  // namespace user_events::privacy
