// Setting a key from a value of the file, with its type and range checked.
#pragma once

#include <string>
#include <string_view>

#include "config/bindings.h"
#include "config/document.h"

namespace user_events::config {

/// Sets the binding's member, of whose keys it is `key`, or says what is wrong and how it is written: the words after the key's name,
/// never the value itself. Empty: done.
[[nodiscard]] std::string assign(const Binding& binding, std::string_view key, const Value& value);

}  // namespace user_events::config
