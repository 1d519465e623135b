#include "cli/time_switch.h"

#include <fmt/format.h>

namespace user_events::cli {

Result<Timestamp> parse_time_switch(std::string_view value, std::string_view name) {
  if (const auto time = base::parse_timestamp(value)) return *time;
  return fail(ErrorKind::usage, "bad-time", fmt::format("{} is no RFC 3339 time", name),
              "write for example 2026-11-24T09:00:00Z");
}

}  // namespace user_events::cli
