#include "destinations/kafka/read_back.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "destinations/kafka/record.h"
#include "observability/log.h"

namespace user_events::destinations::kafka {
namespace {

constexpr std::size_t kMessagesAtOnce = 500;
constexpr int kWaitMs = 100;

}  // namespace

ReadBack::ReadBack(rd_kafka_t* client, rd_kafka_topic_t* topic, const SurveyRequest& request,
                   SurveyListener& listener)
    : client_(client),
      topic_(topic),
      request_(request),
      listener_(listener),
      queue_(rd_kafka_queue_new(client)) {}

ReadBack::~ReadBack() {
  for (std::size_t p = 0; p < partitions_.size(); ++p) stop_reading(static_cast<std::int32_t>(p));
}

void ReadBack::plan(const Watermarks& marks, bool same_topic, std::vector<std::string>& notes) {
  const std::size_t known = same_topic ? request_.from->partitions.size() : 0;
  std::size_t trimmed = 0;
  for (std::size_t p = 0; p < marks.high.size(); ++p) {
    Partition& partition = partitions_.emplace_back();
    partition.low = marks.low[p];
    partition.end = marks.high[p];
    if (!same_topic) {
      partition.position = partition.end;
    } else if (p >= known) {
      partition.position = partition.low;  // added since: all of it may be ours
    } else if (const PartitionMark mark = request_.from->partitions[p]; mark.next_offset > partition.end) {
      observability::log().warn(
          "kafka: partition {} ends before what was acknowledged there: the topic was made anew", p);
      partition.position = partition.low;
    } else if (mark.next_offset < partition.low) {
      ++trimmed;
      partition.position = partition.low;
    } else if (mark.last_sequence != 0 && mark.next_offset > partition.low) {
      partition.position = mark.next_offset - 1;
      partition.check = mark;
    } else {
      partition.position = mark.next_offset;
    }
  }
  if (trimmed != 0) {
    notes.push_back(fmt::format(
        "at least once at this start: the topic's retention has removed records of {} partition(s) that were "
        "to be read back; events under way at the last end may be there twice",
        trimmed));
  }
}

void ReadBack::start_reading(std::int32_t partition) {
  Partition& p = partitions_[static_cast<std::size_t>(partition)];
  if (p.reading) return;
  p.reading = rd_kafka_consume_start_queue(topic_, partition, p.position, queue_.get()) == 0;
}

void ReadBack::stop_reading(std::int32_t partition) {
  Partition& p = partitions_[static_cast<std::size_t>(partition)];
  if (p.reading) (void)rd_kafka_consume_stop(topic_, partition);
  p.reading = false;
}

void ReadBack::read_from_beginning(std::int32_t partition) {
  Partition& p = partitions_[static_cast<std::size_t>(partition)];
  stop_reading(partition);
  p.check.reset();
  p.last_sequence = 0;
  p.restarted = true;
  p.reading = rd_kafka_consume_start_queue(topic_, partition, RD_KAFKA_OFFSET_BEGINNING, queue_.get()) == 0;
  p.position = 0;
}

bool ReadBack::all_read() const noexcept {
  return std::ranges::all_of(partitions_, [](const Partition& p) { return p.position >= p.end; });
}

bool ReadBack::extend(const std::vector<std::int64_t>& high) {
  for (std::size_t p = 0; p < partitions_.size() && p < high.size(); ++p)
    partitions_[p].end = std::max(partitions_[p].end, high[p]);
  return !all_read();
}

ReadEnd ReadBack::read(std::stop_token stop) {
  auto last_progress = std::chrono::steady_clock::now();
  std::array<rd_kafka_message_t*, kMessagesAtOnce> messages;
  while (!all_read()) {
    if (stop.stop_requested()) return ReadEnd::stopped;
    for (std::size_t p = 0; p < partitions_.size(); ++p)
      if (partitions_[p].position < partitions_[p].end) start_reading(static_cast<std::int32_t>(p));
    const ssize_t count =
        rd_kafka_consume_batch_queue(queue_.get(), kWaitMs, messages.data(), messages.size());
    bool allowed = true;
    for (ssize_t i = 0; i < count; ++i) {
      allowed = take(messages[static_cast<std::size_t>(i)]) && allowed;
      rd_kafka_message_destroy(messages[static_cast<std::size_t>(i)]);
    }
    for (Partition& partition : partitions_) partition.restarted = false;
    if (!batch_.empty()) listener_.found(batch_);
    found_ += batch_.size();
    batch_.clear();
    if (!allowed) return ReadEnd::forbidden;
    rd_kafka_poll(client_, 0);  // the client's errors reach their callback
    const auto now = std::chrono::steady_clock::now();
    if (count > 0) last_progress = now;
    if (now - last_progress > kStallTime) return ReadEnd::stalled;
  }
  return ReadEnd::done;
}

bool ReadBack::take(const rd_kafka_message_t* message) {
  Partition& partition = partitions_[static_cast<std::size_t>(message->partition)];
  if (partition.restarted) return true;
  switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      take_record(partition, message);
      return true;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      // The last offsets can be ones that hold no record: marks of others' transactions.
      if (message->offset > partition.position) partition.last_sequence = 0;
      partition.position = std::max(partition.position, message->offset);
      return true;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return false;
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      // Retention or a new topic overtook the plan: what is there still can be read.
      read_from_beginning(message->partition);
      return true;
    default:
      return true;  // librdkafka goes on by itself
  }
}

void ReadBack::take_record(Partition& partition, const rd_kafka_message_t* message) {
  const auto marks = read_marks(message);
  const bool ours = marks && marks->journal_id == request_.journal_id;
  if (partition.check) {
    const PartitionMark check = *partition.check;
    partition.check.reset();
    if (message->offset == check.next_offset - 1) {
      if (!ours || marks->sequence != check.last_sequence) {
        observability::log().warn(
            "kafka: partition {} holds other records than those acknowledged there: the topic was made anew",
            message->partition);
        read_from_beginning(message->partition);
        return;
      }
      partition.position = message->offset + 1;
      partition.last_sequence = check.last_sequence;
      return;
    }
  }
  if (ours && marks->sequence > request_.low_water) batch_.push_back({marks->sequence, id_mark(marks->id)});
  partition.position = message->offset + 1;
  partition.last_sequence = ours ? marks->sequence : 0;
}

std::vector<PartitionMark> ReadBack::marks() const {
  std::vector<PartitionMark> marks;
  marks.reserve(partitions_.size());
  for (const Partition& p : partitions_)
    marks.push_back({.next_offset = p.position, .last_sequence = p.last_sequence});
  return marks;
}

}  // namespace user_events::destinations::kafka
