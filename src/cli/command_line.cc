// Which commands and switches there are, and their help. docs/cli.md says the same at more length.
#include <fmt/format.h>

#include <charconv>
#include <csignal>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "base/nearest.h"
#include "cli/command_line_parts.h"
#include "cli/commands.h"
#include "cli/export_commands.h"
#include "cli/output.h"
#include "cli/schema_files.h"
#include "user_events/publisher.h"

namespace user_events::cli {
namespace {

struct Arguments {
  ServeArguments serve;
  PublishArguments publish;
  TailArguments tail;
  StatusArguments status;
  DeadLetterArguments dead_letters;
  KeysArguments keys;
  AuditArguments audit;
  VerifyArguments verify;
  DestinationArguments destination;
  AccessTokenArguments access_token;
  BrokerAccessArguments broker_access;
  SchemaArguments schema;
  SchemaFileArguments schema_files;
  ExportArguments exports, generate;
  ConfigArguments config;
  Action action;
};

void add_serve(CLI::App& app, Arguments& a) {
  auto* command = app.add_subcommand("serve", "Run the daemon until SIGTERM or SIGINT");
  command
      ->add_option("--config", a.serve.config.file,
                   "Configuration file (default: user-events.toml, if there is one)")
      ->type_name("FILE");
  command
      ->add_option("--listen", a.serve.listen,
                   "Address and port instead of http.listen; port 0: any free one")
      ->type_name("HOST:PORT");
  command->add_option("--data-dir", a.serve.data_dir, "Folder instead of data_dir")->type_name("DIR");
  command->add_option("--port-file", a.serve.port_file, "Write the port to this file once the daemon answers")
      ->type_name("FILE");
  command->add_flag("--core-dumps", a.serve.core_dumps,
                    "Allow core dumps and debuggers, to find a defect: memory holds events, tokens and keys");
  command->footer(
      "Examples:\n  user-events serve\n  user-events serve --config /etc/user-events.toml\n  user-events "
      "serve --listen 127.0.0.1:0 --data-dir /tmp/ue --port-file /tmp/ue.port");
  command->callback([&a] { a.action = [&a] { return serve(a.serve); }; });
}

void add_publish(CLI::App& app, Arguments& a) {
  auto* command = app.add_subcommand("publish", "Publish one event, or a stream of them");
  auto* type = command->add_option("TYPE", a.publish.type, "Event type, e.g. user.created");
  auto* data =
      command
          ->add_option("--data", a.publish.data,
                       "The event's data: a JSON object, @FILE, or - for standard input (default: {})")
          ->type_name("JSON|@FILE|-");
  auto* id =
      command
          ->add_option("--id", a.publish.id,
                       "Event id: publishing twice with the same id is accepted once (default: a new one)")
          ->type_name("ID");
  auto* time = command->add_option("--time", a.publish.time, "When it happened, RFC 3339 (default: now)")
                   ->type_name("TIME");
  auto* version =
      command->add_option("--version", a.publish.version, "Version of the type (default: the newest)")
          ->check(whole_number(1, UINT32_MAX))
          ->type_name("N");
  auto* ndjson = command
                     ->add_option("--ndjson", a.publish.ndjson,
                                  "Publish a file with one event a line, or - for standard input")
                     ->type_name("FILE|-");
  for (auto* one : {type, data, id, time, version}) ndjson->excludes(one);
  command->add_flag("--json", a.publish.json, "Receipts as JSON, one a line");
  add_client_options(*command, a.publish.client);
  command->footer(
      "Examples:\n  user-events publish user.created --data "
      "'{\"userId\":\"u-1\",\"email\":\"ada@example.com\",\"status\":\"active\"}'\n"
      "  user-events publish user.updated --data @change.json --id change-4711\n  user-events publish "
      "--ndjson events.ndjson\n"
      "  tail -F app.ndjson | user-events publish --ndjson -");
  command->callback([&a] {
    if (a.publish.type.empty() && a.publish.ndjson.empty()) throw CLI::RequiredError("TYPE or --ndjson");
    a.action = [&a] { return a.publish.ndjson.empty() ? publish_one(a.publish) : publish_ndjson(a.publish); };
  });
}

void add_tail(CLI::App& app, Arguments& a) {
  auto* command = app.add_subcommand("tail", "Show the newest events");
  command->add_flag("-f,--follow", a.tail.follow, "Go on with the events that come");
  auto* after = command->add_option("--after", a.tail.after, "All events after this number")
                    ->check(whole_number(0, UINT64_MAX))
                    ->type_name("N");
  command->add_option("-n,--last", a.tail.last, "How many of the newest")
      ->check(whole_number(1, 10'000))
      ->capture_default_str()
      ->type_name("N")
      ->excludes(after);
  command
      ->add_option("--type", a.tail.types,
                   "Only these types: user.created, user.*, '!user.login.failed'; may be repeated")
      ->type_name("TYPE")
      ->take_all();
  command->add_option("--user", a.tail.user, "Only events of this user id")->type_name("ID");
  command->add_option("--data-dir", a.tail.data_dir, "Read a data directory whose daemon is down")
      ->type_name("DIR");
  command->add_flag("--json", a.tail.json, "CloudEvents JSON, one a line");
  add_client_options(*command, a.tail.client);
  command->footer(
      "Examples:\n  user-events tail\n  user-events tail --follow --type 'user.login.*'\n  user-events tail "
      "--after 0 --user u-1 --json\n  user-events tail --data-dir /var/lib/user-events");
  command->callback([&a] { a.action = [&a] { return tail(a.tail); }; });
}

void add_status(CLI::App& app, Arguments& a) {
  auto* command = app.add_subcommand("status", "Show what is accepted, delivered and waiting");
  command->add_option("--data-dir", a.status.data_dir, "Read a data directory whose daemon is down")
      ->type_name("DIR");
  command->add_flag("--json", a.status.json, "As JSON");
  add_client_options(*command, a.status.client);
  command->footer(
      "Examples:\n  user-events status\n  user-events status --json\n  user-events status --data-dir "
      "/var/lib/user-events");
  command->callback([&a] { a.action = [&a] { return status(a.status); }; });
}

void add_schema(CLI::App& app, Arguments& a) {
  auto* command = app.add_subcommand("schema", "The event types that the daemon accepts, and their files");
  command->require_subcommand(1);
  auto* list = command->add_subcommand("list", "All types, with version and title");
  list->add_flag("--json", a.schema.json, "As JSON");
  add_client_options(*list, a.schema.client);
  list->footer("Example:\n  user-events schema list");
  list->callback([&a] { a.action = [&a] { return schema_list(a.schema); }; });
  auto* show = command->add_subcommand("show", "The JSON Schema of one type");
  show->add_option("TYPE", a.schema.type, "Event type")->required();
  show->add_option("--version", a.schema.version, "Version (default: the newest)")
      ->check(whole_number(1, UINT32_MAX))
      ->type_name("N");
  show->add_option("--policy", a.schema.policy, "As a privacy policy leaves the data: its mark, which an event's dataschema ends in")->type_name("MARK");
  show->add_flag("--json", a.schema.json, "As JSON, which a schema is anyway");
  add_client_options(*show, a.schema.client);
  show->footer("Examples:\n  user-events schema show user.created\n  user-events schema show user.created --version 1 --policy p3f9a01c2");
  show->callback([&a] { a.action = [&a] { return schema_show(a.schema); }; });
  add_schema_files(*command, a.schema_files, a.action);
  add_schema_export(*command, a.exports, a.action);
  command->footer(
      "Examples:\n  user-events schema list\n  user-events schema show user.created\n  user-events schema "
      "lint catalogue");
}

void add_config(CLI::App& app, Arguments& a) {
  auto* command = app.add_subcommand("config", "The configuration file");
  command->require_subcommand(1);
  auto* check = command->add_subcommand("check", "Read it and say what is wrong");
  auto* show = command->add_subcommand("show", "Print what is in force, defaults included, secrets redacted");
  for (auto* one : {check, show}) {
    one->add_option("--config", a.config.file,
                    "Configuration file (default: user-events.toml, if there is one)")
        ->type_name("FILE");
    one->add_flag("--json", a.config.json, "As JSON");
  }
  check->footer("Example:\n  user-events config check --config /etc/user-events.toml");
  show->footer("Example:\n  user-events config show --config /etc/user-events.toml");
  check->callback([&a] { a.action = [&a] { return config_check(a.config); }; });
  show->callback([&a] { a.action = [&a] { return config_show(a.config); }; });
  command->footer(
      "Examples:\n  user-events config check\n  user-events config show --config /etc/user-events.toml");
}

void describe_app(CLI::App& app) {
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(version()), "Print the version");
  app.set_help_all_flag("--help-all", "Print the help of every command");
  app.footer(
      "Client commands talk to the daemon at USER_EVENTS_URL (default http://127.0.0.1:8080).\n"
      "Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n\n"
      "Examples:\n  user-events serve\n  user-events publish user.mfa.enabled --data "
      "'{\"userId\":\"u-1\"}'\n  user-events tail --follow\n"
      "  user-events COMMAND --help");
}

/// What stands where a command should be, in one line; empty if every word that should be a command is one.
/// CLI11 itself does not name the word, and with --help behind it does not even object.
std::string command_problem(const CLI::App& app, int argc, const char* const* argv) {
  const CLI::App* at = &app;
  for (int i = 1;; ++i) {
    std::vector<std::string> names;
    const CLI::App* next = nullptr;
    const std::string word = i < argc ? argv[i] : "";
    for (const auto* command : at->get_subcommands(nullptr)) {
      names.push_back(command->get_name());
      if (names.back() == word) next = command;
    }
    if (names.empty() || word.starts_with('-')) return "";
    if (word.empty()) return fmt::format("{} needs a command: {}", at->get_name(), fmt::join(names, ", "));
    if (next == nullptr) {
      const std::string near = base::nearest(word, names);
      return fmt::format("{} is no command of {}{}", word, at->get_name(),
                         near.empty() ? "" : fmt::format("; did you mean {}?", near));
    }
    at = next;
  }
}

/// A value that is given must say something: `--config "$UNSET"` is a mistake, not the default.
void refuse_empty_values(CLI::App& app) {
  const auto problem = [](const std::string& value) {
    return value.empty() ? std::string("the value is empty") : std::string();
  };
  for (auto* option : app.get_options()) {
    if (option->get_expected_min() > 0) option->check(problem);
  }
  for (auto* command : app.get_subcommands(nullptr)) refuse_empty_values(*command);
}

int refuse_usage(std::string problem) {
  print_error({ErrorKind::usage,
               "usage",
               std::move(problem),
               "user-events --help lists the commands, user-events COMMAND --help their switches",
               {}});
  return traits(ErrorKind::usage).exit_status;
}

}  // namespace

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  return {[=](const std::string& text) {
            std::uint64_t number = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
            const bool is_good =
                error == std::errc{} && end == text.data() + text.size() && number >= least && number <= most;
            return is_good ? std::string()
                           : fmt::format("{} is no whole number from {} to {}", text, least, most);
          },
          ""};
}

void add_client_options(CLI::App& command, ClientArguments& client) {
  command
      .add_option("--token-file", client.token_file,
                  "File whose first line is the token (default: the variable USER_EVENTS_TOKEN)")
      ->type_name("FILE");
}

int run(int argc, const char* const* argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a write says EPIPE instead
  CLI::App app{"Publishes what happens to users, and delivers it.", "user-events"};
  Arguments arguments;
  describe_app(app);
  for (const auto add : {add_serve, add_publish, add_tail, add_status}) add(app, arguments);
  add_dead_letters(app, arguments.dead_letters, arguments.action);
  add_destination(app, arguments.destination, arguments.action);
  add_access(app, arguments.access_token, arguments.broker_access, arguments.action);
  add_keys(app, arguments.keys, arguments.action);
  add_audit(app, arguments.audit, arguments.action);
  add_verify(app, arguments.verify, arguments.action);
  for (const auto add : {add_schema, add_config}) add(app, arguments);
  add_generate(app, arguments.generate, arguments.action);
  refuse_empty_values(app);
  if (auto problem = command_problem(app, argc, argv); !problem.empty())
    return refuse_usage(std::move(problem));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream help, unused;
    if (app.exit(error, help, unused) == 0) return write_result(help.str()) ? 0 : 1;  // --help, --version
    return refuse_usage(error.what());
  }
  const auto done = arguments.action();
  if (done) return 0;
  print_error(done.error());
  return traits(done.error().kind).exit_status;
}

}  // namespace user_events::cli
