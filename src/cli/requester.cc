#include "cli/requester.h"

#include <pwd.h>
#include <unistd.h>

#include <vector>

#include "base/json_text.h"

namespace user_events::cli {

std::string requester_member() {
  std::vector<char> buffer(16 << 10);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  const std::string name = found->pw_name;
  if (name.empty() || !base::is_valid_utf8(name)) return {};
  std::string out = ",\"by\":";
  base::append_json_string(name, out);
  return out;
}

}  // namespace user_events::cli
