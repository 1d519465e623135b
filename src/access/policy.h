// Who a request comes from: tokens, certificates and signed tokens to principals. What one may do is the principal's.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/jwt.h"
#include "access/key_store.h"
#include "access/principal.h"
#include "access/token.h"

namespace user_events::access {

inline constexpr std::size_t kMaxClients = 1'000;
inline constexpr std::size_t kMaxTokensPerClient = 4;
inline constexpr std::size_t kMaxIssuers = 8;

/// What TLS has verified of a peer.
struct PeerCertificate {
  std::string subject;             ///< RFC 2253.
  std::vector<std::string> names;  ///< `DNS:…`, `URI:…`.
};

struct Credentials {
  std::optional<std::string_view> token;         ///< Of `Authorization: Bearer`.
  const PeerCertificate* certificate = nullptr;  ///< Without a token it decides; with one it does not matter.
};

struct Identity {
  const Principal* principal = nullptr;     ///< Lives as long as the policy.
  std::optional<std::int64_t> until_ms;     ///< Unix time; a token's end.
};

/// Immutable but for what its principals count and its key stores hold; thread-safe.
class Policy {
 public:
  /// nullptr without clients: nobody is asked who he is. Error usage.
  [[nodiscard]] static Result<std::shared_ptr<const Policy>> make(const std::vector<ClientOptions>& clients, const std::vector<IssuerOptions>& issuers);

  /// Errors: unauthenticated (`no-credentials`, `invalid-token`, `unknown-certificate`), forbidden (`no-such-client`: a good token that is no
  /// configured client's), unavailable (`keys-not-loaded`). A token of this daemon: 200 ns and 10 ns per client. A JWT: 20 to 150 µs.
  [[nodiscard]] Result<Identity> identify(const Credentials& credentials, std::int64_t now_ms) const;

  [[nodiscard]] const std::vector<std::unique_ptr<Principal>>& principals() const noexcept { return principals_; }
  [[nodiscard]] const std::vector<std::shared_ptr<KeyStore>>& key_stores() const noexcept { return stores_; }

 private:
  struct Secret {
    TokenHash hash;
    const Principal* owner;
  };
  struct Client {
    std::string subject;
    std::vector<std::string> names;
    JwtMatchOptions jwt;
    std::vector<std::pair<std::string, std::string>> claims;
    const Principal* principal;
  };
  struct Issuer {
    std::string name;
    TokenRules rules;
    std::shared_ptr<KeyStore> keys;
  };

  [[nodiscard]] Result<void> add_client(const ClientOptions& options);
  [[nodiscard]] const Principal* owner_of(std::string_view token) const noexcept;
  [[nodiscard]] Result<Identity> by_jwt(std::string_view token, std::int64_t now_ms) const;
  [[nodiscard]] Result<Identity> by_certificate(const PeerCertificate& certificate) const;

  std::vector<std::unique_ptr<Principal>> principals_;
  std::vector<Client> clients_;
  std::vector<Secret> secrets_;
  std::vector<Issuer> issuers_;
  std::vector<std::shared_ptr<KeyStore>> stores_;
};

}  // namespace user_events::access
