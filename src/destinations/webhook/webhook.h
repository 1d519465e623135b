// Destination `webhook`. See README.md beside this file and docs/destinations/webhook.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "destinations/destination.h"
#include "destinations/gate.h"
#include "destinations/http/client.h"
#include "destinations/webhook/config.h"
#include "destinations/webhook/outcome.h"

namespace user_events::destinations::webhook {

/// What of an answer's body is read; the rest is cut off with its connection.
inline constexpr std::uint64_t kMaxAnswerBytes = 64u << 10;
/// A longer `Retry-After` counts as this.
inline constexpr std::chrono::seconds kMaxRetryAfter{3'600};

class WebhookDestination final : public Destination {
 public:
  explicit WebhookDestination(Config config);

  [[nodiscard]] const Features& features() const noexcept override { return features_; }
  [[nodiscard]] Result<void> start(std::string_view resume, std::string_view journal_id,
                                   std::uint64_t low_water) override;
  [[nodiscard]] SendStatus send(const Message& message) override;
  void poll(std::vector<Report>& out, std::chrono::milliseconds timeout) override;
  void wake() noexcept override { client_.wake(); }
  [[nodiscard]] Health health() const override;
  void close(std::chrono::milliseconds deadline) override;

 private:
  using Time = std::chrono::steady_clock::time_point;

  /// Tries the endpoint again when it is time.
  void tick();
  /// `is_trial`: it decides whether the gate opens; else a look at an endpoint that is idle.
  void connect(bool is_trial);
  void on_connected(bool is_trial, const http::Response& response);
  void on_answer(std::uint64_t sequence, bool is_trial, const http::Response& response);
  void shut(bool is_trial, Retrial retrial, std::string reason, std::chrono::milliseconds least);
  void open();
  [[nodiscard]] std::chrono::milliseconds time_to_wait(Time until) const;
  void set_health(HealthState state, std::string detail);

  const Config config_;
  Features features_;
  http::Client client_;
  Gate gate_;
  Retrial retrial_ = Retrial::connection;  ///< How the closed gate is tried.
  bool wants_trial_event_ = false;
  bool is_connecting_ = false;
  bool is_running_ = false;
  bool is_silent_ = false;  ///< It took a request and did not answer: that it can be connected to is no proof that it is up.
  std::uint32_t in_flight_ = 0;
  Time heard_at_{};  ///< When the endpoint was last heard of.
  std::vector<Report> reports_;
  mutable std::mutex health_mutex_;
  Health health_;
};

}  // namespace user_events::destinations::webhook

namespace user_events::destinations {

[[nodiscard]] Kind webhook_kind();

}  // namespace user_events::destinations
