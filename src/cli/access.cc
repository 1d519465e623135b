// access token: makes a client's token.
#include <fmt/format.h>

#include "access/token.h"
#include "base/json_text.h"
#include "base/try.h"
#include "cli/commands.h"
#include "cli/new_file.h"
#include "cli/output.h"
#include "ports/random.h"

namespace user_events::cli {
namespace {

std::string as_json(const AccessTokenArguments& arguments, const std::string& token, const std::string& hash) {
  std::string out = "{\"name\":";
  base::append_json_string(arguments.name, out);
  if (arguments.out.empty()) out += fmt::format(",\"token\":\"{}\"", token);
  return out + fmt::format(",\"tokenSha256\":\"{}\"}}\n", hash);
}

std::string as_text(const AccessTokenArguments& arguments, const std::string& token, const std::string& hash) {
  const std::string place = arguments.out.empty() ? fmt::format("# The token, which is shown only now; for the client's --token-file or USER_EVENTS_TOKEN:\n{}\n\n", token)
                                                  : fmt::format("# The token is in {}\n", printable(arguments.out));
  std::string name;
  base::append_json_string(arguments.name, name);
  return place + fmt::format("# For the daemon's configuration, which keeps only its hash; say what the client may do (docs/security/access.md):\n"
                             "[[client]]\nname = {}\ntoken_sha256 = [\"{}\"]\ngrants = {{}}\n", name, hash);
}

}  // namespace

Result<void> access_token(const AccessTokenArguments& arguments) {
  const std::string token = access::make_token(ports::system_random());
  const std::string hash = access::to_hex(access::hash_token(token));
  if (!arguments.out.empty()) UE_TRY(write_new_file(arguments.out, token + "\n", Readers::owner_only));
  return write_result(arguments.json ? as_json(arguments, token, hash) : as_text(arguments, token, hash));
}

}  // namespace user_events::cli
