// What benchmarks share: measuring, medians over rounds, rows of the table, comparing with a bare client.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace user_events::bench {

/// Says why on standard error, after the program's name, and ends it with 1.
[[noreturn]] void die(const std::string& why);

/// User and system time of this process, all threads, so far.
[[nodiscard]] double cpu_seconds();

struct Measurement {
  double events_per_second = 0;
  double cpu_us_per_event = 0;
};

template <class Work>
[[nodiscard]] Measurement measure(std::size_t events, Work&& work) {
  const double cpu = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  const auto count = static_cast<double>(events);
  return {count / wall.count(), (cpu_seconds() - cpu) / count * 1e6};
}

[[nodiscard]] double median(std::vector<double> values);

/// One JSON object on a line of standard output, with the ratio to the reference.
void report(const std::string& name, const std::string& unit, double value, double reference);

/// The same without a reference.
void report(const std::string& name, const std::string& unit, double value);

/// Two ways to send the same events, over several rounds in turns.
class Comparison {
 public:
  void add(const Measurement& bare, const Measurement& ours);
  /// Rate and CPU, as medians of the rounds: rows `NAME` and `NAME, CPU`.
  void report(const std::string& name) const;

 private:
  std::vector<double> bare_rate_, bare_cpu_, our_rate_, our_cpu_;
};

}  // namespace user_events::bench
