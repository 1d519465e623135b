#include "cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace user_events::cli {
namespace {

bool progress_is_shown = false;

void write_error_stream(std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;  // nobody is left to be told
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void wipe_progress() {
  if (progress_is_shown) write_error_stream("\r\x1b[K");
  progress_is_shown = false;
}

}  // namespace

Result<void> write_result(std::string_view text) {
  wipe_progress();
  while (!text.empty()) {
    const auto written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      std::_Exit(0);
    } else if (errno != EINTR) {
      return fail(ErrorKind::io, "output",
                  fmt::format("cannot write to standard output: {}", std::strerror(errno)));
    }
  }
  return {};
}

void message(std::string_view line) {
  wipe_progress();
  write_error_stream(std::string(line) + "\n");
}

bool has_progress() noexcept {
  static const bool is_terminal = ::isatty(STDERR_FILENO) == 1;
  return is_terminal;
}

void progress(std::string_view line) {
  if (!has_progress()) return;
  write_error_stream(fmt::format("\r\x1b[K{}", line));
  progress_is_shown = true;
}

void print_error(const Error& error) {
  message(fmt::format("user-events: {}", printable(error.message)));
  for (const auto& field : error.fields) {
    if (field.detail == error.message) continue;
    const std::string_view place = field.pointer.empty() ? std::string_view("the body") : field.pointer;
    const bool has_place = field.detail.find(place) != std::string::npos;
    message(printable(has_place ? fmt::format("  {}", field.detail)
                                : fmt::format("  {}: {}", place, field.detail)));
  }
  if (!error.hint.empty()) message(fmt::format("  hint: {}", printable(error.hint)));
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (is_c1) ++i;
    if (byte < 0x20 || byte == 0x7F || is_c1)
      out += '?';
    else
      out += text[i];
  }
  return out;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string counted(std::uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(number), noun, number == 1 ? "" : "s");
}

}  // namespace user_events::cli
