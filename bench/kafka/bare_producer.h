// A bare librdkafka producer with the settings of the Kafka destination: the reference of what is possible.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace user_events::bench {

struct BareMessage {
  std::string key, body;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Sends finished messages and waits until all are acknowledged. Ends the process on an error. Connecting is
/// part of `connect`, so that `send` can be measured alone.
class BareProducer {
 public:
  BareProducer(const std::string& broker, const std::string& topic);
  ~BareProducer();
  BareProducer(const BareProducer&) = delete;
  BareProducer& operator=(const BareProducer&) = delete;
  void send(const std::vector<BareMessage>& messages);

 private:
  struct Impl;
  Impl* impl_;
};

}  // namespace user_events::bench
