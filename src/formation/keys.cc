#include "formation/keys.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/hex.h"
#include "crypto/derive.h"
#include "crypto/secret_key.h"

namespace user_events::formation {

Keys::Keys(std::span<const std::byte, 32> secret) {
  const std::span bytes(reinterpret_cast<const unsigned char*>(secret.data()), secret.size());
  crypto::derive(bytes, "user-events identifier token v1", token_key_);
  crypto::derive(bytes, "user-events request mac v1", mac_key_);
}

Keys::~Keys() {
  crypto::wipe(token_key_);
  crypto::wipe(mac_key_);
}

void Keys::append_token(std::string_view identifier, std::string& out) const {
  std::string normal(identifier);
  base::lower_ascii(normal);
  const crypto::Mac256 mac = crypto::hmac_sha256(token_key_, normal);
  crypto::wipe({reinterpret_cast<unsigned char*>(normal.data()), normal.size()});
  out += "tok_";
  base::append_hex({reinterpret_cast<const char*>(mac.data()), 16}, out);
}

journal::RequestMac Keys::request_mac(std::string_view type, std::uint32_t version, std::string_view time,
                                      std::string_view data) const {
  const std::array<std::uint64_t, 4> lengths = {type.size(), version, time.size(), data.size()};
  return crypto::siphash(mac_key_, {{reinterpret_cast<const char*>(lengths.data()), sizeof lengths}, type, time, data});
}

}  // namespace user_events::formation
