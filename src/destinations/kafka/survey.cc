#include "destinations/kafka/survey.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>

#include "destinations/kafka/access.h"
#include "destinations/kafka/read_back.h"
#include "destinations/kafka/topic_view.h"
#include "observability/log.h"

namespace user_events::destinations::kafka {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShortestTimeout{1'000}, kLongestTimeout{4'000};
constexpr milliseconds kRetryPause{300};
/// Every settle time that shows another record of ours is followed by another one, so often at most.
constexpr int kMaxSettleRounds = 20;

class Surveyor {
 public:
  Surveyor(const Config& config, const SurveyRequest& request, SurveyListener& listener, std::stop_token stop)
      : config_(config), request_(request), listener_(listener), stop_(std::move(stop)) {}

  std::optional<Survey> run() {
    while (!stop_.stop_requested()) {
      if (connect()) {
        if (auto result = attempt()) return result;
      }
      timeout_ = std::min(timeout_ * 2, kLongestTimeout);
      pause(stop_, kRetryPause);
    }
    return std::nullopt;
  }

 private:
  bool connect() {
    std::string files = picture_of_files(config_);
    if (client_ && files == files_) return true;
    topic_.reset();
    client_.reset();
    files_ = std::move(files);
    auto conf = reader_conf(config_);
    if (!conf) return down(describe(conf.error()));
    rd_kafka_conf_set_opaque(conf->get(), this);
    rd_kafka_conf_set_error_cb(conf->get(), [](rd_kafka_t*, int error, const char* text, void* self) {
      static_cast<Surveyor*>(self)->on_error(static_cast<rd_kafka_resp_err_t>(error), text);
    });
    std::array<char, 512> text{};
    client_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf->get(), text.data(), text.size()));
    if (!client_) return down(text.data());
    (void)conf->release();  // the client owns it now
    topic_.reset(rd_kafka_topic_new(client_.get(), config_.topic.c_str(), nullptr));
    return true;
  }

  /// The reason that the client saw last explains more than "timed out" does.
  void on_error(rd_kafka_resp_err_t error, const char* text) {
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !last_error_.empty()) return;
    last_error_ = explain(error, text);
    if (error == RD_KAFKA_RESP_ERR__AUTHENTICATION)
      if (const auto problem = scram_problem(config_); !problem.empty()) last_error_ += "; " + problem;
    listener_.state(HealthState::down, last_error_);
  }

  bool down(std::string detail) {
    listener_.state(HealthState::down, std::move(detail));
    return false;
  }

  bool failed(rd_kafka_resp_err_t error) {
    rd_kafka_poll(client_.get(), 0);
    const bool connection = error == RD_KAFKA_RESP_ERR__TIMED_OUT || error == RD_KAFKA_RESP_ERR__TRANSPORT ||
                            error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
    if (connection && !last_error_.empty()) return down(last_error_);
    if (error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
        error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
      listener_.state(HealthState::reconciling,
                      fmt::format("topic {}: waiting for its partitions' leaders", config_.topic));
      return false;  // a moment after a topic was created, or during a change of leaders
    }
    return down(fmt::format("topic {}: {}", config_.topic, explain(error)));
  }

  std::optional<Survey> attempt() {
    const TopicLook look = look_at_topic(client_.get(), topic_.get(), timeout_);
    if (look.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      failed(look.error);
      return std::nullopt;
    }
    Survey survey;
    if (!learn_limit(look.a_leader, survey)) return std::nullopt;
    const Watermarks marks = read_watermarks(client_.get(), config_.topic, look.partitions, timeout_);
    if (marks.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      failed(marks.error);
      return std::nullopt;
    }
    survey.resume = {
        .cluster_id = cluster_id(client_.get(), timeout_), .topic = config_.topic, .partitions = {}};
    last_error_.clear();
    if (!read_back(marks, survey)) return std::nullopt;
    return survey;
  }

  bool learn_limit(std::int32_t broker, Survey& survey) {
    const TopicLimit limit = read_limit(client_.get(), config_.topic, broker, timeout_);
    switch (limit.error) {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        survey.max_batch_bytes = limit.max_batch_bytes;
        return true;
      case RD_KAFKA_RESP_ERR__TIMED_OUT:
      case RD_KAFKA_RESP_ERR__TRANSPORT:
      case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        return failed(limit.error);
      default:  // no right to it, or a broker that can't say
        survey.notes.push_back(fmt::format(
            "the topic's max.message.bytes is not known (grant DescribeConfigs on topic {}): an event "
            "that is too large is found out by trying",
            config_.topic));
        return true;
    }
  }

  bool read_back(const Watermarks& marks, Survey& survey) {
    ReadBack reading(client_.get(), topic_.get(), request_, listener_);
    const bool same_topic =
        request_.from && request_.from->topic == config_.topic &&
        (request_.from->cluster_id.empty() || request_.from->cluster_id == survey.resume.cluster_id);
    reading.plan(marks, same_topic, survey.notes);
    if (same_topic) {
      listener_.state(HealthState::reconciling, "reading back what the topic already has");
      const ReadEnd end = read_until_settled(reading, marks);
      if (end == ReadEnd::forbidden) {
        survey.notes.push_back(fmt::format(
            "at least once: without the right to Read topic {} what was under way at a restart can't be "
            "read back and may be there twice",
            config_.topic));
        for (const std::int64_t high : marks.high) survey.resume.partitions.push_back({.next_offset = high});
        return true;
      }
      if (end != ReadEnd::done) {
        if (end == ReadEnd::stalled)
          down(last_error_.empty() ? "reading back makes no progress; trying again" : last_error_);
        return false;
      }
      if (reading.found() != 0)
        observability::log().info("kafka: topic {} already had {} event(s) that were under way",
                                  config_.topic, reading.found());
    }
    survey.resume.partitions = reading.marks();
    return true;
  }

  /// Requests of an earlier producer can still lie in the broker's queues: the end is believed once a settle
  /// time brings no further record of ours. Other clients' records do not count, or a busy topic would never
  /// settle.
  ReadEnd read_until_settled(ReadBack& reading, const Watermarks& first) {
    Watermarks marks = first;
    for (int round = 0; round < kMaxSettleRounds; ++round) {
      const std::uint64_t before = reading.found();
      if (const ReadEnd end = reading.read(stop_); end != ReadEnd::done) return end;
      if (round > 0 && reading.found() == before) return ReadEnd::done;
      pause(stop_, config_.settle);
      if (stop_.stop_requested()) return ReadEnd::stopped;
      marks = read_watermarks(client_.get(), config_.topic, static_cast<std::int32_t>(first.high.size()),
                              timeout_);
      if (marks.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        failed(marks.error);
        return ReadEnd::stopped;
      }
      (void)reading.extend(marks.high);
    }
    return ReadEnd::done;
  }

  const Config& config_;
  const SurveyRequest& request_;
  SurveyListener& listener_;
  std::stop_token stop_;
  Client client_;
  Topic topic_;  // after the client: released before it
  std::string files_;  // as they were when the client was made
  std::string last_error_;
  milliseconds timeout_ = kShortestTimeout;
};

}  // namespace

void pause(std::stop_token stop, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop, time, [] { return false; });
}

std::optional<Survey> survey(const Config& config, const SurveyRequest& request, SurveyListener& listener,
                             std::stop_token stop) {
  return Surveyor(config, request, listener, std::move(stop)).run();
}

}  // namespace user_events::destinations::kafka
