#include "audit/denials.h"

#include "base/json_writer.h"

namespace user_events::audit {

bool Denials::note(std::string_view principal, std::string_view reason, std::string_view action) {
  const std::lock_guard lock(mutex_);
  const bool is_first = sums_.empty() && other_ == 0;
  const std::tuple key{std::string(principal), std::string(reason), std::string(action)};
  if (sums_.size() < kMaxDenialSums || sums_.contains(key))
    ++sums_[key];
  else
    ++other_;
  return is_first;
}

std::string Denials::take() {
  decltype(sums_) sums;
  std::uint64_t other = 0;
  {
    const std::lock_guard lock(mutex_);
    sums.swap(sums_);
    std::swap(other, other_);
  }
  std::string out;
  if (sums.empty()) return out;
  out += R"("requests":[)";
  for (const auto& [key, count] : sums) {
    const auto& [principal, reason, action] = key;
    if (out.back() != '[') out += ',';
    base::ObjectWriter object(out);
    object.text("principal", principal);
    object.text("reason", reason);
    if (!action.empty()) object.text("action", action);
    object.number("count", count);
    object.end();
  }
  out += ']';
  if (other != 0) {
    out += R"(,"other":)";
    base::append_json_number(other, out);
  }
  return out;
}

}  // namespace user_events::audit
