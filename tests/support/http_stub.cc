#include "support/http_stub.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace user_events::tests {

HttpStub::HttpStub(Handler handler) : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("http stub: cannot listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

HttpStub::~HttpStub() {
  thread_.request_stop();
  thread_.join();
  ::close(listener_);
}

std::vector<StubRequest> HttpStub::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void HttpStub::serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd ready{.fd = listener_, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, 50) != 1) continue;
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    answer(connection);
    ::close(connection);
  }
}

void HttpStub::answer(int connection) {
  std::string text;
  char buffer[4096];
  std::size_t head = std::string::npos, length = 0;
  while (head == std::string::npos || text.size() < head + 4 + length) {
    const ssize_t got = ::read(connection, buffer, sizeof buffer);
    if (got <= 0) return;
    text.append(buffer, static_cast<std::size_t>(got));
    head = text.find("\r\n\r\n");
    if (const auto at = text.find("Content-Length: "); head != std::string::npos && at < head) length = std::stoul(text.substr(at + 16));
  }
  const auto line = text.find("\r\n");
  StubRequest request{.line = text.substr(0, line), .headers = text.substr(line + 2, head - line), .body = text.substr(head + 4)};
  std::string reply = handler_(request);
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
  }
  if (reply.empty()) return;
  const auto end = reply.find("\r\n\r\n");
  const std::string body = reply.substr(end + 4);
  reply = "HTTP/1.1 " + reply.substr(0, end) + "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  (void)!::write(connection, reply.data(), reply.size());
}

}  // namespace user_events::tests
