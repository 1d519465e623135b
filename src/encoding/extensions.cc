// The caller's further attributes as text. They were written by formation with `append_json_string`, so that
// only its escapes occur.
#include "base/json_scan.h"
#include "encoding/envelope.h"

namespace user_events::encoding {
namespace {

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
  const std::size_t name_end = base::end_of_string(rest_, 1);
  if (name_end == std::string_view::npos || name_end + 1 >= rest_.size() || rest_[name_end + 1] != ':')
    return false;
  const std::string_view whole = rest_;
  name_ = rest_.substr(1, name_end - 1);
  rest_.remove_prefix(name_end + 2);
  if (!rest_.starts_with('"')) {
    value_ = rest_.substr(0, rest_.find(','));
    rest_.remove_prefix(value_.size());
    member_ = whole.substr(0, whole.size() - rest_.size());
    return true;
  }
  const std::size_t value_end = base::end_of_string(rest_, 1);
  if (value_end == std::string_view::npos) return false;
  value_ = rest_.substr(1, value_end - 1);
  rest_.remove_prefix(value_end + 1);
  member_ = whole.substr(0, whole.size() - rest_.size());
  if (value_.find('\\') != std::string_view::npos) {
    unescape(value_, unescaped_);
    value_ = unescaped_;
  }
  return true;
}

}  // namespace user_events::encoding
