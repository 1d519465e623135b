// Commands and replies over one connection: hiredis' protocol over our socket.
#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "destinations/redis/socket.h"

namespace user_events::destinations::redis {

using Reply = std::unique_ptr<redisReply, void (*)(redisReply*)>;

[[nodiscard]] inline std::string_view text_of(const redisReply& reply) {
  return reply.str == nullptr ? std::string_view() : std::string_view(reply.str, static_cast<std::size_t>(reply.len));
}
[[nodiscard]] inline bool is_error(const redisReply& reply) { return reply.type == REDIS_REPLY_ERROR; }

/// Not thread-safe.
class Pipeline {
 public:
  explicit Pipeline(Socket socket);

  [[nodiscard]] Socket& socket() noexcept { return socket_; }
  void command(std::span<const std::string_view> words);
  /// The next reply that is complete; empty if there is none now. An error: the connection is gone, or what comes is not Redis' protocol.
  [[nodiscard]] Result<Reply> next();
  /// Sends a command and waits for its reply.
  [[nodiscard]] Result<Reply> ask(std::initializer_list<std::string_view> words, Socket::Clock::time_point deadline);

 private:
  Socket socket_;
  std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader_;
  std::vector<const char*> pointers_;
  std::vector<std::size_t> lengths_;
};

}  // namespace user_events::destinations::redis
