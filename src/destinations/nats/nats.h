// The NATS JetStream destination. See README.md beside this file and docs/destinations/nats.md.
#pragma once

#include <memory>
#include <thread>

#include "destinations/destination.h"
#include "destinations/nats/config.h"
#include "destinations/nats/exchange.h"
#include "destinations/nats/message.h"

namespace user_events::destinations::nats {

class NatsDestination final : public Destination {
 public:
  explicit NatsDestination(Config config);
  ~NatsDestination() override;

  [[nodiscard]] const Features& features() const noexcept override { return features_; }
  [[nodiscard]] Result<void> start(std::string_view resume, std::string_view journal_id, std::uint64_t low_water) override;
  [[nodiscard]] SendStatus send(const Message& message) override;
  void poll(std::vector<Report>& out, std::chrono::milliseconds timeout) override;
  void wake() noexcept override;
  [[nodiscard]] Health health() const override;
  void close(std::chrono::milliseconds deadline) override;

 private:
  const std::shared_ptr<const Config> config_;
  Features features_;
  MessageWriter writer_;
  mutable std::mutex exchange_mutex_;     ///< `wake` and `health` come from other threads while `start` exchanges it.
  std::shared_ptr<Exchange> exchange_;
  std::thread thread_;                    ///< Owns the connection.
  bool started_ = false;
};

}  // namespace user_events::destinations::nats

namespace user_events::destinations {

[[nodiscard]] Kind nats_kind();

}  // namespace user_events::destinations
