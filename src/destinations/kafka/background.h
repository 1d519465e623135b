// The thread beside the delivery thread: everything that may block (surveys, looking at the topic, ending
// producers) happens here, so that `send` and `poll` never wait for a broker.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "destinations/kafka/producer.h"
#include "destinations/kafka/survey.h"

namespace user_events::destinations::kafka {

/// What the thread has to tell the delivery thread.
struct News {
  std::vector<Found> found;          ///< What reading back found.
  std::optional<Survey> survey;      ///< A survey has ended; everything it found is in `found` or was taken before.
  std::string changed;  ///< The watch saw what a new producer must be made for (partitions, the limit, certificates): what, in words.
};

class Background final : private SurveyListener {
 public:
  explicit Background(const Config& config) : config_(config) {}
  ~Background() override;

  /// Starts the thread, after the one before has ended.
  void start();
  /// Asks the thread to end; does not wait.
  void stop() noexcept;

  /// Ends `retired` (may be null), waits `delay`, surveys. Its result comes as news.
  void begin_survey(SurveyRequest request, std::shared_ptr<Producer> retired,
                    std::chrono::milliseconds delay);
  /// Looks at the topic now and then through `producer`, and at the files of its settings, and tells when they differ from what the producer was
  /// made for. `files`: as they were before it was made.
  void begin_watch(std::shared_ptr<Producer> producer, std::int32_t partitions,
                   std::uint64_t max_batch_bytes, std::string files);
  /// Ends a producer without anything after it.
  void retire(std::shared_ptr<Producer> producer);

  [[nodiscard]] News take_news();
  /// Waits until there is news or `wake` was called.
  void wait(std::chrono::milliseconds timeout);
  /// Ends a `wait` or a producer's `serve`. Thread-safe.
  void wake() noexcept;

  [[nodiscard]] Health health() const;
  /// `heals`: the state is the connection's; the watch sets it `up` when the cluster answers again.
  void set_health(HealthState state, std::string detail, bool heals = false);
  void set_notes(std::vector<std::string> notes);

 private:
  struct SurveyCommand {
    SurveyRequest request;
    std::chrono::milliseconds delay{0};
  };

  void found(std::span<const Found> events) override;
  void state(HealthState state, std::string detail) override;

  void run(std::stop_token stop);
  void do_survey(const SurveyCommand& command, std::stop_token stop);
  void look(Producer& producer, std::int32_t partitions, std::uint64_t max_batch_bytes, const std::string& files);
  void tell_changed(std::string what);
  [[nodiscard]] bool has_news() const noexcept;
  [[nodiscard]] std::chrono::milliseconds watch_interval() const noexcept;

  const Config& config_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;   ///< For the thread.
  std::condition_variable_any has_news_;  ///< For the delivery thread.
  News news_;
  Health health_;
  bool heals_ = false;
  bool woken_ = false;
  std::optional<SurveyCommand> command_;
  std::vector<std::shared_ptr<Producer>> retired_;
  std::shared_ptr<Producer> watched_;
  std::int32_t watched_partitions_ = 0;
  std::uint64_t watched_limit_ = 0;
  std::string watched_files_;
  std::jthread thread_;
};

}  // namespace user_events::destinations::kafka
