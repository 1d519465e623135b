// What is found wrong with a schema, or with the step from one version to the next: one type for every format
// and check.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace user_events::compatibility {

enum class Severity : std::uint8_t {
  error,    ///< Breaks somebody, or a rule.
  warning,  ///< Breaks nobody by itself, but somebody should look.
};

/// Whom a change breaks.
enum class Breaks : std::uint8_t {
  nobody,
  new_readers,  ///< Consumers with the new schema, when they read data of the old one.
  old_readers,  ///< Consumers with the old schema, when they read data of the new one.
};

struct Finding {
  Severity severity = Severity::error;
  Breaks breaks = Breaks::nobody;
  std::string code;     ///< One of `rules()`.
  std::string file;     ///< The file that `pointer` leads into.
  std::string pointer;  ///< JSON Pointer; in Protobuf the full name of a message, field or value.
  std::string detail;   ///< What is wrong, one sentence.
};

/// A stable code, what it stands for, and what to do about it.
struct Rule {
  std::string_view code, summary, advice;
};

/// Every code there is, sorted. No allocation.
[[nodiscard]] std::span<const Rule> rules() noexcept;
/// The rule of a code of `rules()`; another code is a defect and gives the first.
[[nodiscard]] const Rule& rule(std::string_view code) noexcept;

[[nodiscard]] bool has_errors(std::span<const Finding> findings) noexcept;
[[nodiscard]] std::string_view name(Severity severity) noexcept;
/// `new consumers of old events`, `old consumers of new events`, `nobody`.
[[nodiscard]] std::string_view describe(Breaks breaks) noexcept;

}  // namespace user_events::compatibility
