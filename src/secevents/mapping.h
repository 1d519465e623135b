// Which of OpenID's security events an event of ours is.
// CAEP: https://openid.net/specs/openid-caep-1_0-final.html, RISC: https://openid.net/specs/openid-risc-1_0-final.html
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "destinations/set_settings.h"
#include "encoding/envelope.h"

namespace user_events::secevents {

struct SecurityEvent {
  std::string_view uri;
  std::string claims;  ///< A JSON object.
};

/// One thread.
class Mapping {
 public:
  explicit Mapping(const destinations::SetSettings& settings);
  /// Nothing if it has no counterpart: its type has none, it has no user, or no rule speaks of its status. About 1 µs.
  [[nodiscard]] std::optional<SecurityEvent> map(const encoding::Envelope& envelope);

 private:
  [[nodiscard]] std::string_view status_uri(std::string_view status) const;
  /// Of the event's data; empty if it is not there. Valid until the next call.
  [[nodiscard]] std::string_view text_of(std::string_view data, std::string_view name);

  const destinations::SetSettings settings_;
  std::string text_;
};

}  // namespace user_events::secevents
