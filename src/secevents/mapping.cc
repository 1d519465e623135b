#include "secevents/mapping.h"

#include <algorithm>

#include "base/json_scan.h"
#include "base/json_values.h"
#include "base/json_writer.h"

namespace user_events::secevents {
namespace {

constexpr std::string_view kCredentialChange = "https://schemas.openid.net/secevent/caep/event-type/credential-change";
constexpr std::string_view kSessionEstablished = "https://schemas.openid.net/secevent/caep/event-type/session-established";
constexpr std::string_view kRecoveryActivated = "https://schemas.openid.net/secevent/risc/event-type/recovery-activated";
constexpr std::string_view kAccountDisabled = "https://schemas.openid.net/secevent/risc/event-type/account-disabled";
constexpr std::string_view kAccountEnabled = "https://schemas.openid.net/secevent/risc/event-type/account-enabled";
constexpr std::string_view kAccountPurged = "https://schemas.openid.net/secevent/risc/event-type/account-purged";

/// CAEP's name of a factor, where it has one; any other may be used that both sides know.
std::string_view credential_type(std::string_view factor) {
  if (factor.empty()) return "mfa";
  if (factor == "totp") return "app";
  if (factor == "sms") return "phone-sms";
  if (factor == "voice") return "phone-voice";
  return factor;
}

std::int64_t seconds(std::int64_t unix_ms) { return unix_ms >= 0 ? unix_ms / 1'000 : (unix_ms - 999) / 1'000; }

SecurityEvent caep(std::string_view uri, std::int64_t time_ms) {
  SecurityEvent out{uri, {}};
  base::ObjectWriter claims(out.claims);
  base::append_json_number(seconds(time_ms), claims.key("event_timestamp"));
  claims.end();
  return out;
}

SecurityEvent credential_change(std::string_view type, std::string_view change, std::int64_t time_ms) {
  SecurityEvent out{kCredentialChange, {}};
  base::ObjectWriter claims(out.claims);
  claims.text("credential_type", type);
  claims.text("change_type", change);
  base::append_json_number(seconds(time_ms), claims.key("event_timestamp"));
  claims.end();
  return out;
}

}  // namespace

Mapping::Mapping(const destinations::SetSettings& settings) : settings_(settings) {}

std::string_view Mapping::text_of(std::string_view data, std::string_view name) {
  text_.clear();
  (void)base::each_member(data, [&](std::string_view key, std::string_view json) {
    if (key != name) return true;
    if (!base::is_string(json) || !base::append_unescaped(base::content_of(json), text_)) text_.clear();
    return false;
  });
  return text_;
}

std::string_view Mapping::status_uri(std::string_view status) const {
  const auto holds = [status](const std::vector<std::string>& statuses) { return std::ranges::find(statuses, status) != statuses.end(); };
  return holds(settings_.disabled) ? kAccountDisabled : holds(settings_.enabled) ? kAccountEnabled : holds(settings_.purged) ? kAccountPurged : std::string_view();
}

std::optional<SecurityEvent> Mapping::map(const encoding::Envelope& envelope) {
  if (!envelope.subject_is_key) return std::nullopt;
  const auto type = envelope.type;
  if (type == "user.password.changed") return credential_change("password", "update", envelope.time_ms);
  if (type == "user.mfa.enabled") return credential_change(credential_type(text_of(envelope.data, "mfaType")), "create", envelope.time_ms);
  if (type == "user.mfa.disabled") return credential_change(credential_type(text_of(envelope.data, "mfaType")), "delete", envelope.time_ms);
  if (type == "user.loggedin") return caep(kSessionEstablished, envelope.time_ms);
  if (type == "user.password.reset.requested") return SecurityEvent{kRecoveryActivated, "{}"};
  if (type != "user.account.status.changed") return std::nullopt;
  const auto uri = status_uri(text_of(envelope.data, "newStatus"));
  if (uri.empty()) return std::nullopt;
  return SecurityEvent{uri, "{}"};
}

}  // namespace user_events::secevents
