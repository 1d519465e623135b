// Names that depend on the event: topic, subject, routing key, queue, path of a URL.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "user_events/error.h"

namespace user_events::destinations {

/// `user.events.{type}` → `user.events.user.created`. The only placeholder is `{type}`; `{{` and `}}` stand for braces. Immutable, thread-safe.
class NameTemplate {
 public:
  /// Error `usage` (code `bad-template`) for another placeholder or an unmatched brace.
  [[nodiscard]] static Result<NameTemplate> parse(std::string_view text);
  /// Same for all events: then `name` gives it without one.
  [[nodiscard]] bool is_constant() const noexcept { return parts_.size() == 1; }
  [[nodiscard]] const std::string& name() const noexcept { return parts_.front(); }
  void append(std::string_view type, std::string& out) const;
  [[nodiscard]] std::string expand(std::string_view type) const;

 private:
  std::vector<std::string> parts_;  // the type stands between them
};

}  // namespace user_events::destinations
