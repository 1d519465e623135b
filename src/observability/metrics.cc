#include "observability/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace user_events::observability {

struct MetricsText::Impl {
  std::vector<prometheus::MetricFamily> families;

  prometheus::ClientMetric& add(const std::string& name, const std::string& help, prometheus::MetricType type,
                                const Labels& labels) {
    auto family = std::ranges::find(families, name, &prometheus::MetricFamily::name);
    if (family == families.end()) family = families.insert(families.end(), {name, help, type, {}});
    auto& metric = family->metric.emplace_back();
    for (const auto& [key, value] : labels) metric.label.push_back({key, value});
    return metric;
  }
};

MetricsText::MetricsText() : impl_(std::make_unique<Impl>()) {}
MetricsText::~MetricsText() = default;

void MetricsText::counter(const std::string& name, const std::string& help, double value, const Labels& labels) {
  impl_->add(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
}

void MetricsText::gauge(const std::string& name, const std::string& help, double value, const Labels& labels) {
  impl_->add(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
}

void MetricsText::process() {
  std::ifstream statm("/proc/self/statm");
  double pages_total = 0, pages_resident = 0;
  statm >> pages_total >> pages_resident;
  gauge("process_resident_memory_bytes", "Resident memory.", pages_resident * static_cast<double>(sysconf(_SC_PAGESIZE)));
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  counter("process_cpu_seconds_total", "User and system time.", seconds(usage.ru_utime) + seconds(usage.ru_stime));
  std::error_code error;
  const auto descriptors = std::distance(std::filesystem::directory_iterator("/proc/self/fd", error), {});
  if (!error) gauge("process_open_fds", "Open file descriptors.", static_cast<double>(descriptors));
}

std::string MetricsText::str() const { return prometheus::TextSerializer().Serialize(impl_->families); }

}  // namespace user_events::observability
