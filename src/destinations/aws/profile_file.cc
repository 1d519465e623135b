#include "destinations/aws/profile_file.h"

#include <fstream>

namespace user_events::destinations::aws {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// The profile that a section is about; empty: another kind of section.
std::string_view profile_of(std::string_view section, bool is_config_file) {
  if (!is_config_file || section == "default") return section;
  constexpr std::string_view kWord = "profile";
  if (!section.starts_with(kWord) || section.size() == kWord.size() || (section[kWord.size()] != ' ' && section[kWord.size()] != '\t'))
    return {};
  return trimmed(section.substr(kWord.size()));
}

}  // namespace

Profile read_profile(const std::string& path, std::string_view name, bool is_config_file) {
  Profile profile;
  std::ifstream file(path);
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    const bool is_nested = line.starts_with(' ') || line.starts_with('\t');
    const auto text = trimmed(line);
    if (text.empty() || text.front() == '#' || text.front() == ';') continue;
    if (text.front() == '[') {
      inside = profile_of(trimmed(text.substr(1, text.find(']') - 1)), is_config_file) == name;
    } else if (const auto equals = text.find('='); inside && !is_nested && equals != std::string_view::npos) {
      profile[std::string(trimmed(text.substr(0, equals)))] = trimmed(text.substr(equals + 1));
    }
  }
  return profile;
}

}  // namespace user_events::destinations::aws
