// Who goes by which e-mail address and user name: what links events without a user, and what people ask with, to users.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/live.h"
#include "catalogue/catalogue.h"
#include "encoding/envelope.h"
#include "privacy/key_ring.h"

namespace user_events::publisher {

/// Thread-safe.
class Identities {
 public:
  Identities(const base::Live<catalogue::Catalogue>& catalogue, privacy::KeyRing& ring) : catalogue_(catalogue), ring_(ring) {}
  /// Links the event's lane to the e-mail addresses and user names in its data, those at its top level. 0.1 µs for an event of a type without such.
  void note(const encoding::Envelope& envelope, std::string_view lane) const;

 private:
  const base::Live<catalogue::Catalogue>& catalogue_;
  privacy::KeyRing& ring_;
};

/// Whose keys go when somebody is forgotten.
struct Circle {
  std::vector<privacy::Subject> subjects;
  std::optional<privacy::Subject> user = {};
  std::size_t kept = 0;  ///< Of events without a user that could be another user's as well.
};

/// Of a user: the user's own, and events without a user that name nobody but him.
[[nodiscard]] Result<Circle> circle_of_user(privacy::KeyRing& ring, const privacy::Subject& user);
/// Of an e-mail address or user name: the user who goes by it, as above, and `lane`, events without a user that name it. Error conflict, code `several-users`:
/// it has been that of several.
[[nodiscard]] Result<Circle> circle_of_identifier(privacy::KeyRing& ring, std::string_view identifier, const privacy::Subject& lane);

}  // namespace user_events::publisher
