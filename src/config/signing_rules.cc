// Rules between signing keys and the destinations that sign with them.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/bindings.h"

namespace user_events::config {
namespace {

constexpr std::size_t kMaxSigningKeys = 64;  // as many as who verifies here takes

void check_key(const SigningKeyOptions& key, std::vector<RuleFinding>& findings) {
  if (key.algorithm.empty()) findings.push_back({fmt::format("signing_key.{}.algorithm", key.name), "is missing: EdDSA or HS256"});
  const int sources = !key.source.file.empty() + !key.source.env.empty() + !key.source.credential.empty();
  if (sources != 1) findings.push_back({fmt::format("signing_key.{}.file", key.name), "or env or credential says where the key is, and only one of them"});
}

}  // namespace

void check_signing(const Options& options, std::vector<RuleFinding>& findings) {
  std::set<std::string_view> names;
  for (const auto& key : options.signing_keys) {
    if (!names.insert(key.name).second) findings.push_back({fmt::format("signing_key.{}.name", key.name), "is the name of two signing keys"});
    check_key(key, findings);
  }
  if (options.signing_keys.size() > kMaxSigningKeys) findings.push_back({"signing_key", fmt::format("is there more than {} times", kMaxSigningKeys)});
  if (!options.audit.key.empty()) {
    const auto key = std::ranges::find(options.signing_keys, options.audit.key, &SigningKeyOptions::name);
    if (key == options.signing_keys.end())
      findings.push_back({"audit.key", "is the name of no [[signing_key]]"});
    else if (key->algorithm != "EdDSA")
      findings.push_back({"audit.key", "is not a key for EdDSA: who verifies checkpoints must not be able to sign them"});
  }
  for (const auto& destination : options.destinations) {
    if (destination.sign.empty()) continue;
    const std::string place = fmt::format("destination.{}.", destination.name);
    const auto key = std::ranges::find(options.signing_keys, destination.sign, &SigningKeyOptions::name);
    if (key == options.signing_keys.end())
      findings.push_back({place + "sign", "is the name of no [[signing_key]]"});
    else if (destination.signature == "dsse" && key->algorithm != "EdDSA")
      findings.push_back({place + "signature", "cannot be dsse with a key for HS256"});
  }
}

}  // namespace user_events::config
