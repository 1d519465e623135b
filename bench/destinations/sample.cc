#include "destinations/sample.h"

#include <algorithm>

namespace user_events::bench {

double Latencies::percentile(double share) {
  if (milliseconds_.empty()) return 0;
  const auto at = milliseconds_.begin() +
                  static_cast<std::ptrdiff_t>(share * static_cast<double>(milliseconds_.size() - 1));
  std::ranges::nth_element(milliseconds_, at);
  return *at;
}

double Comparison::median_of(const std::vector<Sample>& samples, double Sample::* value) const {
  std::vector<double> values;
  for (const Sample& sample : samples) values.push_back(sample.*value);
  return median(std::move(values));
}

void Comparison::report_row(const char* what, const char* unit, double Sample::* value) const {
  const double ours = median_of(ours_, value), reference = median_of(reference_, value);
  const std::string name = subject_ + ": " + what;
  if (ours == 0) return;
  reference == 0 ? bench::report(name, unit, ours) : bench::report(name, unit, ours, reference);
}

void Comparison::report_rate() const {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours_.size(); ++i)
    ratios.push_back(ours_[i].events_per_second / reference_[i].events_per_second);
  const double ours = median_of(ours_, &Sample::events_per_second);
  bench::report(subject_ + ": rate", "events/s", ours, median_of(reference_, &Sample::events_per_second),
                median(std::move(ratios)));
}

void Comparison::report() const {
  report_rate();
  report_row("CPU", "s per million", &Sample::cpu_seconds_per_million);
  report_row("p50", "ms", &Sample::p50_ms);
  report_row("p99", "ms", &Sample::p99_ms);
  bench::report(subject_ + ": allocations", "per event", median_of(ours_, &Sample::allocations_per_event));
}

}  // namespace user_events::bench
