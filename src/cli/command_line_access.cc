// The switches of `access …`.
#include "cli/command_line_parts.h"

namespace user_events::cli {

void add_access(CLI::App& app, AccessTokenArguments& a, Action& action) {
  auto* group = app.add_subcommand("access", "Who may use the daemon");
  group->require_subcommand(1);
  auto* token = group->add_subcommand("token", "Make a client's token, and the lines of the configuration for it");
  token->add_option("NAME", a.name, "The client's name")
      ->required()
      ->check([](const std::string& name) {
        const bool is_name = !name.empty() && name.size() <= 64 &&
                             name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == std::string::npos;
        return is_name ? std::string() : std::string("NAME is not a name of 1 to 64 letters, digits, '-', '_' and '.'");
      });
  token->add_option("--out", a.out, "Write the token to this new file, which only its owner can read, instead of showing it")->type_name("FILE");
  token->add_flag("--json", a.json, "As JSON");
  token->footer("Examples:\n  user-events access token user-service\n  user-events access token user-service --out /run/secrets/user-events-token");
  token->callback([&a, &action] { action = [&a] { return access_token(a); }; });
}

}  // namespace user_events::cli
