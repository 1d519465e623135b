#include "cli/made_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "base/try.h"
#include "cli/new_file.h"
#include "cli/output.h"
#include "exports/mark.h"

namespace user_events::cli {
namespace {

namespace fs = std::filesystem;

enum class Present : std::uint8_t { nothing, the_same, made, foreign };

Present look_at(const fs::path& path, const std::string& text) {
  std::error_code error;
  const auto status = fs::symlink_status(path, error);
  if (status.type() == fs::file_type::not_found) return Present::nothing;
  if (status.type() != fs::file_type::regular) return Present::foreign;
  std::ifstream file(path, std::ios::binary);
  const std::string present{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return Present::foreign;
  if (present == text) return Present::the_same;
  return std::string_view(present).substr(0, exports::kMarkedBytes).find(exports::kMark) != std::string_view::npos ? Present::made : Present::foreign;
}

Result<void> replace(const std::string& path, const std::string& text) {
  const std::string temporary = fmt::format("{}.{}.new", path, ::getpid());
  UE_TRY(write_new_file(temporary, text));
  std::error_code error;
  fs::rename(temporary, path, error);
  if (!error) return {};
  ::unlink(temporary.c_str());
  return fail(ErrorKind::io, "file-unwritable", fmt::format("{} cannot be replaced: {}", path, error.message()));
}

}  // namespace

Result<void> write_made_files(const std::string& folder, const std::vector<exports::TextFile>& files, bool force) {
  std::vector<Present> present;
  for (const auto& file : files) {
    const std::string path = (fs::path(folder) / file.path).string();
    present.push_back(look_at(path, file.text));
    if (present.back() == Present::foreign && !force)
      return fail(ErrorKind::conflict, "file-exists", fmt::format("{} exists already, and user-events did not make it", path),
                  "nothing was written; name another folder with --out, or overwrite it with --force");
  }
  std::string paths;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string path = (fs::path(folder) / files[i].path).string();
    if (present[i] == Present::nothing) UE_TRY(write_new_file(path, files[i].text));
    if (present[i] == Present::made || present[i] == Present::foreign) UE_TRY(replace(path, files[i].text));
    paths += printable(path) + "\n";
  }
  return write_result(paths);
}

}  // namespace user_events::cli
