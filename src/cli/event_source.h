// Where `tail`, `status` and `dead-letters list|show` read: a daemon, or a data directory whose daemon is down.
#pragma once

#include <memory>
#include <string>

#include "cli/answers.h"
#include "cli/commands.h"
#include "user_events/publisher.h"

namespace user_events::cli {

struct LetterQuery {
  DeadLetterFilter filter;
  std::uint64_t after = 0;
  std::size_t limit = 100;  ///< 1..1000.
  bool with_users = false;
};

class EventSource {
 public:
  virtual ~EventSource() = default;
  [[nodiscard]] virtual Result<Page> page(const ReadQuery& query) = 0;
  /// Where the journal ends now; a client that may read may ask.
  [[nodiscard]] virtual Result<std::uint64_t> last_sequence() = 0;
  [[nodiscard]] virtual Result<Status> status() = 0;
  [[nodiscard]] virtual Result<std::string> status_json() = 0;
  /// The answers of `/v1/dead-letters` and `/v1/dead-letters/{number}`.
  [[nodiscard]] virtual Result<std::string> letters_json(const LetterQuery& query) = 0;
  [[nodiscard]] virtual Result<std::string> letter_json(std::uint64_t number) = 0;
  /// Those of `/v1/dead-letters/discarded` and `/v1/dead-letters/discarded/{number}`.
  [[nodiscard]] virtual Result<std::string> discarded_json(const LetterQuery& query) = 0;
  [[nodiscard]] virtual Result<std::string> discarded_letter_json(std::uint64_t number) = 0;
};

/// `data_dir` empty: the daemon of the environment. Else the directory, read-only and under its lock. Errors:
/// usage, unavailable
/// (`data-directory-in-use`: ask the daemon instead), not_found.
[[nodiscard]] Result<std::unique_ptr<EventSource>> open_source(const ClientArguments& client,
                                                               const std::string& data_dir);

/// `/v1/events` or `/v1/events/stream` with the query's filters.
[[nodiscard]] std::string events_path(std::string_view path, const ReadQuery& query, bool with_limit);

}  // namespace user_events::cli
