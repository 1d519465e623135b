// The commands, each with what the command line says about it. They return the exit status's reason: an
// Error, or nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "user_events/error.h"

namespace user_events::cli {

/// How to reach a daemon: `USER_EVENTS_URL`, and a token from a file or `USER_EVENTS_TOKEN`.
struct ClientArguments {
  std::string token_file;
};

struct ConfigArguments {
  std::string file;  ///< Empty: `user-events.toml` if there is one.
  bool json = false;
};

struct ServeArguments {
  ConfigArguments config;
  std::string listen, data_dir;  ///< Override the file; empty: do not.
  std::string port_file;         ///< Where to write the real port; empty: nowhere.
  bool core_dumps = false;       ///< Allow them, and debuggers.
};

struct PublishArguments {
  ClientArguments client;
  std::string type, data, id, time;
  std::uint32_t version = 0;
  std::string ndjson;  ///< File or `-`; empty: one event.
  bool json = false;
};

struct TailArguments {
  ClientArguments client;
  std::string data_dir;  ///< Empty: ask the daemon.
  bool follow = false;
  std::optional<std::uint64_t> after;
  std::uint32_t last = 10;  ///< Without `after`: how many of the newest.
  std::vector<std::string> types;
  std::string user;
  bool json = false;
};

struct StatusArguments {
  ClientArguments client;
  std::string data_dir;
  bool json = false;
};

/// Which letters. Times are RFC 3339 (checked).
struct LetterFilterArguments {
  std::string destination, user, cause, since, until;
  std::vector<std::string> types, states;
};

struct DeadLetterArguments {
  ClientArguments client;
  std::string data_dir;                 ///< `list`, `show`. Empty: ask the daemon.
  LetterFilterArguments filter;
  std::vector<std::uint64_t> numbers;   ///< `show`, `cancel`: one.
  std::uint64_t after = 0, limit = 100;
  bool show_users = false;
  bool discarded = false;               ///< `list`: the record of what was given up.
  bool all = false;                     ///< Without it `replay` and `discard` need numbers or a filter.
  std::uint32_t rate = 0;               ///< 0: as fast as the destination takes them.
  bool no_wait = false;
  std::string reason;                   ///< Of a discard.
  bool json = false;
};

struct DestinationArguments {
  ClientArguments client;
  std::string name;
  std::optional<std::uint64_t> from;    ///< `replay`: this or…
  std::string since;                    ///< …this.
  bool json = false;
};

struct KeysArguments {
  ClientArguments client;
  std::string user, email, username;  ///< `forget`: one of them.
  std::string reason;
  bool now = false;
  std::string what;                   ///< `rotate`: epoch or master.
  bool json = false;
};

struct AuditArguments {
  ClientArguments client;
  std::string data_dir;
  std::string keys;                  ///< File with a JWK set; empty: signatures are not checked.
  std::vector<std::string> anchors;  ///< Files.
  std::string exported;              ///< `verify`: an export to compare; empty: none.
  std::string user, principal, before;  ///< `search`.
  std::vector<std::string> types;
  std::uint64_t limit = 100;
  std::string name, reason;          ///< Of a hold.
  std::string on;                    ///< `index`: on or off.
  std::string format = "ndjson";     ///< `export`: ndjson or csv.
  std::string since, until;          ///< `export`. RFC 3339.
  bool json = false;
};

struct SchemaArguments {
  ClientArguments client;
  std::string type;           ///< Empty: list.
  std::uint32_t version = 0;  ///< 0: the newest.
  std::string policy;         ///< Mark of a privacy policy; empty: none.
  bool json = false;
};

struct AccessTokenArguments {
  std::string name;
  std::string out;  ///< Where the token goes; empty: to standard output.
  bool json = false;
};

struct BrokerAccessArguments {
  ConfigArguments config;
  std::string admin_config;          ///< `apply`, `check`: file with administrators' credentials.
  std::string destination;           ///< Empty: all.
  std::vector<std::string> ignored;  ///< Principals that may do more.
  bool remove_excess = false, yes = false;
};

struct VerifyArguments {
  std::string body = "-";  ///< File, or `-`.
  std::string jws;         ///< What the header holds, or `@FILE`; empty: the event has `dssematerial`.
  std::string jwks;        ///< File or address of the public keys; empty: the daemon's.
  std::string ca_file;     ///< For an https address.
  std::string secret_file;
  std::vector<std::string> attributes;  ///< `NAME=VALUE`
  std::string destination;              ///< Which it must have been signed for; empty: any.
  bool json = false;
};

Result<void> serve(const ServeArguments& arguments);
Result<void> publish_one(const PublishArguments& arguments);
Result<void> publish_ndjson(const PublishArguments& arguments);
Result<void> tail(const TailArguments& arguments);
Result<void> status(const StatusArguments& arguments);
Result<void> dead_letters_list(const DeadLetterArguments& arguments);
Result<void> dead_letters_show(const DeadLetterArguments& arguments);
Result<void> dead_letters_replay(const DeadLetterArguments& arguments);
Result<void> dead_letters_replays(const DeadLetterArguments& arguments);
Result<void> dead_letters_cancel(const DeadLetterArguments& arguments);
Result<void> dead_letters_discard(const DeadLetterArguments& arguments);
Result<void> destination_list(const DestinationArguments& arguments);
Result<void> destination_pause(const DestinationArguments& arguments);
Result<void> destination_resume(const DestinationArguments& arguments);
Result<void> destination_replay(const DestinationArguments& arguments);
Result<void> keys_list(const KeysArguments& arguments);
Result<void> keys_forget(const KeysArguments& arguments);
Result<void> keys_rotate(const KeysArguments& arguments);
Result<void> audit_export(const AuditArguments& arguments);
Result<void> audit_search(const AuditArguments& arguments);
Result<void> audit_index(const AuditArguments& arguments);
Result<void> audit_hold_list(const AuditArguments& arguments);
Result<void> audit_hold_add(const AuditArguments& arguments);
Result<void> audit_hold_remove(const AuditArguments& arguments);
Result<void> audit_verify(const AuditArguments& arguments);
Result<void> schema_list(const SchemaArguments& arguments);
Result<void> schema_show(const SchemaArguments& arguments);
Result<void> verify(const VerifyArguments& arguments);
Result<void> access_token(const AccessTokenArguments& arguments);
Result<void> access_plan(const BrokerAccessArguments& arguments);
Result<void> access_apply(const BrokerAccessArguments& arguments);
Result<void> access_check(const BrokerAccessArguments& arguments);
Result<void> config_check(const ConfigArguments& arguments);
Result<void> config_show(const ConfigArguments& arguments);

/// The whole program: parses, runs one command, prints its error. Returns the exit status: 0 done, 1 failed,
/// 2 wrong usage or configuration.
int run(int argc, const char* const* argv);

}  // namespace user_events::cli
