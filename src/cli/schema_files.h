// The schema commands that work on files and need no daemon: check, lint, new.
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
};

Result<void> schema_check(const SchemaFileArguments& arguments);
Result<void> schema_lint(const SchemaFileArguments& arguments);
Result<void> schema_new(const SchemaFileArguments& arguments);

}  // namespace user_events::cli
