// A configuration file taken apart: TOML's tables flattened to dotted keys, each with its line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "user_events/error.h"

namespace user_events::config {

/// A value of a type that no key takes; says which.
struct OtherValue {
  std::string_view type;  ///< `table`, `date-time`, `array`…
};
using Value = std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>, OtherValue>;

struct Leaf {
  std::string key;  ///< Dotted, quotes gone: `kafka."bootstrap.servers"` is `kafka.bootstrap.servers`.
  std::uint32_t line = 0;
  Value value;
};

struct Section {
  std::uint32_t line = 0;
  std::vector<Leaf> leaves;
};

struct Document {
  Section top;  ///< Everything outside of the lists of tables.
  std::vector<Section> destinations, clients, issuers, signing_keys;  ///< `[[destination]]`, `[[client]]`, `[[issuer]]`, `[[signing_key]]`
};

/// Parses TOML 1.0. Error `usage`, code `config-syntax`: file, line, and what the parser expected.
[[nodiscard]] Result<Document> parse_document(std::string_view text, const std::string& path);

}  // namespace user_events::config
