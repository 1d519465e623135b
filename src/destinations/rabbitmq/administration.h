// Permissions over RabbitMQ's HTTP API, which its management plugin brings.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "destinations/access.h"
#include "destinations/http/client.h"
#include "destinations/rabbitmq/access.h"
#include "destinations/rabbitmq/config.h"

namespace user_events::destinations::rabbitmq {

class RabbitMqAdministration final : public AccessAdministration {
 public:
  /// Error `usage`: the settings would show the administrator's password to the network.
  [[nodiscard]] static Result<std::unique_ptr<AccessAdministration>> make(Config config);

  [[nodiscard]] Result<std::vector<AccessEntry>> look(std::span<const Grant> plan) override;
  [[nodiscard]] Result<std::vector<std::string>> prepare(const AccessChanges& changes) override;
  [[nodiscard]] Result<void> apply() override;

 private:
  explicit RabbitMqAdministration(Config config);
  [[nodiscard]] Result<http::Response> call(std::string method, const std::string& path, std::string body = {});
  [[nodiscard]] Permissions& changed(const std::string& user);

  const Config config_;
  http::Client client_;
  std::vector<Grant> plan_;
  std::vector<Permissions> found_;                                ///< Of every user of the virtual host.
  std::vector<std::pair<std::string, std::size_t>> seen_;         ///< User and operation of each entry of the last look.
  std::vector<Permissions> changed_;                              ///< To be applied.
};

}  // namespace user_events::destinations::rabbitmq
