#include "http_client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <simdjson.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <stdexcept>

namespace user_events::server::testing {

using Clock = std::chrono::steady_clock;

std::string json_at(std::string_view document, std::string_view pointer) {
  simdjson::dom::parser parser;
  simdjson::dom::element root, found;
  if (parser.parse(document.data(), document.size()).get(root) != simdjson::SUCCESS) return "<no JSON>";
  if (root.at_pointer(pointer).get(found) != simdjson::SUCCESS) return "<none>";
  std::string_view text;
  if (found.get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::minify(found);
}

std::string Answer::field(const std::string& name) const {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

std::string Answer::at(std::string_view pointer) const { return json_at(body, pointer); }

std::string Answer::problem() const {
  constexpr std::string_view kPrefix = "urn:user-events:problem:";
  const auto type = at("/type");
  return field("content-type") == "application/problem+json" && type.starts_with(kPrefix)
             ? type.substr(kPrefix.size())
             : "<no problem: " + body + ">";
}

Client::Client(std::uint16_t port) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect");
}

Client::~Client() { ::close(socket_); }

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Client::close_sending() { ::shutdown(socket_, SHUT_WR); }

void Client::set_receive_buffer(int bytes) {
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

bool Client::fill(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd waiting{socket_, POLLIN, 0};
  if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) <= 0) return false;
  char piece[65'536];
  const auto received = ::recv(socket_, piece, sizeof piece, 0);
  if (received <= 0) return false;
  buffer_.append(piece, static_cast<std::size_t>(received));
  return true;
}

std::optional<std::string> Client::line(Clock::time_point deadline) {
  std::size_t end;
  while ((end = buffer_.find("\r\n")) == std::string::npos)
    if (!fill(deadline)) return std::nullopt;
  auto text = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return text;
}

bool Client::take(std::size_t count, std::string& out, Clock::time_point deadline) {
  while (buffer_.size() < count)
    if (!fill(deadline)) return false;
  out.append(buffer_, 0, count);
  buffer_.erase(0, count);
  return true;
}

Answer Client::receive(bool head, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  Answer answer;
  const auto status_line = line(deadline);
  if (!status_line || !status_line->starts_with("HTTP/1.1 ")) return answer;
  std::from_chars(status_line->data() + 9, status_line->data() + 12, answer.status);
  for (;;) {
    const auto text = line(deadline);
    if (!text) return answer;
    if (text->empty()) break;
    const auto colon = text->find(':');
    auto name = text->substr(0, colon);
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    answer.fields[name] = text->substr(std::min(colon + 2, text->size()));
  }
  if (answer.status == 100) {
    ++continues;
    return receive(head, timeout);
  }
  if (head) {
    answer.whole = true;
  } else if (const auto length = answer.field("content-length"); !length.empty()) {
    answer.whole = take(std::stoul(length), answer.body, deadline);
  } else if (answer.field("transfer-encoding") == "chunked") {
    for (;;) {
      const auto size_text = line(deadline);
      if (!size_text) return answer;
      const auto size = std::stoul(*size_text, nullptr, 16);
      std::string ignored;
      if (size == 0) {
        answer.whole = take(2, ignored, deadline);
        break;
      }
      if (!take(size, answer.body, deadline) || !take(2, ignored, deadline)) return answer;
    }
  } else {
    while (fill(deadline)) {
    }
    answer.body.swap(buffer_);
    answer.whole = true;
  }
  return answer;
}

Answer Client::request(std::string_view bytes) {
  send(bytes);
  return receive(bytes.starts_with("HEAD "));
}

std::string Client::read_until(std::string_view text, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  std::size_t seen = 0;  // before it the text is not
  while (buffer_.find(text, seen) == std::string::npos) {
    seen = buffer_.size() - std::min(buffer_.size(), text.size());
    if (!fill(deadline)) break;
  }
  return buffer_;
}

bool Client::ended(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  while (fill(deadline)) {
  }
  return Clock::now() < deadline;
}

std::string post(std::string_view content_type, std::string_view body, std::string_view query,
                 std::string_view more_fields) {
  return fmt::format(
      "POST /v1/events{} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\n{}Content-Length: {}\r\n\r\n{}",
      query, content_type, more_fields, body.size(), body);
}

std::string get(std::string_view target, std::string_view more_fields) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", target, more_fields);
}

}  // namespace user_events::server::testing
