// Lines of a file or a pipe as the body of requests. A pipe that falls silent ends the request at a line's
// end, so that a daemon's time-out never cuts a stream off; the next line begins another request.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "cli/http_client.h"

namespace user_events::cli {

class NdjsonInput final : public BodySource {
 public:
  /// `descriptor` stays the caller's. `silence`: after so long without input a request ends. `on_tick` is for
  /// progress.
  NdjsonInput(int descriptor, std::chrono::milliseconds silence, std::function<void()> on_tick);

  /// Before each request: waits for input. False: there is none left.
  [[nodiscard]] bool wait_for_input();

  State read(char* out, std::size_t& size) override;
  [[nodiscard]] int descriptor() const override { return is_at_end_ ? -1 : descriptor_; }
  void tick() override { on_tick_(); }

  [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }  ///< Handed out so far, all requests.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] int error() const noexcept { return error_; }  ///< errno of a failed read; 0: none.

 private:
  void fill();
  [[nodiscard]] std::size_t ready(std::size_t room) const;

  int descriptor_;
  std::chrono::milliseconds silence_;
  std::function<void()> on_tick_;
  std::string buffer_;
  std::size_t begin_ = 0;  // of what is not handed out yet
  bool is_at_end_ = false;
  bool is_within_line_ = false;  // part of a line is handed out
  bool is_in_request_ = false;   // something of the present request is handed out
  std::chrono::steady_clock::time_point last_input_;
  std::uint64_t lines_ = 0, bytes_ = 0;
  int error_ = 0;
};

}  // namespace user_events::cli
