// The switches of `audit …`.
#include "cli/command_line_parts.h"

namespace user_events::cli {

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
