// audit search: events and acts by user, type, time and principal.
#include <fmt/format.h>

#include "base/try.h"
#include "cli/answer_json.h"
#include "cli/commands.h"
#include "cli/http_client.h"
#include "cli/output.h"
#include "cli/time_switch.h"

namespace user_events::cli {
namespace {

Result<std::string> path_of(const AuditArguments& arguments) {
  std::string out = fmt::format("/v1/audit?limit={}", arguments.limit);
  const auto add = [&out](std::string_view name, std::string_view value) {
    if (!value.empty()) out.append("&").append(name).append("=").append(percent_encode(value));
  };
  add("user", arguments.user);
  for (const auto& type : arguments.types) add("type", type);
  add("principal", arguments.principal);
  add("before", arguments.before);
  for (const auto& [name, text] : {std::pair("since", &arguments.since), std::pair("until", &arguments.until)}) {
    if (text->empty()) continue;
    UE_TRY_ASSIGN(const auto time, parse_time_switch(*text, fmt::format("--{}", name)));
    add(name, time_text(time));
  }
  return out;
}

std::string entry_text(const simdjson::dom::element& entry) {
  const std::string principal = text(entry, "principal");
  std::string out = printable(fmt::format("{}  {:<6} {:>10}  {:<28} {:<16} {}", text(entry, "time"), text(entry, "journal"), number(entry, "sequence"),
                                          text(entry, "type"), principal.empty() ? "-" : principal, text(entry, "id"))) + "\n";
  simdjson::dom::element record;
  if (entry["record"].get(record) == simdjson::SUCCESS) out += "    " + printable(std::string(simdjson::minify(record))) + "\n";
  return out;
}

}  // namespace

Result<void> audit_search(const AuditArguments& arguments) {
  UE_TRY_ASSIGN(const std::string path, path_of(arguments));
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string body, client.get(path));
  if (arguments.json) return write_result(body + "\n");
  Document document;
  simdjson::dom::array entries;
  if (!parse_object(body, document) || document.root["entries"].get_array().get(entries) != simdjson::SUCCESS) return not_understood();
  std::string out;
  for (const auto& entry : entries) out += entry_text(entry);
  UE_TRY(write_result(out));
  const auto events = number(document.root, "eventsBehind"), acts = number(document.root, "actsBehind");
  if (events != 0 || acts != 0) message(fmt::format("{} and {} cannot be found yet: the index is behind", counted(events, "event"), counted(acts, "act")));
  if (flag(document.root, "more")) message(fmt::format("there are older ones: the same command with --before {}", text(document.root, "next")));
  return {};
}

}  // namespace user_events::cli
