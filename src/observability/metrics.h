// Prometheus text format 0.0.4, written by prometheus-cpp from values that the rooms already keep.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace user_events::observability {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// Collects samples, then gives the text. Samples of one name belong to one family. Not thread-safe.
class MetricsText {
 public:
  MetricsText();
  ~MetricsText();
  void counter(const std::string& name, const std::string& help, double value, const Labels& labels = {});
  void gauge(const std::string& name, const std::string& help, double value, const Labels& labels = {});
  /// The conventional `process_*` metrics of this process, from /proc.
  void process();
  [[nodiscard]] std::string str() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace user_events::observability
