#include "observability/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <memory>

namespace user_events::observability {
namespace {

std::shared_ptr<spdlog::logger> make_logger() {
  auto logger = std::make_shared<spdlog::logger>("user-events", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_level(spdlog::level::warn);
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  return logger;
}

const std::shared_ptr<spdlog::logger>& instance() {
  static const std::shared_ptr<spdlog::logger> logger = make_logger();
  return logger;
}

}  // namespace

spdlog::logger& log() { return *instance(); }

void configure_log(const LogOptions& options) {
  log().set_level(spdlog::level::from_str(options.level == "warn" ? "warning" : options.level));
  log().flush_on(spdlog::level::warn);
  if (options.format == "json")
    log().set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%v"})", spdlog::pattern_time_type::utc);
}

}  // namespace user_events::observability
