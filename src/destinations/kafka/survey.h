// What must be known before a producer may send: the topic's partitions and limit, and which events are in it
// already. Done before every new producer, because only reading back tells what became of the requests of the
// one before.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "destinations/destination.h"
#include "destinations/kafka/config.h"
#include "destinations/kafka/resume.h"

namespace user_events::destinations::kafka {

struct SurveyRequest {
  /// Where to read from. Nothing: no event was ever sent there, so nothing needs reading.
  std::optional<Resume> from;
  std::string journal_id;
  std::uint64_t low_water = 0;  ///< Events up to here are known to be done.
};

struct Survey {
  Resume resume;                      ///< Everything of ours below it has been handed to the listener.
  std::uint64_t max_batch_bytes = 0;  ///< The topic's max.message.bytes; 0: not known.
  std::vector<std::string> notes;     ///< Reduced promises that follow from rights or lost offsets.
};

/// An event of ours that is in the topic.
struct Found {
  std::uint64_t sequence = 0;
  std::uint64_t id_mark = 0;  ///< destinations::id_mark of its id.
};

/// Called on the thread that surveys.
class SurveyListener {
 public:
  virtual ~SurveyListener() = default;
  /// Our events that are in the topic. May repeat.
  virtual void found(std::span<const Found> events) = 0;
  virtual void state(HealthState state, std::string detail) = 0;
};

/// Tries until it succeeds; nothing only when `stop` was requested (noticed within a few seconds). Memory:
/// bounded by kMaxFetchedKilobytes.
[[nodiscard]] std::optional<Survey> survey(const Config& config, const SurveyRequest& request,
                                           SurveyListener& listener, std::stop_token stop);

/// Waits, less if `stop` is requested.
void pause(std::stop_token stop, std::chrono::milliseconds time);

}  // namespace user_events::destinations::kafka
