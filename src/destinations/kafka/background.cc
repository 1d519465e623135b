#include "destinations/kafka/background.h"

#include <fmt/format.h>

#include <utility>

#include "destinations/kafka/topic_view.h"
#include "observability/log.h"

namespace user_events::destinations::kafka {
namespace {

constexpr std::chrono::milliseconds kLookTimeout{2'000};
constexpr std::chrono::milliseconds kWatchIntervalWhenDown{1'000};

}  // namespace

Background::~Background() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void Background::start() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  {
    const std::lock_guard lock(mutex_);
    news_ = {};
    health_ = {};
    command_.reset();
  }
  thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

void Background::stop() noexcept { thread_.request_stop(); }

void Background::begin_survey(SurveyRequest request, std::shared_ptr<Producer> retired,
                              std::chrono::milliseconds delay) {
  const std::lock_guard lock(mutex_);
  watched_.reset();
  if (retired) retired_.push_back(std::move(retired));
  news_ = {};
  command_ = SurveyCommand{std::move(request), delay};
  changed_.notify_all();
}

void Background::begin_watch(std::shared_ptr<Producer> producer, std::int32_t partitions,
                             std::uint64_t max_batch_bytes, std::string files) {
  const std::lock_guard lock(mutex_);
  watched_files_ = std::move(files);
  watched_ = std::move(producer);
  watched_partitions_ = partitions;
  watched_limit_ = max_batch_bytes;
  changed_.notify_all();
}

void Background::retire(std::shared_ptr<Producer> producer) {
  const std::lock_guard lock(mutex_);
  watched_.reset();
  if (producer) retired_.push_back(std::move(producer));
  changed_.notify_all();
}

News Background::take_news() {
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}

bool Background::has_news() const noexcept {
  return !news_.found.empty() || news_.survey.has_value() || !news_.changed.empty();
}

void Background::wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  has_news_.wait_for(lock, timeout, [this] { return has_news() || woken_; });
  woken_ = false;
}

void Background::wake() noexcept {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  has_news_.notify_all();
  if (watched_) watched_->yield();
}

Health Background::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

void Background::set_health(HealthState state, std::string detail, bool heals) {
  const std::lock_guard lock(mutex_);
  if (state == HealthState::down && (health_.state != HealthState::down || health_.detail != detail))
    observability::log().warn("kafka: {}", detail);
  if (state == HealthState::up && health_.state != HealthState::up)
    observability::log().info("kafka: topic {}: up", config_.topic);
  health_.state = state;
  health_.detail = std::move(detail);
  heals_ = heals;
}

void Background::set_notes(std::vector<std::string> notes) {
  const std::lock_guard lock(mutex_);
  health_.notes = std::move(notes);
}

void Background::found(std::span<const Found> events) {
  const std::lock_guard lock(mutex_);
  news_.found.insert(news_.found.end(), events.begin(), events.end());
  has_news_.notify_all();
}

void Background::state(HealthState state, std::string detail) { set_health(state, std::move(detail)); }

std::chrono::milliseconds Background::watch_interval() const noexcept {
  return health_.state == HealthState::down ? std::min(kWatchIntervalWhenDown, config_.watch_interval)
                                            : config_.watch_interval;
}

void Background::run(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (true) {
    auto retired = std::exchange(retired_, {});
    if (!retired.empty()) {
      lock.unlock();
      retired.clear();  // ends the producers; may wait for librdkafka's threads
      lock.lock();
    }
    if (stop.stop_requested()) return;
    if (auto command = std::exchange(command_, std::nullopt)) {
      lock.unlock();
      do_survey(*command, stop);
      lock.lock();
      continue;
    }
    const auto has_work = [this] { return command_.has_value() || !retired_.empty(); };
    if (!watched_) {
      changed_.wait(lock, stop, [&] { return has_work() || watched_; });
    } else if (!changed_.wait_for(lock, stop, watch_interval(), has_work) && !stop.stop_requested() &&
               watched_) {
      const auto producer = watched_;
      const auto partitions = watched_partitions_;
      const auto limit = watched_limit_;
      const auto files = watched_files_;
      lock.unlock();
      look(*producer, partitions, limit, files);
      lock.lock();
    }
  }
}

void Background::do_survey(const SurveyCommand& command, std::stop_token stop) {
  pause(stop, command.delay);
  auto result = survey(config_, command.request, *this, stop);
  if (!result) return;
  const std::lock_guard lock(mutex_);
  news_.survey = std::move(result);
  has_news_.notify_all();
}

void Background::look(Producer& producer, std::int32_t partitions, std::uint64_t max_batch_bytes, const std::string& files) {
  // First, for with a certificate that has ended the cluster does not answer.
  if (picture_of_files(config_) != files) return tell_changed("a certificate or key of the settings was written anew");
  const TopicLook topic = look_at_topic(producer.client(), producer.topic(), kLookTimeout);
  if (topic.error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    set_health(HealthState::down, explain(topic.error), true);
    return;
  }
  if (topic.error != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  {
    const std::unique_lock lock(mutex_);
    if (health_.state == HealthState::down && heals_) {
      health_.state = HealthState::up;
      health_.detail.clear();
    }
  }
  if (topic.partitions != partitions)
    return tell_changed(
        fmt::format("the topic has {} partitions now, it had {}", topic.partitions, partitions));
  if (max_batch_bytes == 0) return;
  const TopicLimit limit = read_limit(producer.client(), config_.topic, topic.a_leader, kLookTimeout);
  if (limit.error == RD_KAFKA_RESP_ERR_NO_ERROR && limit.max_batch_bytes != max_batch_bytes)
    tell_changed(
        fmt::format("max.message.bytes is {} now, it was {}", limit.max_batch_bytes, max_batch_bytes));
}

void Background::tell_changed(std::string what) {
  const std::lock_guard lock(mutex_);
  news_.changed = std::move(what);
  if (watched_) watched_->yield();
}

}  // namespace user_events::destinations::kafka
