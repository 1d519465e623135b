#include "common/report.h"

#include <errno.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace user_events::bench {

void die(const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, why.c_str());
  std::exit(1);
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void report(const std::string& name, const std::string& unit, double value, double reference) {
  report(name, unit, value, reference, value / reference);
}

void report(const std::string& name, const std::string& unit, double value, double reference, double ratio) {
  std::printf(R"({"name":"%s","value":%.6g,"unit":"%s","reference":%.6g,"ratio":%.3f})"
              "\n",
              name.c_str(), value, unit.c_str(), reference, ratio);
  std::fflush(stdout);
}

void report(const std::string& name, const std::string& unit, double value) {
  std::printf(R"({"name":"%s","value":%.6g,"unit":"%s"})"
              "\n",
              name.c_str(), value, unit.c_str());
  std::fflush(stdout);
}

}  // namespace user_events::bench
