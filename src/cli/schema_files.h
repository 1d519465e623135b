// The schema commands that need no daemon: check, lint, new on files, register with the destinations' registries.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "user_events/error.h"

namespace user_events::cli {

struct SchemaFileArguments {
  std::vector<std::string>
      files;            ///< `check`: versions from the oldest to the newest; with `against`, one folder.
  std::string against;  ///< `check`: an older state of the folder.
  std::string mode = "backward";
  std::string schema_type;      ///< `json`, `avro`, `protobuf`; empty: by the files' endings.
  std::string format = "text";  ///< `text`, `json`, `sarif`, `junit`.
  bool json = false;
  std::string folder;             ///< `lint`.
  std::string type;               ///< `new`.
  std::uint32_t version = 0;      ///< `new`. 0: the next.
  std::string dir = "catalogue";  ///< `new`.
  bool against_registry = false;  ///< `check`: the catalogue with what the destinations' registries have.
  std::string config;             ///< With a registry: the configuration; empty: `user-events.toml` if there is one.
  std::string destination;        ///< With a registry: only this one's.
  bool dry_run = false;           ///< `register`.
};

Result<void> schema_check(const SchemaFileArguments& arguments);
/// `check --against-registry`.
Result<void> schema_check_registry(const SchemaFileArguments& arguments);
Result<void> schema_register(const SchemaFileArguments& arguments);
Result<void> schema_lint(const SchemaFileArguments& arguments);
Result<void> schema_new(const SchemaFileArguments& arguments);

}  // namespace user_events::cli
