// A raw HTTP client for the tests: sends exactly the bytes it is given, and reads answers the way the
// protocol says.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace user_events::server::testing {

struct Answer {
  int status = 0;                             ///< 0: the connection ended, or nothing came in time.
  std::map<std::string, std::string> fields;  ///< Names in lower case.
  std::string body;                           ///< Chunks joined.
  bool whole = false;                         ///< The body came to its proper end.

  [[nodiscard]] std::string field(const std::string& name) const;
  /// Text of the JSON value at a pointer, or `<none>`. Numbers and booleans as JSON writes them.
  [[nodiscard]] std::string at(std::string_view pointer) const;
  /// The stable code at the end of a problem's `type`.
  [[nodiscard]] std::string problem() const;
};

/// Text of the value at `pointer` of a JSON document, or `<none>`.
[[nodiscard]] std::string json_at(std::string_view document, std::string_view pointer);

class Client {
 public:
  explicit Client(std::uint16_t port);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// False once the peer has gone.
  bool send(std::string_view bytes);
  void close_sending();
  /// Reads one answer (after any `100 Continue`, which it counts). `head`: of a HEAD request, without a body.
  Answer receive(bool head = false, std::chrono::milliseconds timeout = std::chrono::seconds(20));
  /// send and receive.
  Answer request(std::string_view bytes);
  /// Reads until `text` has come, and returns everything read so far; also at the end or the time-out.
  std::string read_until(std::string_view text, std::chrono::milliseconds timeout = std::chrono::seconds(20));
  /// True if the peer ends the connection in time.
  bool ended(std::chrono::milliseconds timeout = std::chrono::seconds(20));
  void set_receive_buffer(int bytes);

  int continues = 0;

 private:
  bool fill(std::chrono::steady_clock::time_point deadline);
  std::optional<std::string> line(std::chrono::steady_clock::time_point deadline);
  bool take(std::size_t count, std::string& out, std::chrono::steady_clock::time_point deadline);

  int socket_ = -1;
  std::string buffer_;
};

/// `POST /v1/events` with this body.
[[nodiscard]] std::string post(std::string_view content_type, std::string_view body,
                               std::string_view query = {}, std::string_view more_fields = {});
[[nodiscard]] std::string get(std::string_view target, std::string_view more_fields = {});

}  // namespace user_events::server::testing
