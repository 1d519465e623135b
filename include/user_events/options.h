// Everything that can be configured, with its default. `Options::load` reads the TOML file of docs/configuration.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "user_events/access_options.h"
#include "user_events/error.h"
#include "user_events/privacy_policy_options.h"

namespace user_events {

/// Exponential back-off with full jitter, and when to give an event up. What counts as an attempt: docs/delivery.md; an outage of the
/// destination never does.
struct RetryOptions {
  std::chrono::milliseconds initial{100};
  std::chrono::milliseconds max{30'000};
  double factor = 2.0;
  std::uint32_t attempts = 10;            ///< Counted attempts before an event becomes a dead letter; 0: unlimited.
  std::chrono::milliseconds deadline{0};  ///< Time since the first failure, counted while the destination is up; 0: none.
};

enum class DeadLetterAction : std::uint8_t {
  hold,  ///< The user's later events wait behind the dead letter, in order, until it is replayed or discarded.
  skip,  ///< They go on.
};

enum class OversizeAction : std::uint8_t {
  reject,       ///< Publishing refuses (413) what this destination could never take.
  dead_letter,  ///< This destination alone dead-letters it; later events of that user wait behind it (hold).
};

enum class LagAction : std::uint8_t {
  refuse,  ///< Publishing answers 503 until the destination has caught up.
  detach,  ///< The destination no longer holds the journal back: retention may remove what it has not had, with a recorded gap; publishing goes on.
};

struct DestinationOptions {
  std::string name;
  std::string kind;
  std::vector<std::string> types = {"user.*"};  ///< Patterns: `user.*`, `!user.login.failed`. Empty: all.
  std::string topic;                            ///< Topic, exchange, path…: what the kind sends to.
  std::string format = "cloudevents";           ///< cloudevents | cloudevents-binary | plain | set
  std::string encoding = "json";                ///< json
  RetryOptions retry;
  DeadLetterAction on_dead_letter = DeadLetterAction::hold;
  std::uint32_t max_held_events = 100'000;      ///< Letters under `hold`, heads included. At the cap the destination waits (docs/delivery.md).
  std::string dead_letter_topic;                ///< A copy of each dead letter goes to this topic or queue of the same broker; empty: none.
  /// An event that fails for this long while others pass waits in the dead letter store, so that it pins neither window nor journal.
  std::chrono::milliseconds park_after{60'000};
  OversizeAction oversize = OversizeAction::reject;
  std::uint64_t max_lag_bytes = 0;              ///< 0: no cap.
  std::chrono::milliseconds max_lag_age{0};     ///< 0: no cap.
  LagAction lag_action = LagAction::refuse;
  std::string sign;                             ///< Name of the signing key; empty: events are not signed.
  std::string signature = "jws";                ///< jws | dsse: how, if they are.
  PrivacyPolicyOptions privacy;                 ///< Empty: everything is clear.
  std::string start = "beginning";              ///< Where a new destination begins: beginning | now | a sequence.
  std::vector<std::string> volume;              ///< Fewer events of chatty types: `user.login.failed fold=10s by=ipAddress`. Empty: all.
  std::uint32_t window_events = 65'536;         ///< Events between the oldest unacknowledged and the newest sent.
  std::string principal;                        ///< Who this daemon is at the broker, where its credentials do not tell (docs/security/topic-access.md).
  std::vector<std::string> consumers;           ///< Who reads there: `User:crm group=crm-*`. Used by `access plan|apply|check` only.
  std::map<std::string, std::string> settings;  ///< The kind's own, dotted names: `kafka.bootstrap.servers`.
};

struct HttpOptions {
  std::string listen = "127.0.0.1:8080";  ///< Port 0: any free one (printed at start).
  std::uint32_t threads = 1;
  std::uint64_t max_body_bytes = 8ull << 20;
  std::uint32_t max_connections = 1'024;
  std::chrono::milliseconds read_timeout{30'000};   ///< Silence within a request.
  std::chrono::milliseconds idle_timeout{75'000};   ///< Between requests.
  std::vector<std::string> allowed_hosts;           ///< Beside the loopback names, for the Host check.
  bool open_metrics = false;                        ///< `/metrics` is answered to anybody who reaches the port.
  bool insecure = false;                            ///< Other than loopback addresses even without TLS or without clients.
  TlsOptions tls;
  std::vector<ClientOptions> clients;               ///< None: whoever reaches the port may do everything.
  std::vector<IssuerOptions> issuers;
};

struct LimitOptions {
  std::uint64_t max_event_bytes = 256ull << 10;  ///< One event as submitted.
  std::uint32_t max_batch_events = 10'000;       ///< One array.
  std::uint32_t max_depth = 32;
};

struct JournalOptions {
  std::uint64_t segment_bytes = 64ull << 20;
  std::uint64_t max_bytes = 0;        ///< 0: the disk's.
  std::uint64_t retention_bytes = 0;  ///< 0: no limit by size.
  std::chrono::milliseconds retention_age{std::chrono::hours(24 * 7)};
  std::chrono::milliseconds idempotency_window{std::chrono::hours(24)};
};

struct LogOptions {
  std::string level = "info";   ///< trace | debug | info | warn | error | off
  std::string format = "text";  ///< text | json
};

/// Where a key comes from: one of these.
struct KeySource {
  std::string file;        ///< Nobody but its owner may read it.
  std::string env;         ///< Name of a variable that holds the same.
  std::string credential;  ///< Name of a systemd credential (`LoadCredential=`).
  [[nodiscard]] bool is_given() const noexcept { return !file.empty() || !env.empty() || !credential.empty(); }
};

/// Where the master key is: in one of those, or in a key service that it never leaves.
struct MasterKeySource : KeySource {
  std::string aws_kms;       ///< A key of AWS KMS: its ARN, id, or `alias/NAME`. Credentials and region as for `sqs`.
  std::string aws_endpoint;  ///< Empty: the region's.
  [[nodiscard]] bool is_given() const noexcept { return KeySource::is_given() || !aws_kms.empty(); }
};

/// A key that destinations sign with: docs/security/signatures.md.
struct SigningKeyOptions {
  std::string name;       ///< What receivers know it by (`kid`).
  std::string algorithm;  ///< EdDSA | HS256
  KeySource source;       ///< EdDSA: an Ed25519 private key, PKCS #8 in PEM. HS256: 32 bytes in base64 or hexadecimal.
};

/// Events in the journal and the dead letter store under keys of their users' own: docs/security/privacy.md.
struct PrivacyOptions {
  MasterKeySource master_key;           ///< 32 bytes in base64 or hexadecimal. Given: events are sealed.
  MasterKeySource previous_master_key;  ///< Opens at a start what the new one does not, to move over to it.
  std::string key_store;          ///< Empty: `keys.db` in the data directory.
  std::uint32_t cached_keys = 262'144;  ///< 64 bytes each.
  bool erased_event = true;       ///< A user.erased is published when a user was forgotten.
  /// Then users' keys are wrapped anew and the former epoch key is destroyed; 0: only on request.
  std::chrono::milliseconds epoch_age{std::chrono::hours(24 * 30)};
};

/// The record of what is done to the daemon, and proof of what its journals held: docs/security/audit.md.
struct AuditOptions {
  std::string key;          ///< Name of the signing key (EdDSA) of checkpoints; empty: they are not signed.
  std::chrono::milliseconds checkpoint_every{std::chrono::hours(1)};
  std::string publish_to;   ///< File that gets each checkpoint as a line, to be taken off the host; empty: none.
  std::chrono::milliseconds retention{0};  ///< Of the audit log; 0: for ever.
};

struct Options {
  std::string data_dir = "data";
  std::string source = "urn:user-events";   ///< CloudEvents `source`.
  std::string catalogue_dir;                ///< A platform's own event types, beside the built-in ones.
  JournalOptions journal;
  LimitOptions limits;
  HttpOptions http;                         ///< Used by the daemon only.
  LogOptions log;
  PrivacyOptions privacy;
  AuditOptions audit;
  std::vector<SigningKeyOptions> signing_keys;  ///< Also those that sign nothing now: the public ones are published all the same.
  std::vector<DestinationOptions> destinations;
  std::vector<std::string> retired;         ///< Names of former destinations whose position in the journal and dead letters are given up.
  bool read_only = false;                   ///< Only reads (for `tail --data-dir`): starts no destination, refuses to publish. Not in the file.

  /// Reads a TOML file. Error `usage` names file, line and, for an unknown key, the nearest known one.
  [[nodiscard]] static Result<Options> load(const std::string& path);
};

}  // namespace user_events
