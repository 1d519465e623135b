// The request target, taken apart and decoded: path segments and query parameters.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "user_events/error.h"

namespace user_events::server {

struct Target {
  std::vector<std::string> path;                                ///< `/v1/events/a%20b` → v1, events, a b.
  std::vector<std::pair<std::string, std::string>> parameters;  ///< In order; `+` is a space.
  std::string authority;  ///< Of the absolute form (`GET http://host/…`); else empty.

  /// Error `malformed` if it is no target, or not UTF-8 once decoded.
  [[nodiscard]] static Result<Target> parse(std::string_view text);

  /// Error `malformed`, code `unknown-parameter`, if there is another parameter than these.
  [[nodiscard]] Result<void> allow(std::initializer_list<std::string_view> names) const;
  /// The last value of `name`; nullptr if there is none.
  [[nodiscard]] const std::string* find(std::string_view name) const noexcept;
  /// A whole number within [least, most], or `fallback` if there is none. Error `malformed`, code
  /// `bad-parameter`.
  [[nodiscard]] Result<std::uint64_t> number(std::string_view name, std::uint64_t fallback,
                                             std::uint64_t least, std::uint64_t most) const;
  /// All values of `name`, those with commas split.
  [[nodiscard]] std::vector<std::string> list(std::string_view name) const;
  /// `250ms`, `10s`, `1m`. Error `malformed`, code `bad-parameter`, also beyond `most`.
  [[nodiscard]] Result<std::chrono::milliseconds> duration(std::string_view name,
                                                           std::chrono::milliseconds fallback,
                                                           std::chrono::milliseconds most) const;
};

/// Decodes `%XX` (RFC 3986). nullopt if an escape is malformed or the result is not UTF-8 or holds control
/// characters.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

/// Error `malformed`, code `bad-parameter`: query parameter `name` must be `expected`.
[[nodiscard]] std::unexpected<Error> bad_parameter(std::string_view name, std::string_view expected);

}  // namespace user_events::server
