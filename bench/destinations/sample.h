// What one run gives, and medians of many.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "common/count_allocations.h"
#include "common/report.h"

namespace user_events::bench {

/// From the hand-over of each event to its acknowledgement. Used by one thread at a time.
class Latencies {
 public:
  explicit Latencies(std::size_t events) : sent_(events) { milliseconds_.reserve(events); }
  void sent(std::size_t index) { sent_[index] = Clock::now(); }
  void acknowledged(std::size_t index) {
    milliseconds_.push_back(std::chrono::duration<double, std::milli>(Clock::now() - sent_[index]).count());
  }
  /// 0 if nothing was recorded: a client that is not told of single acknowledgements.
  [[nodiscard]] double percentile(double share);

 private:
  using Clock = std::chrono::steady_clock;
  std::vector<Clock::time_point> sent_;
  std::vector<double> milliseconds_;
};

struct Sample {
  double events_per_second = 0;
  double cpu_seconds_per_million =
      0;                             ///< Of this process, its libraries' threads included; not the broker's.
  double allocations_per_event = 0;  ///< Calls of operator new: what C libraries allocate is not in it.
  double p50_ms = 0, p99_ms = 0;     ///< 0: not known.
};

/// `work` takes the recorder.
template <class Work>
[[nodiscard]] Sample take_sample(std::size_t events, Work&& work) {
  Latencies latencies(events);
  const std::size_t allocations = allocations_so_far();
  const double cpu = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  work(latencies);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  const auto count = static_cast<double>(events);
  return {.events_per_second = count / wall.count(),
          .cpu_seconds_per_million = (cpu_seconds() - cpu) / count * 1e6,
          .allocations_per_event = static_cast<double>(allocations_so_far() - allocations) / count,
          .p50_ms = latencies.percentile(0.50),
          .p99_ms = latencies.percentile(0.99)};
}

/// Two ways to send the same events, over several rounds in turns.
class Comparison {
 public:
  /// `subject` names the rows: `SUBJECT: rate` and so on.
  explicit Comparison(std::string subject) : subject_(std::move(subject)) {}
  void add(const Sample& reference, const Sample& ours) {
    reference_.push_back(reference);
    ours_.push_back(ours);
  }
  /// Medians of the rounds. The rate's ratio is the median of the rounds' ratios: what else the machine did
  /// in a round hit both.
  void report() const;
  void report_rate() const;

 private:
  [[nodiscard]] double median_of(const std::vector<Sample>& samples, double Sample::* value) const;
  void report_row(const char* what, const char* unit, double Sample::* value) const;

  std::string subject_;
  std::vector<Sample> reference_, ours_;
};

}  // namespace user_events::bench
