// The switches of `audit …`.
#include "cli/command_line_parts.h"

namespace user_events::cli {

namespace {

void add_search(CLI::App& group, AuditArguments& a, Action& action) {
  auto* search = group.add_subcommand("search", "Find events and acts, newest first, without their content");
  search->add_option("--user", a.user, "A user's id, or an e-mail address or user name of failed logins")->type_name("USER");
  search->add_option("--type", a.types, "Event types and acts, or patterns over them (user.*, keys.*); may be repeated")->type_name("TYPE")->take_all();
  search->add_option("--principal", a.principal, "Who published or asked")->type_name("NAME");
  search->add_option("--since", a.since, "Accepted at or after this time (RFC 3339)")->type_name("TIME");
  search->add_option("--until", a.until, "Accepted before this time (RFC 3339)")->type_name("TIME");
  search->add_option("--before", a.before, "What a search before said, to go on behind it")->type_name("CURSOR");
  search->add_option("--limit", a.limit, "At most so many")->check(whole_number(1, 1'000))->capture_default_str()->type_name("N");
  search->add_flag("--json", a.json, "As JSON");
  add_client_options(*search, a.client);
  search->footer("Needs the index: user-events audit index on.\nExamples:\n  user-events audit search --user u-4711\n"
                 "  user-events audit search --type keys.forget --since 2026-11-01T00:00:00Z");
  search->callback([&a, &action] { action = [&a] { return audit_search(a); }; });
  auto* index = group.add_subcommand("index", "Make the index that search needs, in the background, and keep it over restarts; or remove it");
  index->add_option("SWITCH", a.on, "on or off")->required()->check(CLI::IsMember({"on", "off"}));
  add_client_options(*index, a.client);
  index->footer("Example:\n  user-events audit index on");
  index->callback([&a, &action] { action = [&a] { return audit_index(a); }; });
}

void add_holds(CLI::App& group, AuditArguments& a, Action& action) {
  auto* hold = group.add_subcommand("hold", "Legal holds: while there is one, retention removes nothing");
  hold->require_subcommand(1);
  using Run = Result<void> (*)(const AuditArguments&);
  const std::tuple<const char*, const char*, Run> commands[] = {{"list", "Which there are", audit_hold_list},
                                                                {"add", "Keep everything that is there now or comes", audit_hold_add},
                                                                {"remove", "Let retention go on, if it is the last", audit_hold_remove}};
  for (const auto& [name, what, run] : commands) {
    auto* command = hold->add_subcommand(name, what);
    if (run != audit_hold_list) {
      command->add_option("NAME", a.name, "What it is called")->required();
      command->add_option("--reason", a.reason, "Why; it is recorded, with your name")->required()->type_name("TEXT");
    } else {
      command->add_flag("--json", a.json, "As JSON");
    }
    add_client_options(*command, a.client);
    command->footer(run == audit_hold_list ? "Example:\n  user-events audit hold list" : std::string("Example:\n  user-events audit hold ") + name + " case-2026-7 --reason 'request of the court'");
    command->callback([&a, &action, run] { action = [&a, run] { return run(a); }; });
  }
  hold->footer("Example:\n  user-events audit hold add case-2026-7 --reason 'request of the court'");
}

}  // namespace

void add_audit(CLI::App& app, AuditArguments& a, Action& action) {
  auto* group = app.add_subcommand("audit", "Whether the journals are what was written, and who did what");
  group->require_subcommand(1);
  auto* verify = group->add_subcommand("verify", "Check every record and checkpoint of a data directory whose daemon is down, or of a copy");
  verify->add_option("--data-dir", a.data_dir, "The data directory (default: that of the configuration)")->type_name("DIR");
  verify->add_option("--keys", a.keys, "The public keys that checkpoints are signed with: a JWK set; without it signatures are not checked")->type_name("FILE");
  verify->add_option("--anchor", a.anchors, "File with checkpoints that were taken off the host, a line each; may be repeated")->type_name("FILE");
  verify->add_option("--export", a.exported, "File that audit export wrote: its lines must be what the data directory holds")->type_name("FILE");
  verify->add_flag("--json", a.json, "As JSON");
  verify->footer(
      "Exit status: 0 everything is as it was written, 1 it is not.\nExamples:\n  user-events audit verify --data-dir /var/lib/user-events --keys keys.jwks\n"
      "  user-events audit verify --data-dir /var/lib/user-events --keys keys.jwks --anchor checkpoints.txt");
  verify->callback([&a, &action] { action = [&a] { return audit_verify(a); }; });
  add_search(*group, a, action);
  add_holds(*group, a, action);
  auto* out = group->add_subcommand("export", "Write every record of both journals as a line, without the content of events, to standard output");
  out->add_option("--data-dir", a.data_dir, "The data directory (default: that of the configuration), whose daemon is down, or a copy")->type_name("DIR");
  out->add_option("--format", a.format, "ndjson or csv")->check(CLI::IsMember({"ndjson", "csv"}))->capture_default_str();
  out->add_option("--since", a.since, "Accepted at or after this time (RFC 3339)")->type_name("TIME");
  out->add_option("--until", a.until, "Accepted before this time (RFC 3339)")->type_name("TIME");
  out->footer(
      "Examples:\n  user-events audit export --data-dir /var/lib/user-events > records.ndjson\n"
      "  user-events audit verify --data-dir /var/lib/user-events --keys keys.jwks --export records.ndjson");
  out->callback([&a, &action] { action = [&a] { return audit_export(a); }; });
  group->footer("Example:\n  user-events audit verify --data-dir /var/lib/user-events --keys keys.jwks");
}

}  // namespace user_events::cli
