// What benchmarks share: how a program ends, medians over rounds and rows of the table.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "user_events/error.h"

namespace user_events::bench {

/// Says why on standard error, after the program's name, and ends it with 1.
[[noreturn]] void die(const std::string& why);

/// The value of what does not fail unless the benchmark is wrong; dies of an error.
template <class T>
T must(Result<T> result) {
  if (!result) die(describe(result.error()));
  return *std::move(result);
}
inline void must(const Result<void>& result) {
  if (!result) die(describe(result.error()));
}

/// User and system time of this process, all threads, so far.
[[nodiscard]] double cpu_seconds();

[[nodiscard]] double median(std::vector<double> values);

/// One JSON object on a line of standard output, with the ratio to the reference.
void report(const std::string& name, const std::string& unit, double value, double reference);
void report(const std::string& name, const std::string& unit, double value, double reference, double ratio);

/// The same without a reference.
void report(const std::string& name, const std::string& unit, double value);

}  // namespace user_events::bench
