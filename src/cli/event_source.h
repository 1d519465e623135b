// Where `tail` and `status` read: a daemon, or a data directory whose daemon is down.
#pragma once

#include <memory>
#include <string>

#include "cli/answers.h"
#include "cli/commands.h"
#include "user_events/publisher.h"

namespace user_events::cli {

class EventSource {
 public:
  virtual ~EventSource() = default;
  [[nodiscard]] virtual Result<Page> page(const ReadQuery& query) = 0;
  [[nodiscard]] virtual Result<Status> status() = 0;
  [[nodiscard]] virtual Result<std::string> status_json() = 0;
};

/// `data_dir` empty: the daemon of the environment. Else the directory, read-only and under its lock. Errors:
/// usage, unavailable
/// (`data-directory-in-use`: ask the daemon instead), not_found.
[[nodiscard]] Result<std::unique_ptr<EventSource>> open_source(const ClientArguments& client,
                                                               const std::string& data_dir);

/// `/v1/events` or `/v1/events/stream` with the query's filters.
[[nodiscard]] std::string events_path(std::string_view path, const ReadQuery& query, bool with_limit);

}  // namespace user_events::cli
