// schema register, and schema check --against-registry: the schemas of the configured destinations and their registries.
#include <fmt/format.h>

#include "base/json_text.h"
#include "base/try.h"
#include "catalogue/catalogue.h"
#include "cli/configuration.h"
#include "cli/output.h"
#include "cli/schema_files.h"
#include "destinations/registry_settings.h"
#include "destinations/wanted_versions.h"
#include "policy/plans.h"
#include "registry/codec.h"
#include "registry/encoder.h"
#include "registry/resolver.h"

namespace user_events::cli {
namespace {

using destinations::RegistrySettings;

/// One schema of one destination.
struct Row {
  std::string destination, type;
  std::uint32_t version = 0;
  std::string subject;
  std::uint32_t id = 0;  // 0: none
  std::string verdict;   // registered, there already, would be registered; or what is wrong
  bool is_wrong = false;
};

enum class Job : std::uint8_t { put, look, check };

std::string json_of(const std::vector<Row>& rows) {
  std::string out = "[";
  for (const Row& row : rows) {
    out += out.size() > 1 ? ",{" : "{";
    const auto member = [&out](std::string_view name, std::string_view value) {
      base::append_json_string(name, out);
      out += ':';
      base::append_json_string(value, out);
      out += ',';
    };
    member("destination", row.destination);
    member("type", row.type);
    member("subject", row.subject);
    member("verdict", row.verdict);
    out += fmt::format(R"("version":{},"id":{}}})", row.version, row.id == 0 ? "null" : std::to_string(row.id));
  }
  return out + "]\n";
}

std::string text_of(const std::vector<Row>& rows) {
  std::string out;
  for (const Row& row : rows)
    out += printable(fmt::format("{}: {} version {}: subject {}: {}{}", row.destination, row.type, row.version, row.subject, row.verdict,
                                 row.id == 0 ? "" : fmt::format(" (id {})", row.id))) +
           "\n";
  return out;
}

Result<void> work_on(Row& row, registry::Client& client, const RegistrySettings& settings, const registry::Schema& schema, Job job) {
  UE_TRY_ASSIGN(const auto known, client.look_up(row.subject, schema));
  if (known) {
    row.id = *known;
    row.verdict = "is there already";
    return {};
  }
  if (job == Job::put) {
    UE_TRY_ASSIGN(row.id, registry::put(client, settings, row.subject, schema));
    row.verdict = "registered";
    return {};
  }
  const std::string level = settings.compatibility.empty() ? "backward" : settings.compatibility;
  UE_TRY(registry::check_compatible(client, level, row.subject, schema));
  row.verdict = job == Job::check ? fmt::format("is {} compatible", level) : "would be registered";
  return {};
}

/// Older versions first, so that each is compared with the one before. What a registry refuses is a row; that it does not answer ends it.
Result<void> work_on(const DestinationOptions& destination, const RegistrySettings& settings, const catalogue::Catalogue& catalogue, Job job,
                     std::vector<Row>& rows) {
  UE_TRY_ASSIGN(const auto sent, destinations::SentTypes::parse(destination));
  registry::Client client(settings);
  const auto encoding = registry::schema_type_of(destination);
  for (const auto* type : catalogue.all()) {
    if (!sent.include(type->name, type->version)) continue;
    UE_TRY_ASSIGN(const auto schema, registry::schema_of(catalogue, *type, encoding));
    UE_TRY_ASSIGN(auto subject, registry::subject_of(destination, settings, *type, encoding));
    Row& row = rows.emplace_back(Row{destination.name, type->name, type->version, std::move(subject), 0, {}, false});
    const auto done = work_on(row, client, settings, schema, job);
    if (done) continue;
    if (done.error().kind != ErrorKind::invalid) return std::unexpected(done.error());
    row.verdict = describe(done.error());
    row.is_wrong = true;
  }
  return {};
}

Result<void> run(const SchemaFileArguments& arguments, Job job) {
  UE_TRY_ASSIGN(const Configuration configuration, load_configuration({.file = arguments.config, .json = false}));
  const Options& options = configuration.loaded.options;
  UE_TRY_ASSIGN(const auto published, catalogue::Catalogue::with(options.catalogue_dir));
  std::vector<Row> rows;
  bool has_registry = false;
  for (const auto& destination : options.destinations) {
    if (!arguments.destination.empty() && destination.name != arguments.destination) continue;
    UE_TRY_ASSIGN(const auto settings, destinations::parse_registry_settings(destination));
    if (settings.url.empty()) continue;
    has_registry = true;
    UE_TRY_ASSIGN(const auto derived, policy::derive_for(published, destination.privacy));
    UE_TRY(work_on(destination, settings, derived ? *derived : published, job, rows));
  }
  if (!has_registry)
    return fail(ErrorKind::usage, "no-registry",
                arguments.destination.empty() ? "no destination has a schema registry"
                                              : fmt::format("there is no destination '{}' with a schema registry", arguments.destination),
                "set registry.url of a destination, and name the file with --config");
  UE_TRY(write_result(arguments.json ? json_of(rows) : text_of(rows)));
  for (const Row& row : rows)
    if (row.is_wrong)
      return fail(ErrorKind::invalid, "registry-refused", fmt::format("{} version {}: {}", row.type, row.version, row.verdict));
  return {};
}

}  // namespace

Result<void> schema_register(const SchemaFileArguments& arguments) { return run(arguments, arguments.dry_run ? Job::look : Job::put); }

Result<void> schema_check_registry(const SchemaFileArguments& arguments) { return run(arguments, Job::check); }

}  // namespace user_events::cli
