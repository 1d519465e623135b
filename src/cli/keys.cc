// keys list, forget, rotate.
#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/try.h"
#include "cli/answer_json.h"
#include "cli/commands.h"
#include "cli/http_client.h"
#include "cli/output.h"
#include "cli/requester.h"

namespace user_events::cli {
namespace {

Result<std::string> report_text(std::string_view body) {
  Document document;
  if (!parse_object(body, document)) return not_understood();
  const auto& root = document.root;
  if (!flag(root, "sealed")) return std::string("events are not sealed: set privacy.master_key in the configuration\n");
  std::string out = printable(fmt::format("master key   {}", text(root, "masterKey"))) + "\n";
  out += printable(fmt::format("epoch        {}, since {}", number(root, "epoch"), text(root, "epochSince"))) + "\n";
  out += fmt::format("users        {}, with {} key(s)", grouped(number(root, "users")), grouped(number(root, "keys")));
  if (const auto oldest = text(root, "oldestKey"); !oldest.empty()) out += printable(", the oldest since " + oldest);
  out += fmt::format("\nspare keys   {}\nforgotten    {}\n", grouped(number(root, "spareKeys")), grouped(number(root, "forgotten")));
  if (!flag(root, "memoryLocked")) out += "keys in memory are not locked and can reach swap: raise LimitMEMLOCK\n";
  return out;
}

}  // namespace

Result<void> keys_list(const KeysArguments& arguments) {
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string body, client.get("/v1/keys"));
  if (arguments.json) return write_result(body + "\n");
  UE_TRY_ASSIGN(const std::string out, report_text(body));
  return write_result(out);
}

Result<void> keys_forget(const KeysArguments& arguments) {
  std::string body;
  base::ObjectWriter object(body);
  if (!arguments.user.empty())
    object.text("user", arguments.user);
  else
    object.text("identifier", arguments.email.empty() ? arguments.username : arguments.email);
  object.text("reason", arguments.reason);
  if (arguments.now) object.boolean("now", true);
  body += requester_member();
  object.end();
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string answer, client.post("/v1/keys/forget", "application/json", body));
  if (arguments.json) return write_result(answer + "\n");
  Document document;
  if (!parse_object(answer, document)) return not_understood();
  const auto keys = number(document.root, "keysDestroyed");
  if (keys == 0) return write_result("nobody of that name has a key: there was nothing to forget\n");
  std::string out = fmt::format("forgotten: {} key(s) destroyed{}\n", keys, flag(document.root, "announced") ? ", and user.erased published" : "");
  if (const auto kept = number(document.root, "kept"); kept != 0)
    out += fmt::format("{} key(s) of events without a user stay: they name another user, too\n", kept);
  return write_result(out);
}

Result<void> keys_rotate(const KeysArguments& arguments) {
  std::string body;
  base::ObjectWriter object(body);
  object.text("what", arguments.what);
  object.end();
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string answer, client.post("/v1/keys/rotate", "application/json", body));
  if (arguments.json) return write_result(answer + "\n");
  UE_TRY_ASSIGN(const std::string out, report_text(answer));
  return write_result(out);
}

}  // namespace user_events::cli
