#include "config/bindings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>

#include "access/jwk.h"
#include "access/rate_limit.h"
#include "access/token.h"
#include "base/type_filter.h"
#include "base/uri_text.h"
#include "base/volume_rule.h"
#include "destinations/access.h"
#include "destinations/format.h"
#include "destinations/set_settings.h"
#include "policy/privacy_policy.h"

namespace user_events::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::uint64_t kKiB = 1ull << 10, kMiB = 1ull << 20, kGiB = 1ull << 30, kTiB = 1ull << 40;
constexpr milliseconds kTenYears = hours(24 * 3'650);

bool is_plain_word(std::string_view text, std::string_view beside, std::size_t most) {
  const auto fits = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           beside.find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= most && std::ranges::all_of(text, fits);
}

// CloudEvents: `source` is a URI reference.
std::string source_problem(std::string_view text) {
  constexpr std::size_t kMaxSourceBytes = 512;
  return text.size() <= kMaxSourceBytes && base::is_uri_reference(text)
             ? ""
             : "is not a URI reference of 1 to 512 characters";
}

std::string name_problem(std::string_view text) {
  return is_plain_word(text, "-_.", 64) ? "" : "is not a name of 1 to 64 letters, digits, '-', '_' and '.'";
}

std::string receiver_problem(std::string_view text) { return name_problem(text.substr(text.starts_with('~') ? 1 : 0)); }

std::string start_problem(std::string_view text) {
  std::uint64_t sequence = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
  if (text == "beginning" || text == "now" || (error == std::errc{} && end == text.data() + text.size()))
    return "";
  return "is neither beginning nor now nor a sequence number";
}

std::string listen_problem(std::string_view text) {
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  const char* last = text.data() + text.size();
  const auto is_port = [&](const char* first) {
    const auto [end, error] = std::from_chars(first, last, port);
    return error == std::errc{} && end == last;
  };
  const bool has_port = colon != std::string_view::npos && colon > 0 && is_port(text.data() + colon + 1);
  const std::string_view host = has_port ? text.substr(0, colon) : std::string_view{};
  const bool bare_ipv6 =
      host.find(':') != std::string_view::npos && !(host.front() == '[' && host.back() == ']');
  return has_port && !bare_ipv6 ? "" : "is not an address and a port (0 to 65535)";
}

std::string pattern_problem(std::string_view text) {
  return base::TypeFilter::parse({std::string(text)}) ? "" : "is not a pattern over event types";
}

std::string hash_problem(std::string_view text) {
  return access::parse_token_hash(text) ? "" : "is not a SHA-256 in hexadecimal (64 digits)";
}

std::string token_problem(std::string_view text) {
  if (text.size() < access::kLeastTokenBytes) return "is shorter than 32 characters; `user-events access token NAME` makes one that nobody guesses";
  return access::is_bearer_token(text) ? "" : "holds characters that no bearer token has";
}

std::string rate_problem(std::string_view text) { return access::parse_rate(text) ? "" : "is no rate"; }

std::string san_problem(std::string_view text) {
  return (text.starts_with("DNS:") || text.starts_with("URI:")) && text.size() > 4 ? "" : "is neither DNS:NAME nor URI:ADDRESS";
}

std::string claim_problem(std::string_view text) {
  const auto equals = text.find('=');
  return equals != 0 && equals != std::string_view::npos ? "" : "is not NAME=TEXT";
}

std::string algorithm_problem(std::string_view text) { return access::parse_algorithm(text) ? "" : "is none of RS256, ES256 and EdDSA"; }

std::string key_url_problem(std::string_view text) {
  return text.starts_with("https://") && base::is_uri_reference(text) && text.find_first_of("@#") == std::string_view::npos
             ? ""
             : "is no https address without a user and a fragment";
}

std::string volume_problem(std::string_view text) {
  const auto rule = base::VolumeRule::parse(text);
  return rule ? "" : fmt::format("is no volume rule: {} ({})", rule.error().message, rule.error().hint);
}

std::string consumer_problem(std::string_view text) {
  const auto consumer = destinations::Consumer::parse(text);
  return consumer ? "" : fmt::format("is no consumer: {} ({})", consumer.error().message, consumer.error().hint);
}

// The texts of a setting whose type is a string: a few names only.
ChoiceSlot choice(std::string& text, std::vector<std::string> names) {
  ChoiceSlot slot{std::move(names), {}, {}};
  slot.get = [&text, names = slot.names] {
    return static_cast<std::size_t>(std::ranges::find(names, text) - names.begin());
  };
  slot.set = [&text, names = slot.names](std::size_t index) { text = names[index]; };
  return slot;
}

// `names` in the order of the enumerators.
template <class Enum>
ChoiceSlot choice(Enum& value, std::vector<std::string> names) {
  return {std::move(names), [&value] { return static_cast<std::size_t>(value); },
          [&value](std::size_t index) { value = static_cast<Enum>(index); }};
}

std::string path_key(const DestinationOptions& d) { return d.settings.contains("path") ? "path" : "topic"; }

// The file that a destination of kind `file` appends to, in one spelling; empty if there is none, or if it is
// a pipe or a device, which several may share.
std::string file_of(const DestinationOptions& d) {
  const auto path = d.settings.find("path");
  const std::filesystem::path given = path != d.settings.end() ? path->second : d.topic;
  std::error_code error;
  if (d.kind != "file" || given.empty()) return {};
  if (std::filesystem::exists(given, error) && !std::filesystem::is_regular_file(given, error)) return {};
  const auto whole = std::filesystem::weakly_canonical(std::filesystem::absolute(given, error), error);
  return error ? given.string() : whole.string();
}

}  // namespace

