// The switches of `keys`.
#include "cli/command_line_parts.h"

namespace user_events::cli {

void add_keys(CLI::App& app, KeysArguments& a, Action& action) {
  auto* group = app.add_subcommand("keys", "Users' keys: how they are, forgetting a user, rotation");
  group->require_subcommand(1);
  group->add_subcommand("list", "Which there are, and how old")->footer("Example:\n  user-events keys list");
  auto* forget = group->add_subcommand("forget", "Destroy a user's key: nobody can read that user's stored events any more");
  auto* user = forget->add_option("USER", a.user, "User id");
  auto* email = forget->add_option("--email", a.email, "E-mail address that the user goes by; failed logins that name it go, too")->type_name("ADDRESS");
  auto* username = forget->add_option("--username", a.username, "User name that the user goes by; failed logins that name it go, too")->type_name("NAME");
  user->excludes(email)->excludes(username);
  email->excludes(username);
  forget->add_option("--reason", a.reason, "Why; it is recorded, with your name")->required()->type_name("TEXT");
  forget->add_flag("--now", a.now, "Also when events are still under way; those of this user are not sent any more");
  forget->footer("It cannot be undone.\nExamples:\n  user-events keys forget u-4711 --reason 'request 2026-311'\n  user-events keys forget --email "
                 "ada@example.com --reason 'request 2026-311'");
  auto* rotate = group->add_subcommand("rotate", "Wrap users' keys anew; nothing stops meanwhile");
  rotate->add_option("WHAT", a.what, "epoch: a new epoch key, which makes older backups of the key store useless; master: the master key was replaced at its source")
      ->required()
      ->check(CLI::IsMember({"epoch", "master"}));
  rotate->footer("Examples:\n  user-events keys rotate epoch\n  user-events keys rotate master");
  using Run = Result<void> (*)(const KeysArguments&);
  const std::pair<const char*, Run> runs[] = {{"list", keys_list}, {"forget", keys_forget}, {"rotate", keys_rotate}};
  for (const auto& [name, run] : runs) {
    auto* command = group->get_subcommand(name);
    command->add_flag("--json", a.json, "As JSON");
    add_client_options(*command, a.client);
    command->callback([&a, &action, run] {
      if (run == keys_forget && a.user.empty() && a.email.empty() && a.username.empty()) throw CLI::RequiredError("USER, --email or --username");
      action = [&a, run] { return run(a); };
    });
  }
  group->footer("Examples:\n  user-events keys list\n  user-events keys forget u-4711 --reason 'request 2026-311'\n  user-events keys rotate epoch");
}

}  // namespace user_events::cli
