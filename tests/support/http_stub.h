// A small HTTP server for what no emulator gives: chosen status codes, metadata endpoints. One request a connection.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace user_events::tests {

struct StubRequest {
  std::string line;     ///< `POST /path HTTP/1.1`
  std::string headers;  ///< As sent, names included.
  std::string body;
};

class HttpStub {
 public:
  /// The whole answer without `HTTP/1.1 `: `200 OK\r\n\r\nbody`. Empty: the connection is closed without an answer.
  using Handler = std::function<std::string(const StubRequest&)>;
  explicit HttpStub(Handler handler);
  ~HttpStub();
  HttpStub(const HttpStub&) = delete;
  HttpStub& operator=(const HttpStub&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// So far, in order.
  [[nodiscard]] std::vector<StubRequest> requests() const;

 private:
  void serve(const std::stop_token& stop);
  void answer(int connection);

  Handler handler_;
  int listener_ = -1, port_ = 0;
  mutable std::mutex mutex_;
  std::vector<StubRequest> requests_;
  std::jthread thread_;
};

}  // namespace user_events::tests
