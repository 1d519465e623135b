// audit hold list, add, remove; audit index.
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

/// `name`: empty, it is in the path.
std::string order(std::string_view name, std::string_view reason) {
  std::string out;
  base::ObjectWriter object(out);
  if (!name.empty()) object.text("name", name);
  object.text("reason", reason);
  out += requester_member();
  object.end();
  return out;
}

}  // namespace

Result<void> audit_hold_list(const AuditArguments& arguments) {
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string body, client.get("/v1/audit/holds"));
  if (arguments.json) return write_result(body + "\n");
  Document document;
  simdjson::dom::array holds;
  if (!parse_object(body, document) || document.root["holds"].get_array().get(holds) != simdjson::SUCCESS) return not_understood();
  std::string out;
  for (const auto& hold : holds)
    out += printable(fmt::format("{}  since {}, by {}, from event {}: {}", text(hold, "name"), text(hold, "since"), text(hold, "by"), number(hold, "firstSequence"), text(hold, "reason"))) + "\n";
  return write_result(out.empty() ? "there is no hold: retention removes what it may\n" : out);
}

Result<void> audit_hold_add(const AuditArguments& arguments) {
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string body, client.post("/v1/audit/holds", "application/json", order(arguments.name, arguments.reason)));
  Document document;
  if (!parse_object(body, document)) return not_understood();
  return write_result(fmt::format("held: everything from event {} on, until the hold is removed\n", number(document.root, "firstSequence")));
}

Result<void> audit_hold_remove(const AuditArguments& arguments) {
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY(client.post(fmt::format("/v1/audit/holds/{}/remove", percent_encode(arguments.name)), "application/json", order({}, arguments.reason)));
  return write_result("removed\n");
}

Result<void> audit_index(const AuditArguments& arguments) {
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY(client.post("/v1/audit/index", "application/json", arguments.on == "on" ? R"({"on":true})" : R"({"on":false})"));
  return write_result(arguments.on == "on" ? "the index is made in the background; a search says how far it is\n" : "the index is removed\n");
}

}  // namespace user_events::cli
