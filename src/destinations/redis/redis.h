// The Redis Streams destination. See README.md beside this file and docs/destinations/redis.md.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "destinations/destination.h"
#include "destinations/redis/config.h"
#include "destinations/backoff.h"
#include "destinations/redis/connector.h"
#include "destinations/redis/outcome.h"
#include "destinations/redis/record.h"

namespace user_events::destinations::redis {

class RedisDestination final : public Destination {
 public:
  explicit RedisDestination(Config config);

  [[nodiscard]] const Features& features() const noexcept override { return features_; }
  [[nodiscard]] Result<void> start(std::string_view resume, std::string_view journal_id, std::uint64_t low_water) override;
  [[nodiscard]] SendStatus send(const Message& message) override;
  void poll(std::vector<Report>& out, std::chrono::milliseconds timeout) override;
  void wake() noexcept override { bell_->ring(); }
  [[nodiscard]] Health health() const override;
  void close(std::chrono::milliseconds deadline) override;

 private:
  using Clock = std::chrono::steady_clock;

  /// A command whose reply is awaited.
  struct Awaited {
    std::uint64_t sequence = 0;   ///< 0: WAIT.
    std::uint64_t sent_when = 0;  ///< It has left once the socket's `sent_total` is this.
    Clock::time_point since;
  };

  void step();
  void take_connection();
  void read_replies();
  void take_reply(const Awaited& command, const redisReply& reply);
  void take_wait_reply(const redisReply& reply);
  void ask_replicas();
  /// Ends the connection; everything under way gets its report.
  void give_up(const std::string& why, Outcome of_sent = Outcome::in_doubt);
  /// The same, and says so in the log.
  void lose(const std::string& why, Outcome of_sent = Outcome::in_doubt);
  void report(std::uint64_t sequence, Verdict verdict);
  void set_health(Health health);
  [[nodiscard]] std::size_t in_flight() const noexcept { return awaited_.size() + stored_.size() + asked_.size(); }
  void wait(std::chrono::milliseconds timeout);

  const std::shared_ptr<const Config> config_;
  const std::shared_ptr<const Bell> bell_;
  Features features_;
  RecordWriter writer_;
  std::optional<Connector> connector_;
  std::optional<Ready> connection_;
  std::deque<Awaited> awaited_;         ///< In the order of the commands.
  std::vector<std::uint64_t> stored_;   ///< On the primary, replicas not yet asked. Only with wait_replicas.
  std::vector<std::uint64_t> asked_;    ///< A WAIT that covers them is under way.
  std::vector<Report> reports_;
  Clock::time_point try_at_{}, ask_at_{};
  Backoff backoff_{std::chrono::milliseconds(100), std::chrono::seconds(5)};
  std::string last_problem_;
  mutable std::mutex health_mutex_;
  Health health_;
};

}  // namespace user_events::destinations::redis

namespace user_events::destinations {

[[nodiscard]] Kind redis_kind();

}  // namespace user_events::destinations
