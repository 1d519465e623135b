// One event as a NATS message: its subject, headers and body.
#pragma once

#include <string>

#include "destinations/destination.h"
#include "destinations/nats/config.h"
#include "destinations/nats/handles.h"

namespace user_events::destinations::nats {

/// Writes messages of one destination. Not thread-safe; its buffers are reused.
class MessageWriter {
 public:
  explicit MessageWriter(const Config& config) : config_(config) {}
  /// Null only when libnats has no memory. Headers after the CloudEvents NATS binding, and JetStream's own: message id, expected stream.
  [[nodiscard]] Msg write(const Message& message);

 private:
  void set(natsMsg* msg, const char* name, std::string_view value);
  void set_attributes(natsMsg* msg, const Message& message);

  const Config& config_;
  std::string subject_, name_, value_;
};

}  // namespace user_events::destinations::nats
