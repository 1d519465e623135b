// The switches of `access …`.
#include "cli/command_line_parts.h"

namespace user_events::cli {

namespace {

void add_token(CLI::App& group, AccessTokenArguments& a, Action& action) {
  auto* token = group.add_subcommand("token", "Make a client's token, and the lines of the configuration for it");
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

void add_brokers(CLI::App& group, BrokerAccessArguments& a, Action& action) {
  auto* plan = group.add_subcommand("plan", "Who must be able to publish and consume what at the brokers, after the configuration");
  auto* apply = group.add_subcommand("apply", "Give the rights that are missing, through the brokers' own administration");
  auto* check = group.add_subcommand("check", "Find rights that are missing, and who may do more than is planned");
  for (auto* one : {plan, apply, check}) {
    one->add_option("--config", a.config.file, "Configuration file (default: user-events.toml, if there is one)")->type_name("FILE");
    one->add_option("--destination", a.destination, "Only the broker of this destination")->type_name("NAME");
    one->add_flag("--json", a.config.json, "As JSON");
  }
  for (auto* one : {apply, check}) {
    one->add_option("--admin-config", a.admin_config, "File with an administrator's credentials: [[destination]] tables laid over those of the configuration")->type_name("FILE");
    one->add_option("--ignore", a.ignored, "A principal that may do more, such as an administrator; may be repeated")->type_name("PRINCIPAL")->take_all();
  }
  apply->add_flag("--remove-excess", a.remove_excess, "Also take away what others may do at the plan's own resources");
  apply->add_flag("--yes", a.yes, "Do not ask");
  plan->footer("Examples:\n  user-events access plan\n  user-events access plan --config /etc/user-events.toml --destination kafka --json");
  apply->footer(
      "Examples:\n  user-events access apply --admin-config /root/brokers.toml\n"
      "  user-events access apply --admin-config /root/brokers.toml --destination kafka --remove-excess --yes");
  check->footer("Examples:\n  user-events access check --admin-config /root/brokers.toml\n  user-events access check --admin-config /root/brokers.toml --ignore User:admin --json");
  plan->callback([&a, &action] { action = [&a] { return access_plan(a); }; });
  apply->callback([&a, &action] { action = [&a] { return access_apply(a); }; });
  check->callback([&a, &action] { action = [&a] { return access_check(a); }; });
}

}  // namespace

void add_access(CLI::App& app, AccessTokenArguments& token, BrokerAccessArguments& brokers, Action& action) {
  auto* group = app.add_subcommand("access", "Who may use the daemon, and who the brokers behind it");
  group->require_subcommand(1);
  add_token(*group, token, action);
  add_brokers(*group, brokers, action);
}

}  // namespace user_events::cli
