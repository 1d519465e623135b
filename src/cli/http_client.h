// The command line's way to the daemon: HTTP over libcurl.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "user_events/error.h"

namespace user_events::cli {

struct Answer {
  int status = 0;
  std::string body;
};

/// Takes a piece of an answer's body; false ends the transfer.
using TakeBody = std::function<bool(int http_status, std::string_view piece)>;

/// Where the pieces of a streamed request body come from.
class BodySource {
 public:
  virtual ~BodySource() = default;
  enum class State : std::uint8_t { data, wait, end };
  /// Fills up to `size` bytes; `size` becomes how many. `wait`: nothing now, ask again when `descriptor` is
  /// readable.
  virtual State read(char* out, std::size_t& size) = 0;
  /// What to wait for; -1: nothing, ask again soon.
  [[nodiscard]] virtual int descriptor() const = 0;
  /// Called at least five times a second, for clocks and progress.
  virtual void tick() = 0;
};

/// One daemon. Not thread-safe. Every function's errors: unavailable (cannot connect, connection lost), or
/// what the daemon's problem document says.
class HttpClient {
 public:
  /// `USER_EVENTS_URL` (default http://127.0.0.1:8080); the token from `token_file`, else
  /// `USER_EVENTS_TOKEN`, else none. For https also `USER_EVENTS_CA_FILE`, `USER_EVENTS_CERT_FILE`, `USER_EVENTS_KEY_FILE`. Error `usage`.
  [[nodiscard]] static Result<HttpClient> from_environment(const std::string& token_file);
  HttpClient(HttpClient&&) noexcept;
  ~HttpClient();

  /// TLS, or the loopback interface: nobody on the way reads or answers.
  [[nodiscard]] bool is_protected() const;
  /// A whole answer of at most 64 MiB; a status of 400 and above is an Error.
  [[nodiscard]] Result<std::string> get(std::string_view path);
  [[nodiscard]] Result<std::string> post(std::string_view path, std::string_view content_type,
                                         std::string_view body);

  /// An answer without end, until it ends or `take` returns false. `headers` are whole lines.
  [[nodiscard]] Result<void> get_stream(std::string_view path, const std::vector<std::string>& headers,
                                        const TakeBody& take);
  /// A request without end; the answer is taken while the request is still being sent.
  [[nodiscard]] Result<void> post_stream(std::string_view path, std::string_view content_type,
                                         BodySource& source, const TakeBody& take);

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Percent-encodes a query value or path segment (RFC 3986).
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace user_events::cli
