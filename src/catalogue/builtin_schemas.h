// The schema texts that the build compiles into the library (generated/catalogue/builtin_schemas.cc).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace user_events::catalogue {

struct BuiltinSchema {
  std::string_view type;
  std::uint32_t version;
  std::string_view text;
};

[[nodiscard]] std::span<const BuiltinSchema> builtin_schemas() noexcept;

}  // namespace user_events::catalogue
