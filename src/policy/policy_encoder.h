// A destination that does not get to see everything: events are changed before they are encoded.
#pragma once

#include <memory>
#include <string>

#include "encoding/encoder.h"
#include "policy/disclosure.h"

namespace user_events::policy {

/// Has `inner` encode what the policy of `plans` leaves of each event. `receiver` is the destination's name. An event of a type that the catalogue
/// does not have is refused; one whose user is forgotten at that moment, or whose key the key store does not give now, is not ready. Error `usage`
/// as Disclosure::make.
[[nodiscard]] Result<std::unique_ptr<encoding::Encoder>> make_policy_encoder(std::shared_ptr<const Plans> plans, std::string receiver,
                                                                            privacy::KeyRing* ring, std::unique_ptr<encoding::Encoder> inner);

}  // namespace user_events::policy
