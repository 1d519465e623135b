#include "destinations/name_template.h"

namespace user_events::destinations {
namespace {

constexpr std::string_view kType = "{type}";

std::unexpected<Error> bad(std::string_view text, std::string_view what) {
  return fail(ErrorKind::usage, "bad-template", "'" + std::string(text) + "': " + std::string(what),
              "the only placeholder is {type}; write {{ and }} for braces");
}

}  // namespace

Result<NameTemplate> NameTemplate::parse(std::string_view text) {
  NameTemplate result;
  result.parts_.emplace_back();
  for (std::size_t at = 0; at < text.size();) {
    const auto rest = text.substr(at);
    if (rest.starts_with("{{") || rest.starts_with("}}")) {
      result.parts_.back() += rest.front();
      at += 2;
    } else if (rest.starts_with(kType)) {
      result.parts_.emplace_back();
      at += kType.size();
    } else if (rest.front() == '{') {
      return bad(text, "unknown placeholder");
    } else if (rest.front() == '}') {
      return bad(text, "a brace is closed that was not opened");
    } else {
      result.parts_.back() += rest.front();
      ++at;
    }
  }
  return result;
}

void NameTemplate::append(std::string_view type, std::string& out) const {
  out += parts_.front();
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    out += type;
    out += parts_[i];
  }
}

std::string NameTemplate::expand(std::string_view type) const {
  std::string out;
  append(type, out);
  return out;
}

}  // namespace user_events::destinations