std::vector<Binding> bind(Options& o) {
  return {
      {"source", TextSlot{&o.source, source_problem, "\"urn:example:user-service\""}},
      {"data_dir", TextSlot{&o.data_dir, nullptr, "\"data\""}},
      {"catalogue_dir", TextSlot{&o.catalogue_dir, nullptr, "\"catalogue\""}},
      {"retired", ListSlot{&o.retired, name_problem, "[\"old-kafka\"]"}},
      {"http.listen", TextSlot{&o.http.listen, listen_problem, "\"127.0.0.1:8080\" or \"[::1]:8080\""}},
      {"http.threads", CountSlot{&o.http.threads, 1, 256}},
      {"http.max_body_bytes", SizeSlot{&o.http.max_body_bytes, kKiB, kGiB}},
      {"http.max_connections", CountSlot{&o.http.max_connections, 1, 1'000'000}},
      {"http.read_timeout", DurationSlot{&o.http.read_timeout, milliseconds(100), hours(1)}},
      {"http.idle_timeout", DurationSlot{&o.http.idle_timeout, milliseconds(100), hours(24)}},
      {"http.allowed_hosts", ListSlot{&o.http.allowed_hosts, name_problem, "[\"events.example.com\"]"}},
      {"http.open_metrics", FlagSlot{&o.http.open_metrics}},
      {"http.insecure", FlagSlot{&o.http.insecure}},
      {"http.tls.certificate_file", TextSlot{&o.http.tls.certificate_file, nullptr, "\"/etc/user-events/tls.crt\""}},
      {"http.tls.key_file", TextSlot{&o.http.tls.key_file, nullptr, "\"/etc/user-events/tls.key\""}},
      {"http.tls.client_ca_file", TextSlot{&o.http.tls.client_ca_file, nullptr, "\"/etc/user-events/clients.crt\""}},
      {"http.tls.client_certificates", choice(o.http.tls.client_certificates, {"none", "optional", "required"})},
      {"limits.max_event_bytes", SizeSlot{&o.limits.max_event_bytes, kKiB, 64 * kMiB}},
      {"limits.max_batch_events", CountSlot{&o.limits.max_batch_events, 1, 1'000'000}},
      {"limits.max_depth", CountSlot{&o.limits.max_depth, 4, 256}},
      {"journal.segment_bytes", SizeSlot{&o.journal.segment_bytes, kMiB, 16 * kGiB}},
      {"journal.max_bytes", SizeSlot{&o.journal.max_bytes, 4 * kMiB, 1'024 * kTiB, true}},
      {"journal.retention_bytes", SizeSlot{&o.journal.retention_bytes, kMiB, 1'024 * kTiB, true}},
      {"journal.retention_age", DurationSlot{&o.journal.retention_age, milliseconds(1'000), kTenYears, true}},
      {"journal.idempotency_window",
       DurationSlot{&o.journal.idempotency_window, milliseconds(1'000), kTenYears}},
      {"privacy.master_key.file", TextSlot{&o.privacy.master_key.file, nullptr, "\"/etc/user-events/master.key\""}},
      {"privacy.master_key.env", TextSlot{&o.privacy.master_key.env, nullptr, "\"USER_EVENTS_MASTER_KEY\""}},
      {"privacy.master_key.credential", TextSlot{&o.privacy.master_key.credential, nullptr, "\"master-key\""}},
      {"privacy.master_key.aws_kms", TextSlot{&o.privacy.master_key.aws_kms, nullptr, "\"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\""}},
      {"privacy.master_key.aws_endpoint", TextSlot{&o.privacy.master_key.aws_endpoint, nullptr, "\"https://vpce-0123.kms.eu-west-1.vpce.amazonaws.com\""}},
      {"privacy.previous_master_key.file", TextSlot{&o.privacy.previous_master_key.file, nullptr, "\"/etc/user-events/master.key.old\""}},
      {"privacy.previous_master_key.env", TextSlot{&o.privacy.previous_master_key.env, nullptr, "\"USER_EVENTS_FORMER_MASTER_KEY\""}},
      {"privacy.previous_master_key.credential", TextSlot{&o.privacy.previous_master_key.credential, nullptr, "\"former-master-key\""}},
      {"privacy.previous_master_key.aws_kms", TextSlot{&o.privacy.previous_master_key.aws_kms, nullptr, "\"alias/user-events-2025\""}},
      {"privacy.previous_master_key.aws_endpoint", TextSlot{&o.privacy.previous_master_key.aws_endpoint, nullptr, "\"https://vpce-0123.kms.eu-west-1.vpce.amazonaws.com\""}},
      {"privacy.key_store", TextSlot{&o.privacy.key_store, nullptr, "\"/var/lib/user-events-keys/keys.db\""}},
      {"privacy.cached_keys", CountSlot{&o.privacy.cached_keys, 1'024, 64'000'000}},
      {"privacy.erased_event", FlagSlot{&o.privacy.erased_event}},
      {"privacy.epoch_age", DurationSlot{&o.privacy.epoch_age, hours(1), kTenYears, true}},
      {"audit.key", TextSlot{&o.audit.key, name_problem, "\"audit-2026\""}},
      {"audit.checkpoint_every", DurationSlot{&o.audit.checkpoint_every, milliseconds(1'000), hours(24)}},
      {"audit.publish_to", TextSlot{&o.audit.publish_to, nullptr, "\"/mnt/evidence/checkpoints\""}},
      {"audit.retention", DurationSlot{&o.audit.retention, hours(24), kTenYears, true}},
      {"log.level", choice(o.log.level, {"trace", "debug", "info", "warn", "error", "off"})},
      {"log.format", choice(o.log.format, {"text", "json"})},
  };
}

std::vector<Binding> bind(DestinationOptions& d) {
  return {
      {"name", TextSlot{&d.name, name_problem, "\"kafka\""}},
      {"kind", TextSlot{&d.kind, nullptr, "\"kafka\""}},
      {"types", ListSlot{&d.types, pattern_problem, "[\"user.*\", \"!user.login.failed\"]"}},
      {"topic", TextSlot{&d.topic, nullptr, "\"user.events\""}},
      {"format", choice(d.format, {"cloudevents", "cloudevents-binary", "plain", "set"})},
      {"encoding", choice(d.encoding, {"json", "avro", "protobuf"})},
      {"retry.initial", DurationSlot{&d.retry.initial, milliseconds(1), hours(1)}},
      {"retry.max", DurationSlot{&d.retry.max, milliseconds(1), hours(24)}},
      {"retry.factor", NumberSlot{&d.retry.factor, 1.0, 100.0}},
      {"retry.attempts", CountSlot{&d.retry.attempts, 0, 10'000}},
      {"retry.deadline", DurationSlot{&d.retry.deadline, milliseconds(1), kTenYears, true}},
      {"on_dead_letter", choice(d.on_dead_letter, {"hold", "skip"})},
      {"max_held_events", CountSlot{&d.max_held_events, 1, 100'000'000}},
      {"dead_letter_topic", TextSlot{&d.dead_letter_topic, nullptr, "\"user.events.dead\""}},
      {"park_after", DurationSlot{&d.park_after, milliseconds(1), kTenYears}},
      {"oversize", choice(d.oversize, {"reject", "dead-letter"})},
      {"max_lag_bytes", SizeSlot{&d.max_lag_bytes, kMiB, 1'024 * kTiB, true}},
      {"max_lag_age", DurationSlot{&d.max_lag_age, milliseconds(1'000), kTenYears, true}},
      {"lag_action", choice(d.lag_action, {"refuse", "detach"})},
      {"sign", TextSlot{&d.sign, name_problem, "\"2026-11\""}},
      {"signature", choice(d.signature, {"jws", "dsse"})},
      {"privacy", PolicySlot{&d.privacy}},
      {"start", TextSlot{&d.start, start_problem, "\"beginning\", \"now\" or \"1000\""}},
      {"volume", ListSlot{&d.volume, volume_problem, "[\"user.login.failed fold=10s by=ipAddress\"]"}},
      {"window_events", CountSlot{&d.window_events, 1, 16'777'216}},
      {"principal", TextSlot{&d.principal, nullptr, "\"User:user-events\""}},
      {"consumers", ListSlot{&d.consumers, consumer_problem, "[\"User:crm group=crm-*\"]"}},
  };
}

std::vector<Binding> bind(ClientOptions& c) {
  return {
      {"name", TextSlot{&c.name, name_problem, "\"user-service\""}},
      {"token_sha256", ListSlot{&c.token_sha256, hash_problem, "[\"…\"] with what `user-events access token NAME` prints"}},
      {"token", TextSlot{&c.token, token_problem, "token_file = \"/run/secrets/token\""}},
      {"cert_subject", TextSlot{&c.cert_subject, nullptr, "\"CN=user-service,O=Example\""}},
      {"cert_san", ListSlot{&c.cert_san, san_problem, "[\"DNS:user-service.example\"]"}},
      {"jwt.issuer", TextSlot{&c.jwt.issuer, name_problem, "\"idp\""}},
      {"jwt.sub", TextSlot{&c.jwt.subject, nullptr, "\"user-service\""}},
      {"jwt.scope", TextSlot{&c.jwt.scope, nullptr, "\"events.publish\""}},
      {"jwt.claims", ListSlot{&c.jwt.claims, claim_problem, "[\"azp=user-service\"]"}},
      {"grants.publish", ListSlot{&c.grants.publish, pattern_problem, "[\"user.*\"]"}},
      {"grants.read", ListSlot{&c.grants.read, pattern_problem, "[\"user.*\"]"}},
      {"grants.dead_letters", ListSlot{&c.grants.dead_letters, pattern_problem, "[\"user.*\"]"}},
      {"grants.field_keys", ListSlot{&c.grants.field_keys, receiver_problem, "[\"crm\"]"}},
      {"grants.keys", FlagSlot{&c.grants.keys}},
      {"grants.admin", FlagSlot{&c.grants.admin}},
      {"grants.metrics", FlagSlot{&c.grants.metrics}},
      {"privacy", PolicySlot{&c.privacy}},
      {"rate", TextSlot{&c.rate, rate_problem, "\"1000/s\""}},
  };
}

std::vector<Binding> bind(IssuerOptions& i) {
  return {
      {"name", TextSlot{&i.name, name_problem, "\"idp\""}},
      {"issuer", TextSlot{&i.issuer, nullptr, "\"https://idp.example\""}},
      {"audience", TextSlot{&i.audience, nullptr, "\"user-events\""}},
      {"algorithms", ListSlot{&i.algorithms, algorithm_problem, "[\"RS256\"]"}},
      {"jwks_file", TextSlot{&i.jwks_file, nullptr, "\"/etc/user-events/idp.jwks\""}},
      {"jwks_url", TextSlot{&i.jwks_url, key_url_problem, "\"https://idp.example/keys\""}},
      {"ca_file", TextSlot{&i.ca_file, nullptr, "\"/etc/user-events/ca.crt\""}},
      {"leeway", DurationSlot{&i.leeway, milliseconds(1'000), std::chrono::minutes(5), true}},
      {"refresh", DurationSlot{&i.refresh, milliseconds(30'000), hours(24)}},
  };
}

std::vector<Binding> bind(SigningKeyOptions& k) {
  return {
      {"name", TextSlot{&k.name, name_problem, "\"2026-11\""}},
      {"algorithm", choice(k.algorithm, {"EdDSA", "HS256"})},
      {"file", TextSlot{&k.source.file, nullptr, "\"/etc/user-events/signing-2026-11.pem\""}},
      {"env", TextSlot{&k.source.env, nullptr, "\"USER_EVENTS_SIGNING_KEY\""}},
      {"credential", TextSlot{&k.source.credential, nullptr, "\"signing-key\""}},
  };
}

bool has_key(const Binding& binding, std::string_view key) {
  if (binding.name == key) return true;
  return std::holds_alternative<PolicySlot>(binding.slot) && key.starts_with(binding.name) && key.substr(binding.name.size()).starts_with('.');
}

namespace {

/// What single settings of a policy cannot show.
void check_policy(const Options& o, const PrivacyPolicyOptions& given, const std::string& prefix, std::vector<RuleFinding>& findings) {
  const auto policy = policy::PrivacyPolicy::parse(given);
  if (!policy) {
    for (const auto& field : policy.error().fields) findings.push_back({prefix + field.pointer, field.detail});
  } else if (policy->needs_keys() && !o.privacy.master_key.is_given()) {
    findings.push_back({prefix + "privacy", "makes tokens or ciphertexts, which needs privacy.master_key"});
  }
}

}  // namespace

std::vector<RuleFinding> check_rules(const Options& o) {
  std::vector<RuleFinding> findings;
  const auto require = [&](bool holds, std::string key, std::string sentence) {
    if (!holds) findings.push_back({std::move(key), std::move(sentence)});
  };
  require(o.limits.max_event_bytes <= o.http.max_body_bytes, "limits.max_event_bytes",
          "is larger than http.max_body_bytes");
  require(o.journal.max_bytes == 0 || o.journal.max_bytes >= 4 * o.journal.segment_bytes, "journal.max_bytes",
          "is less than four times journal.segment_bytes");
  require(o.journal.retention_bytes == 0 || o.journal.max_bytes == 0 ||
              o.journal.retention_bytes <= o.journal.max_bytes,
          "journal.retention_bytes", "is larger than journal.max_bytes");
  require(o.journal.segment_bytes >= 2 * o.limits.max_event_bytes, "journal.segment_bytes",
          "is less than twice limits.max_event_bytes");
  std::set<std::string_view> names;
  std::map<std::string, std::string_view> files;  // destination by file
  for (const auto& d : o.destinations) {
    const std::string prefix = fmt::format("destination.{}.", d.name);
    require(d.name.empty() || names.insert(d.name).second, prefix + "name",
            "is the name of two destinations");
    require(d.dead_letter_topic.empty() || d.dead_letter_topic != d.topic, prefix + "dead_letter_topic",
            "is the topic itself; dead letters would be delivered with the rest");
    require(d.retry.initial <= d.retry.max, prefix + "retry.initial", "is longer than retry.max");
    if (const auto file = file_of(d); !file.empty()) {
      const auto [other, is_first] = files.emplace(file, d.name);
      require(
          is_first, prefix + path_key(d),
          fmt::format("is the file of destination {} too; two writers would mix their lines", other->second));
    }
    check_policy(o, d.privacy, prefix, findings);
    if (const auto policy = policy::PrivacyPolicy::parse(d.privacy); policy && d.format == destinations::kSetFormat)
      require(policy->has_subjects(), prefix + "privacy", "leaves no user, and without one no security event token is sent; let user-id be clear or token");
    require(std::ranges::find(o.retired, d.name) == o.retired.end(), "retired",
            fmt::format("names the destination {}, which is configured", d.name));
  }
  for (const auto& client : o.http.clients) check_policy(o, client.privacy, fmt::format("client.{}.", client.name), findings);
  check_access(o, findings);
  check_signing(o, findings);
  return findings;
}

}  // namespace user_events::config
