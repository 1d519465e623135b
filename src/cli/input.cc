#include "cli/input.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iostream>

namespace user_events::cli {

Result<std::string> read_input(const std::string& path, std::size_t most_bytes, std::string_view name) {
  const bool is_standard = path == "-";
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorKind::usage, "input", fmt::format("{}: {} {}", name, is_standard ? "standard input" : path, why));
  };
  if (std::error_code error; !is_standard && std::filesystem::is_directory(path, error)) return refuse("is a folder");
  std::ifstream file;
  if (!is_standard) file.open(path, std::ios::binary);
  std::istream& in = is_standard ? std::cin : file;
  std::string text;
  char piece[64 << 10];
  while (in.read(piece, sizeof piece) || in.gcount() > 0) {
    text.append(piece, static_cast<std::size_t>(in.gcount()));
    if (text.size() > most_bytes) return refuse(fmt::format("is larger than {} bytes", most_bytes));
  }
  if (!in.eof()) return refuse("cannot be read");
  return text;
}

}  // namespace user_events::cli
