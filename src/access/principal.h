// A client that is configured: what it may do, how much, and what it did.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/action.h"
#include "access/rate_limit.h"
#include "base/type_filter.h"
#include "user_events/access_options.h"

namespace user_events::access {

/// Event types that an action is granted for; of field_keys, receivers.
struct Grant {
  std::vector<std::string> patterns;
  base::TypeFilter types;
};

/// Immutable but for its counts and its bucket; thread-safe.
class Principal {
 public:
  /// Error usage: a pattern that is none, or a rate.
  [[nodiscard]] static Result<std::unique_ptr<Principal>> make(const ClientOptions& options);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] bool may(Action action) const noexcept { return grants_[static_cast<std::size_t>(action)].has_value(); }
  /// What it may see with `action`, which it may.
  [[nodiscard]] const std::vector<std::string>& patterns(Action action) const { return grants_[static_cast<std::size_t>(action)]->patterns; }
  [[nodiscard]] bool may(Action action, std::string_view type) const noexcept {
    const auto& grant = grants_[static_cast<std::size_t>(action)];
    return grant && grant->types.matches(type);
  }
  /// What it gets to see of events that it may read.
  [[nodiscard]] const PrivacyPolicyOptions& privacy() const noexcept { return privacy_; }
  [[nodiscard]] bool sees_users() const noexcept { return sees_users_; }
  /// For `Submitter`.
  [[nodiscard]] const std::function<bool(std::string_view)>& may_publish() const noexcept { return may_publish_; }
  /// nullptr: no limit.
  [[nodiscard]] RateLimit* rate() const noexcept { return rate_.get(); }

  mutable std::atomic<std::uint64_t> requests{0}, forbidden{0}, rate_limited{0};

 private:
  Principal() = default;
  std::string name_;
  std::array<std::optional<Grant>, kActions> grants_;
  std::function<bool(std::string_view)> may_publish_;
  PrivacyPolicyOptions privacy_;
  bool sees_users_ = true;
  std::unique_ptr<RateLimit> rate_;
};

}  // namespace user_events::access
