// Policies of queues and topics over the services' own interfaces: their attribute `Policy`.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "destinations/access.h"
#include "destinations/aws/access.h"
#include "destinations/aws/config.h"
#include "destinations/aws/credentials.h"
#include "destinations/aws/service.h"
#include "destinations/http/client.h"

namespace user_events::destinations::aws {

class AwsAdministration final : public AccessAdministration {
 public:
  /// Error `usage`.
  [[nodiscard]] static Result<std::unique_ptr<AccessAdministration>> make(Config config);

  [[nodiscard]] Result<std::vector<AccessEntry>> look(std::span<const Grant> plan) override;
  [[nodiscard]] Result<std::vector<std::string>> prepare(const AccessChanges& changes) override;
  [[nodiscard]] Result<void> apply() override;

 private:
  AwsAdministration(Config config, std::string region);
  /// The answer of the service to `action`; the body is what its protocol makes of `target` and `policy` (empty: it is asked for).
  [[nodiscard]] Result<std::string> call(const std::string& target, std::string_view policy);
  [[nodiscard]] http::Request request(const std::string& target, std::string_view policy) const;

  /// A queue or topic of the plan.
  struct Place {
    std::string target, policy;
    std::string changed = {};  ///< To be applied; empty: nothing.
  };
  [[nodiscard]] Place& place_of(std::string_view target);

  const Config config_;
  const std::string region_;
  const Service& service_;
  http::Client client_;
  CredentialSource source_;
  std::vector<Grant> plan_;
  std::vector<Place> places_;
  std::vector<std::pair<std::size_t, PolicyEntry>> seen_;  ///< The place and what was found there, for each entry of the last look.
};

}  // namespace user_events::destinations::aws
