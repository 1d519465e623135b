// What the generator knows of the catalogue before it writes any text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "catalogue/formats.h"
#include "user_events/error.h"

namespace user_events::catalogue::generator {

enum class Kind : std::uint8_t { text, time, changes, names, structure };

struct Field {
  std::string json_name, cpp_name, description;
  Kind kind = Kind::text;
  bool optional = false;
  std::uint32_t min = 0, max = 0;  ///< Length, members or items.
  FormatMask formats = 0;
  std::string fill_source;  ///< kind names: C++ name of the member whose keys are taken; empty if none.
  std::string structure;    ///< kind structure: name of the C++ type.
};

struct Structure {
  std::string name, description;
  std::vector<Field> fields;
};

struct KeyMember {
  std::string cpp_name;
  bool is_user = false, optional = false;
};

struct Event {
  Structure structure;     ///< name: `UserCreated`.
  std::string snake_name;  ///< `user_created`.
  std::string type;
  std::uint32_t version = 1;
  std::vector<KeyMember> keys;
  std::vector<std::string> one_required_json,
      one_required_cpp;  ///< Members of which at least one must be there; may be empty.
};

struct SchemaFile {
  std::string type, path, text;
  std::uint32_t version = 1;
};

struct Model {
  std::vector<SchemaFile> files;      ///< All versions, by type and version.
  std::vector<Structure> structures;  ///< Shared ones, such as the address.
  std::vector<Event> events;          ///< The newest version of each type, by type.
};

/// Reads `directory`/TYPE/VERSION.json with the library's own compiler. Errors name file and pointer, also
/// for what is a fine schema but has no typed form here.
[[nodiscard]] Result<Model> read_model(const std::string& directory);

}  // namespace user_events::catalogue::generator
