// The caller's further attributes as text. They were written by formation with `append_json_string`, so that
// only its escapes occur.
#include "encoding/envelope.h"

namespace user_events::encoding {
namespace {

/// Index of the quote that ends the JSON string whose first character is text[1]; npos if none does.
std::size_t end_of_string(std::string_view text) noexcept {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      return i;
  }
  return std::string_view::npos;
}

void unescape(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size())
      ++i;  // control characters are refused at formation: only \" and \\ remain
    out += text[i];
  }
}

}  // namespace

bool ExtensionReader::next() {
  if (rest_.starts_with(',')) rest_.remove_prefix(1);
  if (!rest_.starts_with('"')) return false;
  const std::size_t name_end = end_of_string(rest_);
  if (name_end == std::string_view::npos || name_end + 1 >= rest_.size() || rest_[name_end + 1] != ':')
    return false;
  name_ = rest_.substr(1, name_end - 1);
  rest_.remove_prefix(name_end + 2);
  if (!rest_.starts_with('"')) {
    value_ = rest_.substr(0, rest_.find(','));
    rest_.remove_prefix(value_.size());
    return true;
  }
  const std::size_t value_end = end_of_string(rest_);
  if (value_end == std::string_view::npos) return false;
  value_ = rest_.substr(1, value_end - 1);
  rest_.remove_prefix(value_end + 1);
  if (value_.find('\\') != std::string_view::npos) {
    unescape(value_, unescaped_);
    value_ = unescaped_;
  }
  return true;
}

}  // namespace user_events::encoding
