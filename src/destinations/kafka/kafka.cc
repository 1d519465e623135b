#include "destinations/kafka/kafka.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "destinations/kafka/access.h"
#include "destinations/kafka/record.h"
#include "observability/log.h"

namespace user_events::destinations::kafka {
namespace {

constexpr std::string_view kErasedType = "user.erased";

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstRebuildDelay{100}, kLongestRebuildDelay{30'000};
/// After the deadline of `close`: librdkafka hands purged messages back within milliseconds.
constexpr milliseconds kPurgeTime{1'000};
/// Messages that a producer with one-message batches delivers before batches are tried again.
constexpr std::uint32_t kEnoughAlone = 1'000;

milliseconds rebuild_delay(std::uint32_t failures) {
  if (failures <= 1) return milliseconds(0);
  return std::min(kFirstRebuildDelay * (1 << std::min(failures - 2, 10u)), kLongestRebuildDelay);
}

Features features_of(const Config& config) {
  const std::uint64_t largest =
      config.max_message_bytes == 0 ? kDefaultMaxMessageBytes : config.max_message_bytes;
  return {
      .ordered_pipeline = config.ordered_pipeline,
      .reconciles = true,
      .max_in_flight = config.max_in_flight,
      .max_message_bytes = largest > 2 * kRecordOverheadBytes ? largest - kRecordOverheadBytes : largest / 2};
}

}  // namespace

KafkaDestination::KafkaDestination(Config config)
    : config_(std::move(config)), features_(features_of(config_)) {}

KafkaDestination::~KafkaDestination() {
  if (producer_) producer_->purge();
  background_.retire(std::move(producer_));
}

Result<void> KafkaDestination::start(std::string_view resume, std::string_view journal_id,
                                     std::uint64_t low_water) {
  journal_id_ = journal_id;
  low_water_ = low_water;
  resume_.reset();
  held_resume_.reset();
  if (!resume.empty()) {
    resume_ = parse_resume(resume);
    // Something was sent once, but where is not readable: the whole topic is read.
    if (!resume_) resume_ = Resume{.cluster_id = {}, .topic = config_.topic, .partitions = {}};
  }
  reports_.clear();
  undecided_.clear();
  in_flight_ = 0;
  failures_in_a_row_ = 0;
  one_message_batches_ = false;
  last_failure_.clear();
  background_.start();
  survey_again();
  return {};
}

SendStatus KafkaDestination::send(const Message& message) {
  // A report that was not fetched yet may be a refusal, and no later event of that user may pass it.
  if (phase_ != Phase::producing || !reports_.empty() || in_flight_ >= config_.max_in_flight)
    return SendStatus::busy;
  const auto& key = message.envelope.partition_key;
  // A null value under the user's key: compaction removes what came before it, and in time itself.
  const bool is_tombstone = config_.tombstones && message.envelope.type == kErasedType && message.target.empty();
  const std::string_view body = is_tombstone ? std::string_view() : message.body;
  std::size_t header_bytes = 0;
  Headers headers = make_headers(message, header_bytes);
  const std::uint64_t bytes = lone_batch_bytes(key.size(), body.size(), header_bytes);
  // Before the topic's limit is looked at: what was too large for this topic need not be for the one of the dead letters.
  if (!message.target.empty())
    return taken(producer_->produce_to(std::string(message.target), key, message.body, std::move(headers), message.position.sequence),
                 message.position.sequence, bytes);
  if (max_batch_bytes_ != 0 && bytes > max_batch_bytes_) {
    reports_.push_back(too_large(message.position.sequence, bytes));
    return SendStatus::queued;
  }
  // The partition is chosen here, by the count the last survey saw: librdkafka would take up another count in
  // between.
  const std::int32_t partition =
      config_.partitioner(producer_->topic(), key.data(), key.size(),
                          static_cast<std::int32_t>(resume_->partitions.size()), nullptr, nullptr);
  return taken(producer_->produce(partition, key, body, std::move(headers), message.position.sequence),
               message.position.sequence, bytes);
}

SendStatus KafkaDestination::taken(Produced how, std::uint64_t sequence, std::uint64_t bytes) {
  switch (how) {
    case Produced::queued:
      ++in_flight_;
      return SendStatus::queued;
    case Produced::too_large:
      reports_.push_back(too_large(sequence, bytes));
      return SendStatus::queued;
    case Produced::failed:
      fail_producer(producer_->failure());
      return SendStatus::busy;
    case Produced::full:
      return SendStatus::busy;
  }
  return SendStatus::busy;
}

void KafkaDestination::poll(std::vector<Report>& out, std::chrono::milliseconds timeout) {
  if (!reports_.empty()) {
    std::ranges::move(reports_, std::back_inserter(out));
    reports_.clear();
    held_resume_.reset();
    timeout = milliseconds(0);
  }
  if (producer_) {
    serve(out, timeout);
  } else {
    background_.wait(timeout);
  }
  take_news(out);
  if (in_flight_ == 0 && (phase_ == Phase::draining || phase_ == Phase::failing)) survey_again();
}

void KafkaDestination::serve(std::vector<Report>& out, std::chrono::milliseconds timeout) {
  producer_->serve(
      timeout, [&](const Delivery& delivery) { on_delivery(delivery, out); },
      [this](const ClientEvent& event) { on_client_event(event); });
}

void KafkaDestination::on_delivery(const Delivery& delivery, std::vector<Report>& out) {
  --in_flight_;
  if (delivery.elsewhere) return on_dead_letter_copy(delivery, out);
  if (delivery.error == RD_KAFKA_RESP_ERR_NO_ERROR) return on_accepted(delivery, out);
  if (delivery.batch_refused()) {
    undecided_.push_back({delivery.sequence, delivery.lone_batch_bytes, delivery.error});
    return fail_producer(explain(delivery.error));
  }
  out.push_back({.sequence = delivery.sequence,
                 .outcome = delivery.surely_not_stored ? Outcome::unavailable : Outcome::in_doubt,
                 .reason = rd_kafka_err2str(delivery.error)});
  if (config_.ordered_pipeline) fail_producer(explain(delivery.error));
}

/// A dead letter topic that is missing or closed to us must not cost the producer, and with it the events' own way.
void KafkaDestination::on_dead_letter_copy(const Delivery& delivery, std::vector<Report>& out) {
  const bool accepted = delivery.error == RD_KAFKA_RESP_ERR_NO_ERROR;
  const bool given_up = delivery.error == RD_KAFKA_RESP_ERR__PURGE_QUEUE || delivery.error == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
  Outcome outcome = delivery.surely_not_stored ? Outcome::refused : Outcome::in_doubt;
  if (accepted) outcome = Outcome::accepted;
  if (given_up && delivery.surely_not_stored) outcome = Outcome::unavailable;
  out.push_back({.sequence = delivery.sequence, .outcome = outcome, .reason = accepted ? "" : rd_kafka_err2str(delivery.error)});
}

void KafkaDestination::on_accepted(const Delivery& delivery, std::vector<Report>& out) {
  out.push_back({.sequence = delivery.sequence, .outcome = Outcome::accepted, .reason = {}});
  // The last one, not the highest: in a topic made anew under a running producer offsets begin again.
  if (delivery.offset >= 0)
    resume_->partitions[static_cast<std::size_t>(delivery.partition)] = {delivery.offset + 1,
                                                                         delivery.sequence};
  if (failures_in_a_row_ != 0 || !last_failure_.empty()) {
    failures_in_a_row_ = 0;
    last_failure_.clear();
    if (phase_ == Phase::producing) background_.set_health(HealthState::up, {});
  }
  // What made one-message batches necessary is past, or it would have shown by now.
  if (one_message_batches_ && max_batch_bytes_ != 0 && ++accepted_alone_ >= kEnoughAlone &&
      phase_ == Phase::producing)
    phase_ = Phase::draining;
}

void KafkaDestination::on_client_event(const ClientEvent& event) {
  if (event.fatal) return fail_producer(explain(event.error, event.text));
  if (phase_ != Phase::producing || !is_access_error(event.error)) return;
  // One broker of several that is away shows as a transport error, and the others still serve.
  if (event.error == RD_KAFKA_RESP_ERR__TRANSPORT || event.error == RD_KAFKA_RESP_ERR__RESOLVE) {
    last_failure_ = explain(event.error, event.text);
    return;
  }
  if (event.error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) last_failure_ = explain(event.error, event.text);
  if (last_failure_.empty()) last_failure_ = explain(event.error, event.text);
  background_.set_health(HealthState::down, last_failure_, true);
}

void KafkaDestination::fail_producer(std::string reason) {
  if (phase_ != Phase::producing && phase_ != Phase::draining) return;
  phase_ = Phase::failing;
  ++failures_in_a_row_;
  observability::log().warn("kafka: topic {}: the producer is made anew: {}", config_.topic, reason);
  last_failure_ = std::move(reason);
  // Once is an ordinary transition; from the second time on something is wrong.
  background_.set_health(failures_in_a_row_ <= 1 ? HealthState::reconciling : HealthState::down,
                         last_failure_);
  producer_->purge();
}

void KafkaDestination::survey_again() {
  phase_ = Phase::surveying;
  background_.begin_survey({.from = resume_, .journal_id = journal_id_, .low_water = low_water_},
                           std::exchange(producer_, nullptr), rebuild_delay(failures_in_a_row_));
}

void KafkaDestination::take_news(std::vector<Report>& out) {
  News news = background_.take_news();
  for (const Found& one : news.found)
    out.push_back({.sequence = one.sequence, .outcome = Outcome::accepted, .reason = {}, .found_id_mark = one.id_mark});
  if (news.survey && phase_ == Phase::surveying) adopt(*std::move(news.survey), out);
  if (news.changed.empty()) return;
  // What is under way does not arrive over a connection that is refused.
  if (background_.health().state == HealthState::down) return fail_producer(std::move(news.changed));
  if (phase_ != Phase::producing) return;
  observability::log().warn("kafka: topic {}: {}; waiting for what is under way first", config_.topic, news.changed);
  phase_ = Phase::draining;
}

void KafkaDestination::adopt(Survey survey, std::vector<Report>& out) {
  max_batch_bytes_ = survey.max_batch_bytes;
  decide_refused_batches(out);
  std::string files = picture_of_files(config_);
  auto producer = Producer::make(
      config_, {.max_batch_bytes = max_batch_bytes_, .one_message_batches = one_message_batches_});
  if (!producer) {
    last_failure_ = describe(producer.error());
    ++failures_in_a_row_;
    background_.set_health(HealthState::down, last_failure_);
    return survey_again();
  }
  resume_ = std::move(survey.resume);
  producer_ = *std::move(producer);
  phase_ = Phase::producing;
  std::vector<std::string> notes = config_.notes;
  std::ranges::move(survey.notes, std::back_inserter(notes));
  background_.set_notes(std::move(notes));
  // After repeated failures only an acknowledgement shows that it works again.
  if (failures_in_a_row_ <= 1) background_.set_health(HealthState::up, {});
  background_.begin_watch(producer_, static_cast<std::int32_t>(resume_->partitions.size()), max_batch_bytes_, std::move(files));
}

void KafkaDestination::decide_refused_batches(std::vector<Report>& out) {
  bool unexplained = false;
  for (const Undecided& message : undecided_) {
    const bool too_big = message.error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    const bool over_limit = too_big && max_batch_bytes_ != 0 && message.lone_batch_bytes > max_batch_bytes_;
    if (!over_limit && !one_message_batches_) {
      out.push_back({.sequence = message.sequence,
                     .outcome = Outcome::retry,
                     .reason = "in a batch that the broker refused"});
      unexplained = true;
    } else if (too_big) {
      out.push_back(too_large(message.sequence, message.lone_batch_bytes));
    } else {
      out.push_back({.sequence = message.sequence,
                     .outcome = Outcome::refused,
                     .reason = rd_kafka_err2str(message.error)});
    }
  }
  undecided_.clear();
  // One message a batch shows which it is. Where the limit can't be learnt it stays so, or every further
  // event that is too large would cost two producers.
  one_message_batches_ = unexplained || (one_message_batches_ && max_batch_bytes_ == 0);
  accepted_alone_ = 0;
}

Report KafkaDestination::too_large(std::uint64_t sequence, std::uint64_t bytes) const {
  std::string reason =
      max_batch_bytes_ == 0
          ? fmt::format("a record batch of {} bytes with this event alone is too large", bytes)
          : fmt::format(
                "a record batch of {} bytes with this event alone is over the topic's max.message.bytes of "
                "{}",
                bytes, max_batch_bytes_);
  return {.sequence = sequence, .outcome = Outcome::refused, .reason = std::move(reason)};
}

std::string KafkaDestination::resume_state() const {
  if (held_resume_) return *held_resume_;
  return resume_ ? to_text(*resume_) : std::string();
}

void KafkaDestination::close(std::chrono::milliseconds deadline) {
  if (phase_ == Phase::stopped) return;
  held_resume_ = resume_state();
  const Phase before = std::exchange(phase_, Phase::stopped);
  if (producer_) {
    if (before != Phase::failing) finish(steady_clock::now() + deadline, true);
    if (in_flight_ != 0) {
      producer_->purge();
      finish(steady_clock::now() + kPurgeTime, false);
    }
  }
  for (const Undecided& message : std::exchange(undecided_, {}))
    reports_.push_back({.sequence = message.sequence,
                        .outcome = Outcome::retry,
                        .reason = "in a batch that the broker refused"});
  background_.retire(std::exchange(producer_, nullptr));
  background_.stop();
}

void KafkaDestination::finish(steady_clock::time_point until, bool hurry) {
  constexpr milliseconds kStep{10};
  while (in_flight_ != 0) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    if (left <= milliseconds(0)) return;
    if (hurry) producer_->hurry();
    serve(reports_, std::min(left, kStep));
  }
}

}  // namespace user_events::destinations::kafka

namespace user_events::destinations {

Kind kafka_kind() {
  Kind kind = make_kind<kafka::KafkaDestination, kafka::parse, kafka::place_of>("kafka", {"kafka.", "tombstones", "unsafe", "settle"}, {.dead_letters = true});
  kind.access = &kafka::access_control();
  return kind;
}

}  // namespace user_events::destinations
