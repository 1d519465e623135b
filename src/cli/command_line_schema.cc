// The switches of `schema check`, `schema lint`, `schema new` and `schema register`.
#include "cli/command_line_parts.h"
#include "cli/schema_files.h"
#include "compatibility/compatibility.h"

namespace user_events::cli {
namespace {

void add_format(CLI::App& command, SchemaFileArguments& a, bool has_junit) {
  auto* format =
      command
          .add_option("--format", a.format,
                      has_junit ? "text, json, sarif (2.1.0) or junit" : "text, json or sarif (2.1.0)")
          ->check(has_junit ? CLI::IsMember({"text", "json", "sarif", "junit"})
                            : CLI::IsMember({"text", "json", "sarif"}))
          ->type_name("FORMAT")
          ->capture_default_str();
  command.add_flag("--json", a.json, "As JSON: short for --format json")->excludes(format);
}

void add_registry_options(CLI::App& command, SchemaFileArguments& a) {
  command.add_option("--config", a.config, "Configuration file (default: user-events.toml)")->type_name("FILE");
  command.add_option("--destination", a.destination, "Only this destination's registry")->type_name("NAME");
}

void add_register(CLI::App& group, SchemaFileArguments& a, Action& action) {
  auto* command = group.add_subcommand("register", "Put the schemas of the configured destinations into their registries");
  add_registry_options(*command, a);
  command->add_flag("--dry-run", a.dry_run, "Only say what would be registered, and whether it is compatible");
  command->add_flag("--json", a.json, "As JSON");
  command->footer("Exit status: 0 done, 1 a schema was refused or a registry did not answer, 2 wrong usage or configuration.\n\nExamples:\n"
                  "  user-events schema register --config user-events.toml --dry-run\n  user-events schema register --destination kafka");
  command->callback([&a, &action] { action = [&a] { return schema_register(a); }; });
}

void add_check(CLI::App& group, SchemaFileArguments& a, Action& action) {
  auto* check = group.add_subcommand("check", "Whether a schema's next version breaks consumers");
  check
      ->add_option("FILE", a.files,
                   "Versions of one schema, the newest last: .json, .avsc or .proto. With --against: a "
                   "catalogue folder");
  auto* against = check->add_option("--against", a.against, "An older state of the catalogue folder")->type_name("DIR");
  check->add_flag("--against-registry", a.against_registry, "The catalogue's schemas with those in the registries of the configured destinations")
      ->excludes(against);
  add_registry_options(*check, a);
  check
      ->add_option("--mode", a.mode,
                   "backward, forward or full, or one of them with -transitive: with all versions before, "
                   "not only the last")
      ->check([](const std::string& word) {
        return compatibility::parse_mode(word) ? std::string() : word + " is no mode";
      })
      ->type_name("MODE")
      ->capture_default_str();
  check
      ->add_option("--schema-type", a.schema_type, "json, avro or protobuf, whatever the files' names end in")
      ->check(CLI::IsMember({"json", "avro", "protobuf"}))
      ->type_name("TYPE");
  add_format(*check, a, true);
  check->footer(
      "Exit status: 0 compatible, 1 not, 2 wrong usage or no schema.\n\nExamples:\n"
      "  user-events schema check catalogue/user.rated/1.json catalogue/user.rated/2.json\n"
      "  user-events schema check --mode full-transitive v1.avsc v2.avsc v3.avsc\n"
      "  user-events schema check catalogue --against /tmp/main/catalogue --format sarif");
  check->callback([&a, &action] { action = [&a] { return schema_check(a); }; });
}

void add_lint(CLI::App& group, SchemaFileArguments& a, Action& action) {
  auto* lint =
      group.add_subcommand("lint", "Whether a catalogue folder keeps the rules for names and annotations");
  lint->add_option("DIR", a.folder, "Catalogue folder")->required();
  add_format(*lint, a, false);
  lint->footer(
      "Exit status: 0 no errors, 1 errors, 2 wrong usage.\n\nExamples:\n  user-events schema lint "
      "catalogue\n  user-events schema lint catalogue --format sarif");
  lint->callback([&a, &action] { action = [&a] { return schema_lint(a); }; });
}

void add_new(CLI::App& group, SchemaFileArguments& a, Action& action) {
  auto* make = group.add_subcommand("new", "Write the file of a new event type, or of a type's next version");
  make->add_option("TYPE", a.type, "Event type, e.g. user.rated")->required();
  make->add_option("--version", a.version, "Version (default: the next)")
      ->check(whole_number(1, UINT32_MAX))
      ->type_name("N");
  make->add_option("--dir", a.dir, "Catalogue folder")->type_name("DIR")->capture_default_str();
  make->footer("Example:\n  user-events schema new user.rated --dir catalogue");
  make->callback([&a, &action] { action = [&a] { return schema_new(a); }; });
}

}  // namespace

void add_schema_files(CLI::App& schema, SchemaFileArguments& a, Action& action) {
  add_check(schema, a, action);
  add_lint(schema, a, action);
  add_new(schema, a, action);
  add_register(schema, a, action);
}

}  // namespace user_events::cli
