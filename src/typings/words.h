// Comments and literals in the languages that are generated. Private to the room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schemas/model.h"

namespace user_events::typings {

/// What a person should know of a field: description, lengths, class of personal data; a line each, without line breaks.
[[nodiscard]] std::vector<std::string> notes_of(const schemas::Field& field);
/// The same of an object: of an event's data title or description, then type and version; and which fields it cannot lack.
[[nodiscard]] std::vector<std::string> notes_of(const schemas::Model& model, const schemas::Object& object);

/// `text` as one line: control characters are spaces.
[[nodiscard]] std::string one_line(std::string_view text);
/// A string literal of JSON, TypeScript and Python.
[[nodiscard]] std::string literal(std::string_view text);
/// An expression that a std::string_view is made of.
[[nodiscard]] std::string cpp_literal(std::string_view text);
/// The same for a std::string.
[[nodiscard]] std::string cpp_name(std::string_view text);
/// `text` with every `what` replaced by `with`.
[[nodiscard]] std::string replaced(std::string text, std::string_view what, std::string_view with);

}  // namespace user_events::typings
