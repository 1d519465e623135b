#include "cli/new_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace user_events::cli {

Result<void> write_new_file(const std::string& path, std::string_view text, Readers readers) {
  const auto failed = [&](int reason) {
    return fail(ErrorKind::io, reason == EEXIST ? "file-exists" : "file-unwritable",
                reason == EEXIST
                    ? path + " exists already"
                    : fmt::format("{} cannot be written: {}", path, std::generic_category().message(reason)));
  };
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return failed(error.value());
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, readers == Readers::owner_only ? 0600 : 0666);
  if (file < 0) return failed(errno);
  while (!text.empty()) {
    const ssize_t done = ::write(file, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      const int reason = errno;
      ::close(file);
      ::unlink(path.c_str());  // half a file would stop the next load
      return failed(reason);
    }
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return ::close(file) == 0 ? Result<void>{} : failed(errno);
}

}  // namespace user_events::cli
