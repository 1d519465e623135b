// Who may use the daemon's HTTP interface, as it is configured. Part of options.h; what it means: docs/security/access.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "user_events/privacy_policy_options.h"

namespace user_events {

/// What a client may do: patterns over event types for what concerns events (empty: nothing), yes or no for the rest.
struct GrantOptions {
  std::vector<std::string> publish, read, dead_letters;
  std::vector<std::string> field_keys;  ///< Receivers for whom fields are encrypted (destinations; `~NAME`: clients): the keys of those fields.
  bool keys = false;     ///< Users' keys: how they are, forgetting a user, rotation.
  bool admin = false;    ///< Status, commands to destinations, the audit log, the AsyncAPI document.
  bool metrics = false;  ///< `/metrics`.
  friend bool operator==(const GrantOptions&, const GrantOptions&) = default;
};

/// Which JSON Web Tokens are a client's: all that is given must hold.
struct JwtMatchOptions {
  std::string issuer;               ///< `name` of an issuer; empty: the client has no such tokens.
  std::string subject, scope;       ///< `sub`; one of the words of `scope`.
  std::vector<std::string> claims;  ///< `NAME=TEXT`: the claim is that text, or a list that holds it.
  friend bool operator==(const JwtMatchOptions&, const JwtMatchOptions&) = default;
};

/// One client. It is known by any one of what is given here.
struct ClientOptions {
  std::string name;
  std::vector<std::string> token_sha256;   ///< SHA-256 of its tokens, in hexadecimal.
  std::string token;                       ///< A token itself, from a file or the environment.
  std::string cert_subject;                ///< RFC 2253: `CN=user-service,O=Example`.
  std::vector<std::string> cert_san;       ///< Any of these: `DNS:user-service.example`, `URI:spiffe://example/user-service`.
  JwtMatchOptions jwt;
  GrantOptions grants;
  PrivacyPolicyOptions privacy;            ///< What it gets to see of the events it may read; empty: everything.
  std::string rate;                        ///< `1000/s`, `60/m`; empty: no limit.
  friend bool operator==(const ClientOptions&, const ClientOptions&) = default;
};

/// Who signs JSON Web Tokens that are believed here.
struct IssuerOptions {
  std::string name;
  std::string issuer, audience;            ///< What `iss` and `aud` must say.
  std::vector<std::string> algorithms;     ///< RS256 | ES256 | EdDSA
  std::string jwks_file, jwks_url;         ///< Its public keys; one of the two.
  std::string ca_file;                     ///< PEM, for `jwks_url`; empty: the system's authorities.
  std::chrono::milliseconds leeway{30'000};       ///< How far the clocks may be apart.
  std::chrono::milliseconds refresh{600'000};     ///< How often the keys are read again.
  friend bool operator==(const IssuerOptions&, const IssuerOptions&) = default;
};

/// Whether a TLS client must show a certificate.
enum class ClientCertificates : std::uint8_t { none, optional, required };

struct TlsOptions {
  std::string certificate_file, key_file;  ///< PEM; empty: no TLS.
  std::string client_ca_file;              ///< PEM: who signs the certificates of clients.
  ClientCertificates client_certificates = ClientCertificates::none;
};

}  // namespace user_events
