// The Destination of both kinds: batches, requests in flight, and what each answer means. Everything happens on the delivery thread;
// libcurl's multi interface does not block.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "destinations/aws/batcher.h"
#include "destinations/aws/config.h"
#include "destinations/aws/credentials.h"
#include "destinations/aws/fault.h"
#include "destinations/aws/service.h"
#include "destinations/aws/target.h"
#include "destinations/destination.h"
#include "destinations/gate.h"
#include "destinations/http/client.h"

namespace user_events::destinations::aws {

/// Encoded events that wait for a request; more are not taken. Those in requests come on top: at most `max_requests_in_flight` times
/// `max_request_bytes`, and once more as written on the wire.
inline constexpr std::uint64_t kMaxWaitingBytes = 32u << 20;

/// A queue or topic with all that is known of it.
struct Target {
  TargetName name;
  /// Of copies of dead letters only: what is wrong with it refuses the copy, closes no gate and is not the destination's health.
  bool is_for_copies = false;
  Gate gate;
  std::string failure;  ///< Why the gate is closed.
  std::chrono::steady_clock::time_point heard_at{};  ///< The last answer, or that none came.
  bool is_looked_at = false;                         ///< A probe is under way though the gate is open.
};

class AwsDestination final : public Destination {
 public:
  explicit AwsDestination(Config config);
  ~AwsDestination() override;

  [[nodiscard]] const Features& features() const noexcept override { return features_; }
  [[nodiscard]] Result<void> start(std::string_view resume, std::string_view journal_id, std::uint64_t low_water) override;
  [[nodiscard]] SendStatus send(const Message& message) override;
  void poll(std::vector<Report>& out, std::chrono::milliseconds timeout) override;
  void wake() noexcept override { client_.wake(); }
  [[nodiscard]] Health health() const override;
  void close(std::chrono::milliseconds deadline) override;

  /// What was sent so far, for benchmarks and tests.
  struct Statistics {
    std::uint64_t requests = 0;          ///< With messages.
    std::uint64_t messages = 0;
    std::uint64_t most_in_flight = 0;    ///< Requests with messages at the same time.
    std::uint64_t in_flight_when_sent = 0;  ///< Summed over requests, itself included: divided by them, the usual number.
  };
  [[nodiscard]] const Statistics& statistics() const noexcept { return statistics_; }

 private:
  using Time = std::chrono::steady_clock::time_point;

  /// The usual one of a type, or the one that the message names; nullptr if there can be none of that name.
  [[nodiscard]] Target* find_target(const Message& message);
  [[nodiscard]] Target* keep_target(std::string key, Result<TargetName> name, bool is_for_copies);
  void pump(bool flush);
  void start_probes(Time now);
  void start_requests(Time now, bool flush);
  [[nodiscard]] std::optional<http::Request> make_request(const Target& target, std::span<const Entry> entries) const;
  [[nodiscard]] std::chrono::milliseconds time_to_wait(Time until) const;

  void on_answer(Batch batch, const http::Response& response);
  void on_no_answer(const Batch& batch, const http::Response& response);
  void on_entries(Batch batch, const Answer& answer);
  void on_fault(Batch batch, Fault fault, std::string_view code, const http::Response& response);
  void on_probe(Target& target, const http::Response& response);
  [[nodiscard]] bool may_be_looked_at(const Target& target) const;

  /// The target takes nothing now: what waits for it is handed back, and it is probed after a pause.
  void shut(Target& target, Fault fault, std::string reason, std::chrono::milliseconds least = {});
  void one_by_one(Batch batch);
  void report(std::uint64_t sequence, Outcome outcome, std::string reason = {});
  void report_all(const std::vector<Entry>& entries, Outcome outcome, const std::string& reason);
  void report_all(const Batch& batch, Fault fault, Outcome outcome, const std::string& reason);
  void ease_off();
  void speed_up();
  void refresh_health();

  const Config config_;
  const Service& service_;
  Features features_;
  http::Client client_;
  std::optional<CredentialSource> credentials_;
  std::string region_;
  Batcher batcher_;
  /// By event type, the one of a name without {type} under "", those of copies under their own names.
  std::map<std::string, std::unique_ptr<Target>, std::less<>> targets_;
  std::vector<Report> reports_;
  std::uint32_t in_flight_ = 0;          ///< Events taken and not yet reported.
  std::uint32_t requests_ = 0;           ///< With messages, under way.
  std::uint32_t allowed_requests_ = 0;   ///< Halved when throttled, one more with each request that went well.
  bool is_running_ = false;
  Statistics statistics_;
  mutable std::mutex health_mutex_;
  Health health_;
};

}  // namespace user_events::destinations::aws
