// One schema, asked for on the spot: what the resolver's thread and the command line do.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/try.h"
#include "compatibility/compatibility.h"
#include "registry/resolver.h"

namespace user_events::registry {
namespace {

/// `full-transitive` → `FULL_TRANSITIVE`.
std::string registry_level(std::string level) {
  std::ranges::transform(level, level.begin(), [](char c) { return c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return level;
}

}  // namespace

Result<void> check_compatible(Client& client, const std::string& level, const std::string& subject, const Schema& schema) {
  const auto mode = compatibility::parse_mode(level);
  if (!mode) return {};  // none
  UE_TRY_ASSIGN(const auto older, client.versions(subject, mode->transitive));
  if (older.empty()) return {};
  std::vector<compatibility::Document> documents;
  for (const auto& one : older) documents.push_back({fmt::format("{} version {}", subject, one.version), one.text});
  documents.push_back({"the new version", schema.text});
  auto findings = compatibility::check(schema.type, *mode, documents);
  if (!findings) return fail(ErrorKind::invalid, "registry-incompatible", fmt::format("subject {}: {}", subject, describe(findings.error())));
  for (const auto& finding : *findings) {
    if (finding.severity != compatibility::Severity::error) continue;
    return fail(ErrorKind::invalid, "registry-incompatible",
                fmt::format("the schema is not {} compatible with those of subject {}: {} {}", level, subject, finding.pointer, finding.detail),
                "change the schema, or give the new form a type of its own");
  }
  return {};
}

Result<std::uint32_t> resolve(Client& client, const destinations::RegistrySettings& options, const std::string& subject, const Schema& schema) {
  UE_TRY_ASSIGN(const auto known, client.look_up(subject, schema));
  if (known) return *known;
  if (!options.register_schemas)
    return fail(ErrorKind::unavailable, "registry-unknown-schema",
                fmt::format("registry {}: it does not have this schema under subject {}", options.url, subject),
                "register it (`user-events schema register`), or set registry.register = true");
  return put(client, options, subject, schema);
}

Result<std::uint32_t> put(Client& client, const destinations::RegistrySettings& options, const std::string& subject, const Schema& schema) {
  if (!options.compatibility.empty()) {
    UE_TRY(check_compatible(client, options.compatibility, subject, schema));
    UE_TRY(client.set_compatibility(subject, registry_level(options.compatibility)));
  }
  return client.add(subject, schema);
}

}  // namespace user_events::registry
