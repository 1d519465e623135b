// What the files that describe the command line share. Only they know CLI11.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>

#include "cli/commands.h"

namespace user_events::cli {

struct SchemaFileArguments;
struct ExportArguments;

/// What the parsed command does.
using Action = std::function<Result<void>()>;

/// CLI11 takes `-1` for 2^64 - 1, and cuts off what is larger.
[[nodiscard]] CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);
void add_client_options(CLI::App& command, ClientArguments& client);

/// `dead-letters …` and `destination …`; both references must live as long as the app.
void add_dead_letters(CLI::App& app, DeadLetterArguments& a, Action& action);
void add_destination(CLI::App& app, DestinationArguments& a, Action& action);
/// `access …`; all references must live as long as the app.
void add_access(CLI::App& app, AccessTokenArguments& token, BrokerAccessArguments& brokers, Action& action);
/// `audit …`; both references must live as long as the app.
void add_audit(CLI::App& app, AuditArguments& a, Action& action);
/// `keys …`; both references must live as long as the app.
void add_keys(CLI::App& app, KeysArguments& a, Action& action);
/// `verify`; both references must live as long as the app.
void add_verify(CLI::App& app, VerifyArguments& a, Action& action);
/// `schema check|lint|new`; both references must live as long as the app.
void add_schema_files(CLI::App& schema, SchemaFileArguments& a, Action& action);
/// `schema export`; both references must live as long as the app.
void add_schema_export(CLI::App& schema, ExportArguments& a, Action& action);
void add_generate(CLI::App& app, ExportArguments& a, Action& action);

}  // namespace user_events::cli
