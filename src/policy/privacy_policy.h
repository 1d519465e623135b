// What a receiver (a destination, a client that reads) gets to see of personal data: an action for each class (`x-personal`).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::policy {

/// What is done to a value, from what shows everything to what shows nothing. docs/security/privacy-policies.md.
enum class Action : std::uint8_t { clear, mask, token, encrypt, omit };

[[nodiscard]] std::optional<Action> parse_action(std::string_view word) noexcept;
[[nodiscard]] std::string_view name(Action action) noexcept;

inline constexpr std::string_view kNotPersonal = "none", kUserId = "user-id", kFreeText = "free-text";
/// The class of the attributes that callers add to events: clear or omit.
inline constexpr std::string_view kAttributes = "attributes";

/// Immutable, thread-safe.
class PrivacyPolicy {
 public:
  /// Everything is clear.
  PrivacyPolicy() = default;
  /// Of the settings: `preset` (trusted, analytics, minimal), `others` (an action for classes that are not named), `token_domain`, `key_version`;
  /// any other name is a class, and its value an action. Error `usage`, code `privacy-policy`, with a field that names the setting.
  [[nodiscard]] static Result<PrivacyPolicy> parse(const PrivacyPolicyOptions& given);

  /// The same for one setting by itself.
  [[nodiscard]] static Result<void> check_setting(const std::string& name, const std::string& value);

  [[nodiscard]] Action of(std::string_view klass) const noexcept;
  /// Of all classes of data, named or not.
  [[nodiscard]] Action strictest() const noexcept;
  [[nodiscard]] bool shows_users() const noexcept { return of(kUserId) == Action::clear; }
  /// Events have a subject: the user's id or its token.
  [[nodiscard]] bool has_subjects() const noexcept { return shows_users() || of(kUserId) == Action::token; }
  [[nodiscard]] bool is_clear() const noexcept { return strictest() == Action::clear && of(kAttributes) == Action::clear; }
  /// What is done to data, a line for each class that is not treated as all others: equal where two policies leave the same of any data.
  [[nodiscard]] std::string actions() const;
  /// Something in it is done with keys, which are there only where events are sealed.
  [[nodiscard]] bool needs_keys() const noexcept;
  /// Whose tokens are equal for equal values; empty: the receiver's alone.
  [[nodiscard]] const std::string& token_domain() const noexcept { return token_domain_; }
  /// Another version gives other tokens and other keys.
  [[nodiscard]] std::uint32_t key_version() const noexcept { return key_version_; }
  /// Named in the settings, not by a preset.
  [[nodiscard]] const std::vector<std::string>& named_classes() const noexcept { return named_; }

 private:
  [[nodiscard]] Result<void> take_preset(const std::string& value);
  [[nodiscard]] Result<void> take(const std::string& name, const std::string& value);

  std::map<std::string, Action, std::less<>> classes_;
  Action others_ = Action::clear;
  std::vector<std::string> named_;
  std::string token_domain_;
  std::uint32_t key_version_ = 1;
};

/// Classes that are known without a catalogue.
[[nodiscard]] const std::vector<std::string>& standard_classes();

}  // namespace user_events::policy
