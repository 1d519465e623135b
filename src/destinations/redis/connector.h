// Makes a connection in the background: name lookup, TCP, TLS, signing in, and a look at the server.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "destinations/bell.h"
#include "destinations/redis/config.h"
#include "destinations/redis/pipeline.h"

namespace user_events::destinations::redis {

/// A connection that is signed in.
struct Ready {
  Pipeline pipeline;
  std::vector<std::string> notes;  ///< What the server's settings mean for promises.
  std::uint64_t max_value_bytes = kServersDefaultMaxValueBytes;
};

/// One attempt at a time, on a thread of its own. Used by one thread.
class Connector {
 public:
  Connector(std::shared_ptr<const Config> config, std::shared_ptr<const Bell> bell);
  /// An attempt that goes on ends by itself, at the latest with its time-outs and the name lookup's.
  ~Connector();

  void begin();
  [[nodiscard]] bool is_busy() const noexcept { return thread_.joinable(); }
  /// How the attempt ended; nothing while it goes on. The bell has rung.
  [[nodiscard]] std::optional<Result<Ready>> result();

 private:
  struct Box {
    std::mutex mutex;
    std::optional<Result<Ready>> result;
  };
  const std::shared_ptr<const Config> config_;
  const std::shared_ptr<const Bell> bell_;
  std::shared_ptr<Box> box_;
  std::thread thread_;
};

}  // namespace user_events::destinations::redis
