// schema export: the catalogue in other forms.
#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"
#include "base/type_filter.h"
#include "cli/configuration.h"
#include "cli/export_commands.h"
#include "cli/made_files.h"
#include "cli/output.h"
#include "destinations/wanted_versions.h"
#include "exports/asyncapi.h"
#include "exports/json_schema.h"
#include "exports/markdown.h"
#include "policy/plans.h"
#include "schemas/texts.h"

namespace user_events::cli {
namespace {

/// What is one document goes to standard output unless a folder is named.
Result<void> write_document(const ExportArguments& arguments, const std::string& name, std::string text) {
  if (arguments.out.empty()) return write_result(text);
  return write_made_files(arguments.out, {{name, std::move(text)}}, arguments.force);
}

Error no_folder(std::size_t documents) {
  return {ErrorKind::usage, "no-folder", fmt::format("these are {} documents", documents), "name a folder with --out, or one type with --type", {}};
}

/// A file per type and version; of a single one the text itself, where no folder is named.
Result<void> export_texts(schemas::Encoding encoding, const ExportArguments& arguments, const ExportSource& source) {
  if (arguments.out.empty() && source.types.size() != 1) return std::unexpected(no_folder(source.types.size()));
  std::vector<exports::TextFile> files;
  for (const auto* type : source.types) {
    UE_TRY_ASSIGN(std::string text, schemas::schema_text(encoding, source.catalogue(), *type));
    files.push_back({fmt::format("{}/{}.{}", type->name, type->version, encoding == schemas::Encoding::avro ? "avsc" : "proto"), std::move(text)});
  }
  if (arguments.out.empty()) return write_result(files.front().text);
  return write_made_files(arguments.out, files, arguments.force);
}

/// A page per type, and the index; of a single type the page itself, where no folder is named.
Result<void> export_pages(const ExportArguments& arguments, const ExportSource& source) {
  UE_TRY_ASSIGN(const auto pages, exports::markdown(source.types));
  if (!arguments.out.empty()) return write_made_files(arguments.out, pages, arguments.force);
  if (pages.size() != 2) return std::unexpected(no_folder(pages.size()));
  return write_result(pages.front().text);
}

/// Leaves in `source` what that destination is sent.
Result<void> restrict_to(const std::string& name, ExportSource& source) {
  const auto& all = source.loaded.options.destinations;
  const auto found = std::ranges::find(all, name, &DestinationOptions::name);
  if (found == all.end()) return fail(ErrorKind::usage, "unknown-destination", fmt::format("the configuration has no destination '{}'", name), "name its file with --config");
  UE_TRY_ASSIGN(const auto sent, destinations::SentTypes::parse(*found));
  UE_TRY_ASSIGN(source.derived, policy::derive_for(source.published, found->privacy));
  source.types = source.catalogue().all();
  std::erase_if(source.types, [&](const auto* type) { return !sent.include(type->name, type->version); });
  return {};
}

}  // namespace

Result<ExportSource> export_source(const ExportArguments& arguments) {
  ExportSource source;
  UE_TRY_ASSIGN(auto configuration, load_configuration(arguments.config));
  source.loaded = std::move(configuration.loaded);
  Options& options = source.loaded.options;
  if (!arguments.catalogue.empty()) options.catalogue_dir = arguments.catalogue;
  UE_TRY_ASSIGN(source.published, catalogue::Catalogue::with(options.catalogue_dir));
  source.types = source.published.all();
  if (!arguments.destination.empty()) UE_TRY(restrict_to(arguments.destination, source));
  UE_TRY_ASSIGN(const auto filter, base::TypeFilter::parse(arguments.types));
  std::erase_if(source.types, [&](const auto* type) { return !filter.matches(type->name); });
  if (source.types.empty())
    return fail(ErrorKind::usage, "unknown-type", arguments.destination.empty() ? "--type names no event type of the catalogue" : "the destination is sent no such event type",
                "patterns are user.created, user.*, !user.login.failed");
  return source;
}

Result<void> schema_export(const ExportArguments& arguments) {
  if (arguments.form == "asyncapi" && !arguments.destination.empty())
    return fail(ErrorKind::usage, "no-such-choice", "the AsyncAPI document is one of all destinations", "leave --destination out");
  UE_TRY_ASSIGN(const ExportSource source, export_source(arguments));
  if (arguments.form == "asyncapi") {
    UE_TRY_ASSIGN(std::string text, exports::asyncapi(source.published, source.loaded.options));
    return write_document(arguments, "asyncapi.json", std::move(text));
  }
  if (arguments.form == "markdown") return export_pages(arguments, source);
  if (const auto encoding = schemas::parse_encoding(arguments.form)) return export_texts(*encoding, arguments, source);
  if (arguments.out.empty()) return write_result(exports::json_schema_bundle(source.types));
  return write_made_files(arguments.out, exports::json_schema_files(source.types), arguments.force);
}

}  // namespace user_events::cli
