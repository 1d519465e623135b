// An event type out of its schema file: what the catalogue asks of it beyond being a schema.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "catalogue/catalogue.h"

namespace user_events::catalogue {

/// True for a type's name: two or more segments of `a-z`, `0-9`, `_`, `-`, joined by dots, each beginning
/// with a letter; at most 128 bytes.
[[nodiscard]] bool is_type_name(std::string_view name) noexcept;

/// Compiles the schema of version `version` of `type`. Errors (usage) as Schema::compile, and
/// `schema-invalid` for: a root that is not a closed or classified object, an `$id` that names something
/// else, a string without `x-personal`, a member named like a secret, no key that is always there, a field
/// number used twice. `file` is for messages.
[[nodiscard]] Result<std::unique_ptr<const EventType>> make_event_type(std::string_view file,
                                                                       std::string_view type,
                                                                       std::uint32_t version,
                                                                       std::string_view text);

/// What a privacy policy leaves of that type, after the schema `text`, for encoding and reading; nothing is formed by it, so what an event type
/// must have beyond a schema is not asked for, and its places are not looked for. `type` outlives it. Errors (usage) as Schema::compile.
[[nodiscard]] Result<std::unique_ptr<const EventType>> make_derived_type(const EventType& type, std::string_view variant,
                                                                        std::string_view text);

}  // namespace user_events::catalogue
