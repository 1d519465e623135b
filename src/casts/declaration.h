// The annotation `x-cast` of a schema file: what changes from the version before to this one.
#pragma once

#include <simdjson.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "user_events/error.h"

namespace user_events::casts {

inline constexpr std::size_t kMaxEntries = 1'000;  ///< Of one member of `x-cast`.

/// JSON Pointer into the data → what is said of that field.
using Entries = std::map<std::string, std::string, std::less<>>;

/// Pointers of `rename`, `drop` and `restore` are those of the version before, pointers of `defaults` those of this version.
struct Declaration {
  bool is_none = false;  ///< `"x-cast": "none"`: there is no way between the two versions.
  Entries rename;        ///< To the field's new name; it stays in its object.
  Entries drop;          ///< Required before, gone here. Values empty.
  Entries defaults;      ///< Up: the JSON value of a field that the event does not have.
  Entries restore;       ///< Down: the same.
};

/// `usage`, code `cast-invalid`: `FILE: at "POINTER": what`.
[[nodiscard]] std::unexpected<Error> refuse(std::string_view file, const std::string& pointer, const std::string& what);

/// Where an entry stands in the file: `/x-cast/rename/~1name`.
[[nodiscard]] std::string entry_pointer(std::string_view member, std::string_view entry);

/// Reads the annotation of a schema. Without one: nothing is declared. Errors as `refuse`.
[[nodiscard]] Result<Declaration> read_declaration(std::string_view file, const simdjson::dom::element& schema);

}  // namespace user_events::casts
