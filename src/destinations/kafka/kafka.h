// The Kafka destination. See README.md beside this file and docs/destinations/kafka.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "destinations/destination.h"
#include "destinations/kafka/background.h"
#include "destinations/kafka/config.h"
#include "destinations/kafka/producer.h"
#include "destinations/kafka/resume.h"

namespace user_events::destinations::kafka {

class KafkaDestination final : public Destination {
 public:
  explicit KafkaDestination(Config config);
  ~KafkaDestination() override;

  [[nodiscard]] const Features& features() const noexcept override { return features_; }
  [[nodiscard]] Result<void> start(std::string_view resume, std::string_view journal_id,
                                   std::uint64_t low_water) override;
  [[nodiscard]] SendStatus send(const Message& message) override;
  void poll(std::vector<Report>& out, std::chrono::milliseconds timeout) override;
  [[nodiscard]] std::string resume_state() const override;
  [[nodiscard]] bool reconciled() const noexcept override { return phase_ == Phase::producing || phase_ == Phase::draining; }
  void wake() noexcept override { background_.wake(); }
  [[nodiscard]] Health health() const override { return background_.health(); }
  void close(std::chrono::milliseconds deadline) override;

  /// For tests that make librdkafka fail; null while there is no producer.
  [[nodiscard]] rd_kafka_t* client_for_test() const noexcept {
    return producer_ ? producer_->client() : nullptr;
  }

 private:
  enum class Phase : std::uint8_t {
    stopped,
    surveying,  ///< No producer: the background thread finds out what the topic has.
    producing,
    draining,  ///< The topic has changed: nothing new until everything under way has ended.
    failing,   ///< The producer can't go on: its messages are being given up.
  };

  /// A message of a batch that the broker refused.
  struct Undecided {
    std::uint64_t sequence = 0;
    std::uint64_t lone_batch_bytes = 0;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  };

  void serve(std::vector<Report>& out, std::chrono::milliseconds timeout);
  void on_delivery(const Delivery& delivery, std::vector<Report>& out);
  void on_client_event(const ClientEvent& event);
  void fail_producer(std::string reason);
  void survey_again();
  void take_news(std::vector<Report>& out);
  void adopt(Survey survey, std::vector<Report>& out);
  void decide_refused_batches(std::vector<Report>& out);
  void on_accepted(const Delivery& delivery, std::vector<Report>& out);
  static void on_dead_letter_copy(const Delivery& delivery, std::vector<Report>& out);
  [[nodiscard]] SendStatus taken(Produced how, std::uint64_t sequence, std::uint64_t bytes);
  [[nodiscard]] Report too_large(std::uint64_t sequence, std::uint64_t bytes) const;
  /// Serves into `reports_` until nothing is under way.
  void finish(std::chrono::steady_clock::time_point until, bool hurry);

  const Config config_;
  Features features_;
  Background background_{config_};

  Phase phase_ = Phase::stopped;
  std::string journal_id_;
  std::uint64_t low_water_ = 0;
  std::optional<Resume> resume_;  ///< Nothing before the first survey of a destination that never sent.
  std::shared_ptr<Producer> producer_;
  std::uint64_t max_batch_bytes_ = 0;  ///< The topic's limit; 0: not known.
  bool one_message_batches_ = false;
  std::uint32_t accepted_alone_ = 0;  ///< By a producer with one-message batches.
  std::uint32_t in_flight_ = 0;
  std::uint32_t failures_in_a_row_ = 0;  ///< Producers that ended without an acknowledgement.
  std::string last_failure_;             ///< Shown until the next acknowledgement.
  std::vector<Undecided> undecided_;     ///< Bounded by max_in_flight.
  std::vector<Report> reports_;          ///< To be returned by the next poll; until then nothing is sent.
  std::optional<std::string>
      held_resume_;   ///< After close, until its reports were fetched: they are not in it.
};

}  // namespace user_events::destinations::kafka

namespace user_events::destinations {

[[nodiscard]] Kind kafka_kind();

}  // namespace user_events::destinations
