// config check: what reading the file finds, and what only a look beyond it can tell.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "access/policy.h"
#include "base/json_writer.h"
#include "base/nearest.h"
#include "base/try.h"
#include "cli/configuration.h"
#include "cli/output.h"
#include "destinations/format.h"
#include "policy/plans.h"
#include "registry/encoder.h"
#include "user_events/publisher.h"

namespace user_events::cli {
namespace {

struct Findings {
  std::vector<FieldError> errors, warnings;
};

std::string key_of(const DestinationOptions& destination, std::string_view key) {
  return fmt::format("destination.{}.{}", destination.name, key);
}

FieldError finding(const Configuration& configuration, const std::string& key, std::string code,
                   std::string_view sentence) {
  return {key, std::move(code), fmt::format("{} {}", place_of(configuration, key), sentence)};
}

/// A type that nobody knows never comes: the destination would wait for it in vain. No error, since the type
/// may be added later.
void check_types(const Configuration& configuration, const std::vector<std::string>& known,
                 Findings& findings) {
  for (const auto& destination : configuration.loaded.options.destinations) {
    for (const auto& pattern : destination.types) {
      const std::string type = pattern.substr(pattern.starts_with('!') ? 1 : 0);
      if (type.find('*') != std::string::npos || std::ranges::find(known, type) != known.end()) continue;
      const std::string near = base::nearest(type, known);
      findings.warnings.push_back(
          finding(configuration, key_of(destination, "types"), "unknown-type",
                  fmt::format("names {}, which is no known event type{}", type,
                              near.empty() ? "; user-events schema list has them"
                                           : fmt::format("; did you mean {}?", near))));
    }
  }
}

/// What a privacy policy leaves can lack a form in an encoding that the published type has.
void check_encodings(const Configuration& configuration, const catalogue::Catalogue& catalogue, Findings& findings) {
  for (const auto& destination : configuration.loaded.options.destinations) {
    const auto derived = policy::derive_for(catalogue, destination.privacy);
    if (!destinations::is_data_alone(destination) || !derived) continue;
    const auto good = registry::check_types(destination, *derived ? **derived : catalogue);
    if (!good) findings.errors.push_back(finding(configuration, key_of(destination, "encoding"), good.error().code, describe(good.error())));
  }
}

/// A class that is misspelt would leave its fields to the preset.
void check_policies(const Configuration& configuration, const catalogue::Catalogue& catalogue, Findings& findings) {
  const Options& options = configuration.loaded.options;
  const auto check = [&](const PrivacyPolicyOptions& given, const std::string& prefix) {
    const auto policy = policy::PrivacyPolicy::parse(given);
    if (!policy) return;  // has been said when the file was read
    if (const auto known = policy::check_classes(*policy, catalogue); !known) {
      const auto& field = known.error().fields.front();
      findings.errors.push_back({prefix + field.pointer, field.code, fmt::format("{}: {}", place_of(configuration, prefix + field.pointer), describe(known.error()))});
    }
  };
  for (const auto& destination : options.destinations) check(destination.privacy, key_of(destination, ""));
  for (const auto& client : options.http.clients) check(client.privacy, fmt::format("client.{}.", client.name));
}

void check_catalogue(const Configuration& configuration, Findings& findings) {
  const auto schemas = UserEventPublisher::schemas_of(configuration.loaded.options);
  if (!schemas) {
    return findings.errors.push_back(
        {"catalogue_dir", schemas.error().code,
         fmt::format("{}: {}", place_of(configuration, "catalogue_dir"), describe(schemas.error()))});
  }
  std::vector<std::string> known;
  for (const auto& schema : *schemas) known.push_back(schema.type);
  check_types(configuration, known, findings);
  const auto catalogue = catalogue::Catalogue::with(configuration.loaded.options.catalogue_dir);
  if (!catalogue) return;  // has been said
  check_policies(configuration, *catalogue, findings);
  check_encodings(configuration, *catalogue, findings);
}

/// The daemon would wait for the folder; a person who checks wants to know.
void check_folders(const Configuration& configuration, Findings& findings) {
  for (const auto& destination : configuration.loaded.options.destinations) {
    if (destination.kind != "file") continue;
    const auto setting = destination.settings.find("path");
    const bool has_path = setting != destination.settings.end();
    const std::filesystem::path path = has_path ? setting->second : destination.topic;
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    std::error_code error;
    const std::string key = key_of(destination, has_path ? "path" : "topic");
    if (!std::filesystem::is_directory(folder, error))
      findings.errors.push_back(finding(configuration, key, "no-folder",
                                        fmt::format("lies in {}, which is no folder", folder.string())));
    else if (std::filesystem::is_directory(path, error))
      findings.errors.push_back(finding(configuration, key, "is-folder",
                                        fmt::format("names {}, which is a folder", path.string())));
  }
}

Findings look_beyond(const Configuration& configuration) {
  Findings findings;
  if (const auto listen =
          check_listen(configuration.loaded.options.http, place_of(configuration, "http.listen"));
      !listen)
    findings.errors.push_back({"http.listen", listen.error().code, describe(listen.error())});
  const auto& http = configuration.loaded.options.http;
  if (const auto policy = access::Policy::make(http.clients, http.issuers); !policy)
    findings.errors.push_back({"client", policy.error().code, fmt::format("{}: {}", configuration.file, describe(policy.error()))});
  check_catalogue(configuration, findings);
  check_folders(configuration, findings);
  return findings;
}

std::string json_of(const std::vector<FieldError>& findings) {
  std::string out;
  base::append_array(findings, out, [&](const FieldError& each) {
    base::ObjectWriter object(out);
    object.text("key", each.pointer);
    object.text("code", each.code);
    object.text("detail", each.detail);
    object.end();
  });
  return out;
}

Result<void> write_json(const Findings& findings) {
  return write_result(fmt::format("{{\"errors\":{},\"warnings\":{}}}\n", json_of(findings.errors),
                                  json_of(findings.warnings)));
}

Error to_error(std::vector<FieldError> errors) {
  Error error{ErrorKind::usage, errors.front().code, errors.front().detail, {}, {}};
  error.fields = std::move(errors);
  return error;
}

}  // namespace

Result<void> config_check(const ConfigArguments& arguments) {
  const auto configuration = load_configuration(arguments);
  if (!configuration) {
    Findings findings{configuration.error().fields, {}};
    if (findings.errors.empty())
      findings.errors.push_back({"", configuration.error().code, describe(configuration.error())});
    if (arguments.json) UE_TRY(write_json(findings));
    return std::unexpected(configuration.error());
  }
  Findings findings = look_beyond(*configuration);
  for (const auto& warning : findings.warnings)
    message(fmt::format("user-events: warning: {}", printable(warning.detail)));
  if (arguments.json) UE_TRY(write_json(findings));
  if (!findings.errors.empty()) return std::unexpected(to_error(std::move(findings.errors)));
  if (arguments.json) return {};
  const auto count = configuration->loaded.options.destinations.size();
  return write_result(fmt::format("{}: no errors, {} destination{}\n",
                                  configuration->file.empty() ? "defaults (there is no user-events.toml here)"
                                                              : printable(configuration->file),
                                  count, count == 1 ? "" : "s"));
}

}  // namespace user_events::cli
