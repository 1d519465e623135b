#include "access/policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"

namespace user_events::access {
namespace {

constexpr std::string_view kHelp = "send `Authorization: Bearer TOKEN` of a configured client (command line: --token-file or USER_EVENTS_TOKEN); docs/security/access.md";

bool is_for(const JwtMatchOptions& wanted, const std::vector<std::pair<std::string, std::string>>& claims, std::string_view issuer,
            const UnverifiedToken& token) {
  return wanted.issuer == issuer && (wanted.subject.empty() || token.claims("sub", wanted.subject)) &&
         (wanted.scope.empty() || token.has_scope(wanted.scope)) &&
         std::ranges::all_of(claims, [&](const auto& claim) { return token.claims(claim.first, claim.second); });
}

std::unexpected<Error> unusable(std::string message) { return fail(ErrorKind::usage, "client", std::move(message), "docs/security/access.md has examples"); }

}  // namespace

Result<std::shared_ptr<const Policy>> Policy::make(const std::vector<ClientOptions>& clients, const std::vector<IssuerOptions>& issuers) {
  if (clients.empty()) return nullptr;
  if (clients.size() > kMaxClients) return unusable(fmt::format("there are more than {} clients", kMaxClients));
  if (issuers.size() > kMaxIssuers) return unusable(fmt::format("there are more than {} issuers", kMaxIssuers));
  auto out = std::make_shared<Policy>();
  for (const auto& each : issuers) {
    Issuer issuer{each.name, {each.issuer, each.audience, {}, each.leeway.count()}, nullptr};
    for (const auto& name : each.algorithms)
      if (const auto algorithm = parse_algorithm(name)) issuer.rules.algorithms.push_back(*algorithm);
    issuer.keys = std::make_shared<KeyStore>(KeySetSource{each.jwks_file, each.jwks_url, each.ca_file, each.refresh});
    out->stores_.push_back(issuer.keys);
    out->issuers_.push_back(std::move(issuer));
  }
  for (const auto& each : clients) UE_TRY(out->add_client(each));
  return out;
}

Result<void> Policy::add_client(const ClientOptions& options) {
  UE_TRY_ASSIGN(auto principal, Principal::make(options));
  const auto add_secret = [&](const TokenHash& hash) -> Result<void> {
    if (std::ranges::any_of(secrets_, [&](const Secret& other) { return equal(other.hash, hash); }))
      return unusable(fmt::format("client {} has a token that is another client's too", options.name));
    secrets_.push_back({hash, principal.get()});
    return {};
  };
  for (const auto& hex : options.token_sha256) {
    const auto hash = parse_token_hash(hex);
    if (!hash) return unusable(fmt::format("client {}: token_sha256 is not 64 hexadecimal digits", options.name));
    UE_TRY(add_secret(*hash));
  }
  if (!options.token.empty()) UE_TRY(add_secret(hash_token(options.token)));
  Client client{options.cert_subject, options.cert_san, options.jwt, {}, principal.get()};
  for (const auto& claim : options.jwt.claims) {
    const auto equals = claim.find('=');
    if (equals == 0 || equals == std::string::npos) return unusable(fmt::format("client {}: jwt.claims are NAME=TEXT", options.name));
    client.claims.emplace_back(claim.substr(0, equals), claim.substr(equals + 1));
  }
  clients_.push_back(std::move(client));
  principals_.push_back(std::move(principal));
  return {};
}

Result<Identity> Policy::identify(const Credentials& credentials, std::int64_t now_ms) const {
  if (credentials.token) {
    if (const auto* owner = owner_of(*credentials.token)) return Identity{owner, {}};
    return by_jwt(*credentials.token, now_ms);
  }
  if (credentials.certificate != nullptr) return by_certificate(*credentials.certificate);
  return fail(ErrorKind::unauthenticated, "no-credentials", "this is for configured clients only", std::string(kHelp));
}

/// All hashes are compared, whichever fits: how long it takes says nothing about them.
const Principal* Policy::owner_of(std::string_view token) const noexcept {
  const auto hash = hash_token(token);
  const Principal* owner = nullptr;
  for (const auto& secret : secrets_)
    if (equal(secret.hash, hash)) owner = secret.owner;
  return owner;
}

Result<Identity> Policy::by_jwt(std::string_view text, std::int64_t now_ms) const {
  const auto refused = fail(ErrorKind::unauthenticated, "invalid-token", "the token is not valid here", std::string(kHelp));
  if (issuers_.empty() || !looks_like_jwt(text)) return refused;
  UE_TRY_ASSIGN(const auto token, UnverifiedToken::parse(text));
  const auto issuer = std::ranges::find(issuers_, token.issuer(), [](const Issuer& each) -> std::string_view { return each.rules.issuer; });
  if (issuer == issuers_.end()) return refused;
  const auto keys = issuer->keys->keys();
  if (keys == nullptr)
    return fail(ErrorKind::unavailable, "keys-not-loaded", fmt::format("the keys of issuer {} are not loaded yet", issuer->name),
                "the daemon's log says why, if this lasts");
  auto verified = verify(token, issuer->rules, *keys, now_ms);
  if (!verified) {
    if (verified.error().code != "unknown-key") return std::unexpected(std::move(verified).error());
    issuer->keys->want_refresh();
    return refused;
  }
  const auto client = std::ranges::find_if(clients_, [&](const Client& each) { return is_for(each.jwt, each.claims, issuer->name, token); });
  if (client == clients_.end())
    return fail(ErrorKind::forbidden, "no-such-client", "the token is valid, but no client is configured for it", "add a [[client]] with a jwt that it matches");
  const auto until = (*token.time("exp")) * 1e3 + static_cast<double>(issuer->rules.leeway_ms);
  return Identity{client->principal, static_cast<std::int64_t>(std::min(until, 9e15))};
}

Result<Identity> Policy::by_certificate(const PeerCertificate& certificate) const {
  const auto is_its = [&](const Client& client) {
    return (!client.subject.empty() && client.subject == certificate.subject) ||
           std::ranges::any_of(client.names, [&](const auto& name) { return std::ranges::find(certificate.names, name) != certificate.names.end(); });
  };
  const auto client = std::ranges::find_if(clients_, is_its);
  if (client != clients_.end()) return Identity{client->principal, {}};
  return fail(ErrorKind::unauthenticated, "unknown-certificate", "the certificate is not that of a configured client",
              "name its subject or one of its names in a [[client]]; docs/security/access.md");
}

}  // namespace user_events::access
