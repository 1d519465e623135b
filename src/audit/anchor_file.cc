#include "audit/anchor_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace user_events::audit {

Result<void> append_line(const std::string& path, std::string_view line) {
  const auto failed = [&](const char* what, int code) {
    return fail(ErrorKind::io, "audit-publish", std::string("cannot ") + what + " " + path + ": " + std::strerror(code), "audit.publish_to names the file");
  };
  const std::string text = std::string(line) + "\n";
  // Not blocking: nobody may read a pipe.
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
  if (file < 0) return failed("open", errno);
  const off_t end = ::lseek(file, 0, SEEK_END);
  const ssize_t written = ::write(file, text.data(), text.size());
  // Half a line would spoil the next one.
  if (written > 0 && written < static_cast<ssize_t>(text.size()) && end >= 0) (void)!::ftruncate(file, end);
  const int code = written < 0 ? errno : written != static_cast<ssize_t>(text.size()) ? ENOSPC : 0;
  const bool synced = code == 0 && (::fdatasync(file) == 0 || errno == EINVAL);
  const int sync_code = errno;
  ::close(file);
  if (code != 0) return failed("write to", code);
  if (!synced) return failed("write to", sync_code);
  return {};
}

}  // namespace user_events::audit
