// The RabbitMQ destination. See README.md beside this file and docs/destinations/rabbitmq.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "destinations/destination.h"
#include "destinations/rabbitmq/config.h"
#include "destinations/rabbitmq/io_thread.h"

namespace user_events::destinations::rabbitmq {

class RabbitMqDestination final : public Destination {
 public:
  explicit RabbitMqDestination(Config config);

  [[nodiscard]] const Features& features() const noexcept override { return features_; }
  [[nodiscard]] Result<void> start(std::string_view resume, std::string_view journal_id, std::uint64_t low_water) override;
  [[nodiscard]] SendStatus send(const Message& message) override;
  void poll(std::vector<Report>& out, std::chrono::milliseconds timeout) override;
  void wake() noexcept override { io_.wake(); }
  [[nodiscard]] Health health() const override { return io_.health(); }
  void close(std::chrono::milliseconds deadline) override;

 private:
  /// Why no broker with these limits can take it; empty: nothing is known against it.
  [[nodiscard]] std::string objection(const OutgoingMessage& message) const;
  void hand_over();

  const Config config_;
  const Features features_;
  std::vector<OutgoingMessage> batch_;  ///< For the connection's thread, with the next poll at the latest.
  std::uint64_t batch_bytes_ = 0;
  std::vector<Report> refused_;  ///< For the next poll.
  std::size_t in_flight_ = 0;
  IoThread io_{config_};
};

}  // namespace user_events::destinations::rabbitmq

namespace user_events::destinations {

[[nodiscard]] Kind rabbitmq_kind();

}  // namespace user_events::destinations
