// The catalogue's annotations of two versions: Protobuf numbers, keys, classes of personal data.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "compatibility/json_text.h"

namespace user_events::compatibility {

/// What the annotations say of one field.
struct FieldNote {
  std::int64_t number = 0;  ///< `x-field-number`; 0: none.
  std::string personal, key;
};

/// Every member that some `properties` of the schema names, by its pointer.
[[nodiscard]] std::map<std::string, FieldNote> notes_of(const JsonText& text);

/// A field's pointer in one version → in another, for fields that have another name there.
using Moves = std::map<std::string, std::string>;

/// What `x-cast` of `newer` says of fields' names, from the version before to it.
[[nodiscard]] Moves moves_of(const JsonText& newer);
/// `first`, then `second`.
[[nodiscard]] Moves chain(const Moves& first, const Moves& second);
/// From `writer` to `reader`, if one of them is the version after the other, as their `$id`s say.
[[nodiscard]] Moves moves_between(const JsonText& reader, const JsonText& writer);

/// `reader` and `writer` are two versions, in either order: appends numbers that changed or were used for
/// something else (errors), keys and classes that changed (warnings). `moves` lead from the writer to the reader: a
/// field that has another name keeps its number. Never fails; linear in both.
void compare_annotations(const JsonText& reader, const JsonText& writer, const Moves& moves,
                         std::vector<Finding>& findings);

}  // namespace user_events::compatibility
