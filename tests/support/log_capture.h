// What the product logs while a test runs.
#pragma once

#include <spdlog/sinks/ostream_sink.h>

#include <memory>
#include <sstream>
#include <string>

#include "observability/log.h"

namespace user_events::test {

/// Made before, and gone after, every thread that may log: the logger's list of sinks is not guarded.
class LogCapture {
 public:
  LogCapture() {
    sink_->set_pattern("%l %v");
    observability::log().sinks().push_back(sink_);
  }
  ~LogCapture() { std::erase(observability::log().sinks(), spdlog::sink_ptr(sink_)); }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  /// Only while nothing logs.
  [[nodiscard]] std::string text() const { return out_.str(); }

 private:
  std::ostringstream out_;
  std::shared_ptr<spdlog::sinks::ostream_sink_mt> sink_ = std::make_shared<spdlog::sinks::ostream_sink_mt>(out_);
};

}  // namespace user_events::test
