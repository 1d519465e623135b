// What lies in a directory, to see that nothing was changed.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace user_events::test {

/// Per path below `root`: kind, permissions, time of the last change, size and content.
inline std::map<std::string, std::string> picture_of(const std::filesystem::path& root) {
  namespace fs = std::filesystem;
  std::map<std::string, std::string> picture;
  const auto add = [&](const fs::path& path) {
    const auto status = fs::status(path);
    std::string& text = picture[path.string()];
    text = std::to_string(static_cast<int>(status.type())) + " " +
           std::to_string(static_cast<unsigned>(status.permissions())) + " " +
           std::to_string(fs::last_write_time(path).time_since_epoch().count()) + "\n";
    if (!fs::is_regular_file(status)) return;
    std::ifstream in(path, std::ios::binary);
    text.append(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  };
  add(root);
  for (const auto& entry : fs::recursive_directory_iterator(root)) add(entry.path());
  return picture;
}

}  // namespace user_events::test
