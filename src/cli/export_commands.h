// The commands that derive something from the catalogue: schema export, generate. They need no daemon.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "cli/commands.h"
#include "config/config.h"

namespace user_events::cli {

struct ExportArguments {
  std::string form;                ///< `json-schema`, `avro`, …; of `generate` the language.
  std::string out;                 ///< Folder; empty: standard output.
  std::string catalogue;           ///< Folder with types beside the built-in ones; empty: the configuration's.
  std::vector<std::string> types;  ///< Patterns; empty: all.
  std::string destination;         ///< As this one is sent them: its types, its privacy policy. Empty: as they are published.
  ConfigArguments config;
  bool force = false;
};

/// What a command derives from.
struct ExportSource {
  config::Loaded loaded;
  catalogue::Catalogue published;
  std::unique_ptr<const catalogue::Catalogue> derived;  ///< What a destination's privacy policy leaves; null: that is all.
  [[nodiscard]] const catalogue::Catalogue& catalogue() const noexcept { return derived ? *derived : published; }
  std::vector<const catalogue::EventType*> types;  ///< Those that were asked for, by name, then version.
};

/// Error `usage`: the configuration, the folder or a pattern is wrong, or no type is left.
[[nodiscard]] Result<ExportSource> export_source(const ExportArguments& arguments);

Result<void> schema_export(const ExportArguments& arguments);
Result<void> generate_types(const ExportArguments& arguments);

}  // namespace user_events::cli
