#include "policy/privacy_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/nearest.h"
#include "base/try.h"
#include "base/units.h"

namespace user_events::policy {
namespace {

constexpr std::array<std::string_view, 5> kActions = {"clear", "mask", "token", "encrypt", "omit"};
constexpr const char* kPreset = "preset";
constexpr std::size_t kMaxDomainBytes = 64;
constexpr std::uint32_t kMaxKeyVersion = 9'999;

using Classes = std::map<std::string, Action, std::less<>>;

struct Preset {
  std::string_view name;
  Classes classes;
  Action others;
};

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all = {
      {"trusted", {}, Action::clear},
      {"analytics",
       {{"user-id", Action::token},
        {"identifier", Action::token},
        {"email", Action::token},
        {"username", Action::token},
        {"ip", Action::mask},
        {"user-agent", Action::mask}},
       Action::omit},
      {"minimal", {{"user-id", Action::token}}, Action::omit},
  };
  return all;
}

std::unexpected<Error> bad(std::string setting, std::string sentence) {
  Error error{ErrorKind::usage, "privacy-policy", fmt::format("{} {}", setting, sentence), {}, {}};
  error.fields.push_back({std::move(setting), error.code, std::move(sentence)});
  return std::unexpected(std::move(error));
}

std::string key_of(std::string_view name) { return fmt::format("privacy.{}", name); }

bool is_class_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

bool is_domain(std::string_view text) {
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= kMaxDomainBytes && std::ranges::all_of(text, good);
}

Result<Action> action_of(const std::string& name, const std::string& word) {
  if (const auto action = parse_action(word)) return *action;
  return bad(key_of(name), "is none of clear, mask, token, encrypt and omit");
}

}  // namespace

std::optional<Action> parse_action(std::string_view word) noexcept {
  const auto found = std::ranges::find(kActions, word);
  if (found == kActions.end()) return std::nullopt;
  return static_cast<Action>(found - kActions.begin());
}

std::string_view name(Action action) noexcept { return kActions[static_cast<std::size_t>(action)]; }

Result<void> PrivacyPolicy::take_preset(const std::string& value) {
  const auto found = std::ranges::find(presets(), value, &Preset::name);
  if (found == presets().end()) return bad(key_of(kPreset), "is none of trusted, analytics and minimal");
  classes_ = found->classes;
  others_ = found->others;
  return {};
}

Result<void> PrivacyPolicy::take(const std::string& name, const std::string& value) {
  if (name == "token_domain") {
    if (!is_domain(value)) return bad(key_of(name), "is not a name of 1 to 64 letters, digits, '-', '_' and '.'");
    token_domain_ = value;
  } else if (name == "key_version") {
    const auto version = base::whole_number(value);
    if (!version || *version == 0 || *version > kMaxKeyVersion) return bad(key_of(name), "is not a whole number from 1 to 9999");
    key_version_ = static_cast<decltype(key_version_)>(*version);
  } else if (name == "others") {
    UE_TRY_ASSIGN(others_, action_of(name, value));
  } else if (!is_class_name(name) || name == kNotPersonal) {
    return bad(key_of(name), "is no class of personal data; docs/security/privacy-policies.md names them");
  } else {
    UE_TRY_ASSIGN(classes_[name], action_of(name, value));
    named_.push_back(name);
  }
  return {};
}

Result<void> PrivacyPolicy::check_setting(const std::string& name, const std::string& value) {
  PrivacyPolicy scratch;
  return name == kPreset ? scratch.take_preset(value) : scratch.take(name, value);
}

Result<PrivacyPolicy> PrivacyPolicy::parse(const PrivacyPolicyOptions& given) {
  PrivacyPolicy policy;
  if (const auto preset = given.find(kPreset); preset != given.end()) UE_TRY(policy.take_preset(preset->second));
  for (const auto& [name, value] : given)
    if (name != kPreset) UE_TRY(policy.take(name, value));
  if (policy.of(kUserId) == Action::mask)
    return bad(key_of(kUserId), "cannot be mask: the message key is made of it (clear, token, encrypt or omit)");
  if (const auto attributes = policy.classes_.find(kAttributes);
      attributes != policy.classes_.end() && attributes->second != Action::clear && attributes->second != Action::omit)
    return bad(key_of(kAttributes), "is clear or omit");
  return policy;
}

Action PrivacyPolicy::of(std::string_view klass) const noexcept {
  if (klass == kNotPersonal) return Action::clear;
  const auto found = classes_.find(klass);
  if (found != classes_.end()) return found->second;
  if (klass == kAttributes) return others_ == Action::clear ? Action::clear : Action::omit;
  return others_;
}

Action PrivacyPolicy::strictest() const noexcept {
  Action found = others_;
  for (const auto& [klass, action] : classes_)
    if (klass != kAttributes) found = std::max(found, action);
  return found;
}

std::string PrivacyPolicy::actions() const {
  std::string lines = fmt::format("others {}\n", policy::name(others_));
  for (const auto& [klass, action] : classes_)
    if (action != others_ && klass != kAttributes) lines += fmt::format("{} {}\n", klass, policy::name(action));
  return lines;
}

bool PrivacyPolicy::needs_keys() const noexcept {
  const auto is_keyed = [](Action action) { return action == Action::token || action == Action::encrypt; };
  // Without the user id in it a message still has a key to be ordered by: a token.
  return of(kUserId) != Action::clear || is_keyed(others_) || std::ranges::any_of(classes_, [&](const auto& one) { return is_keyed(one.second); });
}

const std::vector<std::string>& standard_classes() {
  static const std::vector<std::string> all = {"user-id", "identifier", "email",      "username",  "name",      "address",
                                               "phone",   "ip",         "user-agent", "free-text", "attributes"};
  return all;
}

}  // namespace user_events::policy
