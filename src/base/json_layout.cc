#include "base/json_layout.h"

namespace user_events::base {
namespace {

/// The end of the string whose opening quote is at `begin`.
std::size_t behind_string(std::string_view json, std::size_t begin) {
  for (std::size_t i = begin + 1; i < json.size(); ++i) {
    if (json[i] == '\\')
      ++i;
    else if (json[i] == '"')
      return i + 1;
  }
  return json.size();
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

std::string lay_out(std::string_view json) {
  std::string out;
  out.reserve(json.size() * 2);
  std::size_t level = 0;
  bool is_empty = false;  // nothing yet in the innermost object or array
  const auto break_line = [&] { out.append("\n").append(2 * level, ' '); };
  for (std::size_t i = 0; i < json.size();) {
    const char c = json[i];
    if (is_space(c)) {
      ++i;
      continue;
    }
    if (c == '}' || c == ']') {
      --level;
      if (!is_empty) break_line();
      is_empty = false;
      out += json[i++];
      continue;
    }
    if (is_empty) break_line();
    is_empty = false;
    if (c == '"') {
      const std::size_t end = behind_string(json, i);
      out += json.substr(i, end - i);
      i = end;
      continue;
    }
    out += c;
    ++i;
    if (c == ':') out += ' ';
    if (c == ',') break_line();
    if (c == '{' || c == '[') {
      ++level;
      is_empty = true;
    }
  }
  return out + "\n";
}

}  // namespace user_events::base
