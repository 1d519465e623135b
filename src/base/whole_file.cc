#include "base/whole_file.h"

#include <filesystem>
#include <span>

#include "base/try.h"

namespace user_events::base {

Result<std::string> read_whole(ports::FileSystem& files, const std::string& path, std::uint64_t most_bytes) {
  UE_TRY_ASSIGN(const auto file, files.open(path, ports::OpenMode::read));
  UE_TRY_ASSIGN(const auto size, file->size());
  if (size > most_bytes) return fail(ErrorKind::too_large, "file-too-large", path + " is larger than " + std::to_string(most_bytes) + " bytes");
  std::string text(size, '\0');
  UE_TRY_ASSIGN(const auto got, file->read_at(0, std::as_writable_bytes(std::span(text))));
  text.resize(got);
  return text;
}

Result<void> replace_whole(ports::FileSystem& files, const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new";
  UE_TRY_ASSIGN(const bool left_over, files.exists(fresh));
  if (left_over) UE_TRY(files.remove(fresh));
  {
    UE_TRY_ASSIGN(const auto file, files.open(fresh, ports::OpenMode::create_new));
    UE_TRY(file->write_at(0, std::as_bytes(std::span(text))));
    UE_TRY(file->sync_data());
  }
  UE_TRY(files.rename(fresh, path));
  const auto folder = std::filesystem::path(path).parent_path();
  return files.sync_directory(folder.empty() ? "." : folder.string());
}

}  // namespace user_events::base
