// The switches of `schema export` and `generate`.
#include "cli/command_line_parts.h"
#include "cli/export_commands.h"

namespace user_events::cli {
namespace {

void add_common(CLI::App& command, ExportArguments& a) {
  command.add_option("--type", a.types, "Only these types: user.created, user.*, '!user.login.failed'; may be repeated")->type_name("TYPE")->take_all();
  command.add_option("--catalogue", a.catalogue, "Folder with your own types (default: catalogue_dir of the configuration)")->type_name("DIR");
  command.add_option("--config", a.config.file, "Configuration file (default: user-events.toml, if there is one)")->type_name("FILE");
  command.add_option("--destination", a.destination, "What this destination is sent: its types, as its privacy policy leaves them")->type_name("NAME");
  command.add_flag("--force", a.force, "Overwrite files that user-events did not make, too");
}

}  // namespace

void add_schema_export(CLI::App& schema, ExportArguments& a, Action& action) {
  auto* command = schema.add_subcommand("export", "The catalogue in other forms, and the AsyncAPI document");
  command->add_option("FORM", a.form, "json-schema, avro, protobuf, asyncapi or markdown")
      ->required()
      ->check(CLI::IsMember({"json-schema", "avro", "protobuf", "asyncapi", "markdown"}));
  command->add_option("--out", a.out, "Folder for the files (default: standard output, of what is one document)")->type_name("DIR");
  add_common(*command, a);
  command->footer(
      "Examples:\n  user-events schema export json-schema\n  user-events schema export asyncapi --config /etc/user-events.toml\n"
      "  user-events schema export avro --type user.created\n  user-events schema export protobuf --out schemas\n  user-events schema export markdown --out docs/events\n"
      "  user-events schema export json-schema --out schemas --catalogue catalogue --type 'user.*'\n"
      "  user-events schema export avro --out schemas --destination warehouse");
  command->callback([&a, &action] { action = [&a] { return schema_export(a); }; });
}

void add_generate(CLI::App& app, ExportArguments& a, Action& action) {
  auto* command = app.add_subcommand("generate", "Types of the events for programs that consume or publish them");
  command->add_option("LANGUAGE", a.form, "typescript, python or cpp")->required()->check(CLI::IsMember({"typescript", "python", "cpp"}));
  command->add_option("--out", a.out, "Folder for the files")->required()->type_name("DIR");
  add_common(*command, a);
  command->footer(
      "Examples:\n  user-events generate typescript --out src/events\n  user-events generate python --out shop/user_events_types\n"
      "  user-events generate cpp --out include/events --catalogue catalogue\n  user-events generate python --out warehouse/events --destination warehouse");
  command->callback([&a, &action] { action = [&a] { return generate_types(a); }; });
}

}  // namespace user_events::cli
