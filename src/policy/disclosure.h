// What one receiver gets to see of events: a policy with the receiver's keys.
#pragma once

#include <memory>
#include <string>

#include "encoding/encoder.h"
#include "encoding/envelope.h"
#include "policy/plans.h"
#include "policy/receiver_keys.h"
#include "policy/redactor.h"
#include "privacy/key_ring.h"

namespace user_events::policy {

/// One thread at a time.
class Disclosure {
 public:
  /// Error `usage`, code `privacy-policy`: the policy needs keys and `ring` is null.
  [[nodiscard]] static Result<Disclosure> make(std::shared_ptr<const Plans> plans, std::string receiver, privacy::KeyRing* ring);
  ~Disclosure();
  Disclosure(Disclosure&&) noexcept;
  Disclosure& operator=(Disclosure&&) noexcept;

  /// Changes data, key, subject, extensions and `schema_variant` of an event as it was read from the journal (`lane`, `sealed_under`); what it is given then
  /// lies here until the next call. Equal events give equal bytes. Errors: invalid (no such type or version), not_found with code `erased` (the
  /// user was forgotten meanwhile), those of the key store, damaged.
  [[nodiscard]] Result<void> apply(encoding::Envelope& envelope);

 private:
  struct Impl;
  explicit Disclosure(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The same with stand-ins of the same size, for a bound: the envelope's views then point into memory of this thread, until its next call. Any thread.
/// False: it is of no known type, or no event.
[[nodiscard]] bool make_stand_in(const Plans& plans, std::string_view receiver, encoding::Envelope& envelope);

/// How much larger an event can become, without looking at it.
[[nodiscard]] encoding::Growth growth_of(const PrivacyPolicy& policy, std::string_view receiver);

}  // namespace user_events::policy
