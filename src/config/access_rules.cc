// Rules between the keys of clients, issuers and TLS.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "access/policy.h"
#include "config/bindings.h"

namespace user_events::config {
namespace {

bool has_only_exceptions(const std::vector<std::string>& patterns) {
  return !patterns.empty() && std::ranges::all_of(patterns, [](const auto& pattern) { return pattern.starts_with('!'); });
}

class AccessRules {
 public:
  AccessRules(const HttpOptions& http, std::vector<RuleFinding>& findings) : http_(http), findings_(findings) {}

  void check() {
    check_tls();
    std::set<std::string_view> names;
    for (const auto& issuer : http_.issuers) {
      require(names.insert(issuer.name).second, fmt::format("issuer.{}.name", issuer.name), "is the name of two issuers");
      check_issuer(issuer, fmt::format("issuer.{}.", issuer.name));
    }
    names.clear();
    for (const auto& client : http_.clients) {
      require(names.insert(client.name).second, fmt::format("client.{}.name", client.name), "is the name of two clients");
      check_client(client, fmt::format("client.{}.", client.name));
    }
    require(http_.clients.size() <= access::kMaxClients, "client", fmt::format("is there more than {} times", access::kMaxClients));
    require(http_.issuers.size() <= access::kMaxIssuers, "issuer", fmt::format("is there more than {} times", access::kMaxIssuers));
  }

 private:
  void require(bool holds, std::string key, std::string sentence) {
    if (!holds) findings_.push_back({std::move(key), std::move(sentence)});
  }

  void check_tls() {
    const auto& tls = http_.tls;
    const bool is_on = !tls.certificate_file.empty();
    require(is_on != tls.key_file.empty(), "http.tls.key_file", "and http.tls.certificate_file are given together");
    require(tls.client_ca_file.empty() || is_on, "http.tls.client_ca_file", "needs http.tls.certificate_file");
    require((tls.client_certificates == ClientCertificates::none) == tls.client_ca_file.empty(), "http.tls.client_certificates",
            "is optional or required exactly when http.tls.client_ca_file says who signs them");
  }

  void check_issuer(const IssuerOptions& issuer, const std::string& prefix) {
    require(!issuer.issuer.empty(), prefix + "issuer", "is missing: what `iss` of its tokens says");
    require(!issuer.audience.empty(), prefix + "audience", "is missing: what `aud` must say, so that tokens for others are no use here");
    require(!issuer.algorithms.empty(), prefix + "algorithms", "is missing; write for example [\"RS256\"]");
    require(issuer.jwks_file.empty() != issuer.jwks_url.empty(), prefix + "jwks_url", "or jwks_file must say where its keys are, and only one of them");
    require(issuer.ca_file.empty() || !issuer.jwks_url.empty(), prefix + "ca_file", "is for jwks_url");
  }

  void check_client(const ClientOptions& client, const std::string& prefix) {
    const auto& jwt = client.jwt;
    const bool has_claims = !jwt.subject.empty() || !jwt.scope.empty() || !jwt.claims.empty();
    const bool has_certificate = !client.cert_subject.empty() || !client.cert_san.empty();
    require(!client.token_sha256.empty() || !client.token.empty() || has_certificate || !jwt.issuer.empty(), prefix + "token_sha256",
            "is missing, and so are token_file, cert_subject, cert_san and jwt: nobody could be this client");
    require(client.token_sha256.size() <= access::kMaxTokensPerClient, prefix + "token_sha256", fmt::format("holds more than {}", access::kMaxTokensPerClient));
    require(!has_certificate || http_.tls.client_certificates != ClientCertificates::none, prefix + (client.cert_subject.empty() ? "cert_san" : "cert_subject"),
            "needs http.tls.client_ca_file and http.tls.client_certificates");
    require(jwt.issuer.empty() != has_claims, prefix + "jwt.issuer", "and one of jwt.sub, jwt.scope and jwt.claims are given together");
    require(jwt.issuer.empty() || std::ranges::find(http_.issuers, jwt.issuer, &IssuerOptions::name) != http_.issuers.end(), prefix + "jwt.issuer",
            "is the name of no [[issuer]]");
    check_patterns(client.grants.publish, prefix + "grants.publish");
    check_patterns(client.grants.read, prefix + "grants.read");
    check_patterns(client.grants.dead_letters, prefix + "grants.dead_letters");
  }

  void check_patterns(const std::vector<std::string>& patterns, std::string key) {
    require(!has_only_exceptions(patterns), std::move(key), "only says what is not granted; write for example [\"*\", \"!user.login.failed\"]");
  }

  const HttpOptions& http_;
  std::vector<RuleFinding>& findings_;
};

}  // namespace

void check_access(const Options& options, std::vector<RuleFinding>& findings) { AccessRules(options.http, findings).check(); }

}  // namespace user_events::config
