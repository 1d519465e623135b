#include "privacy/subject.h"

#include <span>

#include "base/hex.h"

namespace user_events::privacy {

void append_lane(std::string_view prefix, const Subject& subject, std::string& out) {
  out += prefix;
  base::append_hex(text_of(subject), out);
}

std::optional<Subject> subject_of(std::string_view lane) noexcept {
  if (!lane.starts_with(kUserLane) && !lane.starts_with(kIdentifierLane)) return std::nullopt;
  Subject subject;
  if (!base::parse_hex(lane.substr(kUserLane.size()), {reinterpret_cast<unsigned char*>(subject.data()), subject.size()})) return std::nullopt;
  return subject;
}

}  // namespace user_events::privacy
