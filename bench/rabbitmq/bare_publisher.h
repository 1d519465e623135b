// A bare librabbitmq publisher with confirms: the reference of what is possible.
#pragma once

#include <amqp.h>

#include <string>
#include <utility>
#include <vector>

namespace user_events::bench {

struct BareMessage {
  std::string routing_key, message_id, body;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Sends finished messages, mandatory and persistent, with at most `outstanding` of them unconfirmed. Ends the process on an error.
/// Connecting is no part of `send`.
class BarePublisher {
 public:
  BarePublisher(int port, std::string exchange, std::size_t outstanding);
  ~BarePublisher();
  BarePublisher(const BarePublisher&) = delete;
  BarePublisher& operator=(const BarePublisher&) = delete;
  void send(const std::vector<BareMessage>& messages);

 private:
  void publish(const BareMessage& message);
  /// Reads what is there; `wait`: at least one confirm.
  void read(bool wait);

  amqp_connection_state_t connection_;
  std::string exchange_;
  std::size_t outstanding_;
  std::uint64_t published_ = 0, confirmed_ = 0;
  std::vector<amqp_table_entry_t> entries_;
};

}  // namespace user_events::bench
