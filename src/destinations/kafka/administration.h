// ACLs over librdkafka's Admin API.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "destinations/access.h"
#include "destinations/kafka/access.h"
#include "destinations/kafka/client.h"
#include "destinations/kafka/config.h"

namespace user_events::destinations::kafka {

class KafkaAdministration final : public AccessAdministration {
 public:
  /// Connects in the background. Error `usage`.
  [[nodiscard]] static Result<std::unique_ptr<AccessAdministration>> make(Config config);

  [[nodiscard]] Result<std::vector<AccessEntry>> look(std::span<const Grant> plan) override;
  [[nodiscard]] Result<std::vector<std::string>> prepare(const AccessChanges& changes) override;
  [[nodiscard]] Result<void> apply() override;

 private:
  explicit KafkaAdministration(Config config) : config_(std::move(config)) {}
  /// The answer to the request whose result comes to `queue`.
  [[nodiscard]] Result<Event> wait(rd_kafka_queue_t* queue, std::string_view what);
  [[nodiscard]] std::unexpected<Error> failed(std::string_view what, rd_kafka_resp_err_t error, std::string_view text) const;
  /// Deletes what the filters match; the error that each was answered with.
  [[nodiscard]] Result<std::vector<rd_kafka_resp_err_t>> delete_acls(const std::vector<Acl>& filters, std::string_view what);
  /// librdkafka 2.0.2 makes an empty list of an answer that is an error. The deletion of an ACL that nobody has tells which; it needs Alter.
  [[nodiscard]] Result<rd_kafka_resp_err_t> why_there_are_none();
  [[nodiscard]] Result<void> create();
  [[nodiscard]] Result<void> remove();

  const Config config_;
  rd_kafka_resp_err_t connection_error_ = RD_KAFKA_RESP_ERR_NO_ERROR;  ///< The last, which says more than that time is over.
  std::string connection_text_;
  std::vector<Acl> seen_;             ///< Of the last look, in its order.
  std::vector<Acl> added_, removed_;  ///< To be applied.
  Client client_;                     ///< Last: it calls back until it is gone.
};

}  // namespace user_events::destinations::kafka
