// Reading the end of each partition back, to find our own records there.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "destinations/kafka/client.h"
#include "destinations/kafka/survey.h"
#include "destinations/kafka/topic_view.h"

namespace user_events::destinations::kafka {

enum class ReadEnd : std::uint8_t {
  done,
  stopped,
  stalled,    ///< No progress for kStallTime; try again from the start.
  forbidden,  ///< No right to read the topic.
};

inline constexpr std::chrono::seconds kStallTime{30};

/// Used by one thread. Partitions that need no reading cost nothing.
class ReadBack {
 public:
  ReadBack(rd_kafka_t* client, rd_kafka_topic_t* topic, const SurveyRequest& request,
           SurveyListener& listener);
  ~ReadBack();
  ReadBack(const ReadBack&) = delete;
  ReadBack& operator=(const ReadBack&) = delete;

  /// Decides where each partition is read from. `notes` gets what can't be known any more.
  void plan(const Watermarks& marks, bool same_topic, std::vector<std::string>& notes);
  /// Reads every partition up to its planned end.
  [[nodiscard]] ReadEnd read(std::stop_token stop);
  /// Extends the planned ends to `high`; true if there is more to read.
  [[nodiscard]] bool extend(const std::vector<std::int64_t>& high);

  /// Records of ours seen so far that were not known before.
  [[nodiscard]] std::uint64_t found() const noexcept { return found_; }
  /// Where a next reading would begin.
  [[nodiscard]] std::vector<PartitionMark> marks() const;

 private:
  struct Partition {
    std::int64_t low = 0;                ///< The first offset there is.
    std::int64_t position = 0;           ///< The next to read.
    std::int64_t end = 0;                ///< Read up to here.
    std::uint64_t last_sequence = 0;     ///< Of our record at position - 1; 0: not ours or not known.
    std::optional<PartitionMark> check;  ///< The record before this mark must still be the one we know.
    bool reading = false;
    bool restarted = false;  ///< What is left of the current batch was read before the restart.
  };

  void start_reading(std::int32_t partition);
  void stop_reading(std::int32_t partition);
  void read_from_beginning(std::int32_t partition);
  [[nodiscard]] bool all_read() const noexcept;
  /// False: no right to read.
  [[nodiscard]] bool take(const rd_kafka_message_t* message);
  void take_record(Partition& partition, const rd_kafka_message_t* message);

  rd_kafka_t* client_;
  rd_kafka_topic_t* topic_;
  const SurveyRequest& request_;
  SurveyListener& listener_;
  Queue queue_;
  std::vector<Partition> partitions_;
  std::vector<Found> batch_;  ///< Found in the messages being taken.
  std::uint64_t found_ = 0;
};

}  // namespace user_events::destinations::kafka
