// Who speaks on a connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "access/policy.h"
#include "server/request.h"
#include "user_events/publisher.h"

namespace user_events::server {

class AccessState;

/// Remembers the last credentials, so that a warm connection neither hashes nor verifies. All on the loop's thread.
class Caller {
 public:
  /// What TLS has verified; before the first request.
  void set_certificate(std::optional<access::PeerCertificate> certificate) { certificate_ = std::move(certificate); }

  /// Who has sent `request`; nobody, if no clients are configured. Errors as Policy::identify, and malformed (`bad-authorization`).
  [[nodiscard]] Result<void> identify(const AccessState& state, const Request& request);

  /// nullptr: no clients are configured, or the path is open. Lives until the next `identify`.
  [[nodiscard]] const access::Principal* principal() const noexcept { return identity_.principal; }
  [[nodiscard]] Submitter submitter() const noexcept;
  /// False once what `identify` found no longer holds.
  [[nodiscard]] bool still_holds(const AccessState& state) const;
  void forget() noexcept { identity_ = {}; }

 private:
  [[nodiscard]] bool knows(const AccessState& state, const Request& request) const;

  std::shared_ptr<const access::Policy> policy_;
  std::uint64_t generation_ = 0;
  std::string authorization_;  // what remembered_ was found for
  access::Identity identity_, remembered_;
  std::optional<access::PeerCertificate> certificate_;
};

}  // namespace user_events::server
