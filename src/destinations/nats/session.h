// One connection to NATS, as long as it lasts.
#pragma once

#include <memory>
#include <string>

#include "destinations/nats/config.h"
#include "destinations/nats/exchange.h"

namespace user_events::destinations::nats {

/// Used by the connection's thread only. Never reconnects: a loss ends it, and the next one looks at the stream anew.
class Session {
 public:
  Session(std::shared_ptr<const Config> config, std::shared_ptr<Exchange> exchange);
  /// Ends the exchange's session first. Blocks at most about a second, and for the write deadline while the server reads nothing.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Connects, reads the stream's settings and opens the exchange. An error is one line for `status`. Blocks up to the time-outs.
  [[nodiscard]] Result<void> open();
  /// Publishes until the connection is lost or the exchange stopped; gives the reason.
  [[nodiscard]] std::string run();

 private:
  [[nodiscard]] Result<Options> make_options();
  [[nodiscard]] Result<StreamFacts> read_stream();
  void publish(std::vector<Outgoing>& batch);

  const std::shared_ptr<const Config> config_;
  const std::shared_ptr<Exchange> exchange_;
  Ticket ticket_ = 0;
  std::string reason_ = "connection closed";
  std::vector<std::string> notes_;
  Connection connection_;
  JetStream jet_stream_;
};

}  // namespace user_events::destinations::nats
