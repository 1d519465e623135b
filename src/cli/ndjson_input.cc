#include "cli/ndjson_input.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace user_events::cli {
namespace {

constexpr std::size_t kBufferBytes = 256 << 10;  // a longer line is handed out in pieces

bool is_readable(int descriptor, int timeout_ms) {
  pollfd one{descriptor, POLLIN, 0};
  return ::poll(&one, 1, timeout_ms) > 0;  // regular files always are
}

}  // namespace

NdjsonInput::NdjsonInput(int descriptor, std::chrono::milliseconds silence, std::function<void()> on_tick)
    : descriptor_(descriptor),
      silence_(silence),
      on_tick_(std::move(on_tick)),
      last_input_(std::chrono::steady_clock::now()) {}

bool NdjsonInput::wait_for_input() {
  constexpr int kTickMs = 200;
  is_in_request_ = false;
  while (begin_ == buffer_.size() && !is_at_end_) {
    if (is_readable(descriptor_, kTickMs)) fill();
    on_tick_();
  }
  return begin_ < buffer_.size();
}

void NdjsonInput::fill() {
  buffer_.erase(0, std::exchange(begin_, 0));
  const std::size_t old = buffer_.size();
  if (old >= kBufferBytes) return;
  buffer_.resize(kBufferBytes);
  const auto got = ::read(descriptor_, buffer_.data() + old, kBufferBytes - old);
  buffer_.resize(old + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got > 0) {
    last_input_ = std::chrono::steady_clock::now();
  } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
    if (got < 0) error_ = errno;
    is_at_end_ = true;
  }
}

// How many bytes may go: whole lines, or a piece where the line is longer than the buffer, or the last line
// as it is.
std::size_t NdjsonInput::ready(std::size_t room) const {
  const std::string_view rest = std::string_view(buffer_).substr(begin_);
  const auto within_room = rest.substr(0, room);
  const auto newline = within_room.rfind('\n');
  if (newline != std::string_view::npos) return newline + 1;
  const bool has_whole_line = rest.find('\n') != std::string_view::npos;
  const bool fills_buffer = rest.size() >= kBufferBytes;
  return has_whole_line || fills_buffer || is_at_end_ ? within_room.size() : 0;
}

BodySource::State NdjsonInput::read(char* out, std::size_t& size) {
  std::size_t count = ready(size);
  while (count == 0 && !is_at_end_ && is_readable(descriptor_, 0)) {
    fill();
    count = ready(size);
  }
  if (count == 0) {
    if (is_at_end_) return State::end;
    const bool is_silent = std::chrono::steady_clock::now() - last_input_ >= silence_;
    return is_silent && is_in_request_ && !is_within_line_ ? State::end : State::wait;
  }
  std::memcpy(out, buffer_.data() + begin_, count);
  begin_ += count;
  size = count;
  const std::string_view given(out, count);
  lines_ += static_cast<std::uint64_t>(std::ranges::count(given, '\n'));
  bytes_ += count;
  is_within_line_ = given.back() != '\n';
  if (is_within_line_ && is_at_end_ && begin_ == buffer_.size()) ++lines_;
  is_in_request_ = true;
  return State::data;
}

}  // namespace user_events::cli
