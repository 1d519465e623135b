// verify: whether a received message is what was signed.
#include "signing/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/try.h"
#include "base/uri_text.h"
#include "cli/commands.h"
#include "cli/http_client.h"
#include "cli/input.h"
#include "cli/output.h"
#include "crypto/secret_text.h"
#include "server/key_refresh.h"
#include "signing/dsse.h"

namespace user_events::cli {
namespace {

constexpr std::size_t kMaxBodyBytes = 64u << 20;

std::unexpected<Error> wrong_usage(std::string message, std::string hint = {}) { return fail(ErrorKind::usage, "verify", std::move(message), std::move(hint)); }

Result<std::string> jws_of(const VerifyArguments& arguments) {
  if (!arguments.jws.starts_with('@')) return arguments.jws;
  UE_TRY_ASSIGN(auto text, read_input(arguments.jws.substr(1), signing::kMaxReceivedJwsBytes, "--jws"));
  text.resize(text.find_last_not_of(" \r\n") + 1);
  return text;
}

Result<access::KeySet> key_set_of(const VerifyArguments& arguments) {
  const bool is_url = arguments.jwks.starts_with("https://") || arguments.jwks.starts_with("http://");
  if (arguments.jwks.starts_with("http://") && !base::is_loopback_url(arguments.jwks))
    return wrong_usage("--jwks has no TLS: anybody on the way could answer with keys of his own", "use https, or a file");
  access::KeySetSource source;
  (is_url ? source.url : source.file) = arguments.jwks;
  source.ca_file = arguments.ca_file;
  auto keys = server::read_keys(source, false);
  if (!keys && keys.error().kind == ErrorKind::unavailable) keys.error().hint = "name the public keys with --jwks FILE or --jwks URL";
  return keys;
}

Result<signing::VerifyingKeys> keys_of(const VerifyArguments& arguments) {
  signing::VerifyingKeys keys;
  if (!arguments.secret_file.empty()) {
    UE_TRY_ASSIGN(const auto text, crypto::SecretText::read({.file = arguments.secret_file, .env = {}, .credential = {}}, "--secret-file"));
    keys.secret = crypto::parse_secret_key(text);
    if (!keys.secret) return wrong_usage("--secret-file does not hold 32 bytes in base64 or hexadecimal");
    return keys;
  }
  if (!arguments.jwks.empty()) {
    UE_TRY_ASSIGN(keys.set, key_set_of(arguments));
    return keys;
  }
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment({}));
  if (!client.is_protected())
    return wrong_usage("USER_EVENTS_URL has no TLS: anybody on the way could answer with keys of his own", "use https, or name the public keys with --jwks FILE or --jwks URL");
  UE_TRY_ASSIGN(const std::string text, client.get("/.well-known/jwks.json"));
  UE_TRY_ASSIGN(keys.set, access::KeySet::parse(text));
  return keys;
}

Result<signing::Attributes> attributes_of(const VerifyArguments& arguments) {
  signing::Attributes out;
  for (const auto& text : arguments.attributes) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) return wrong_usage("--attribute is not NAME=VALUE");
    out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

Result<signing::Verified> verify_message(const VerifyArguments& arguments, const std::string& body, const signing::Attributes& given,
                                         const signing::VerifyingKeys& keys) {
  if (!arguments.jws.empty()) {
    UE_TRY_ASSIGN(const auto jws, jws_of(arguments));
    UE_TRY_ASSIGN(auto verified, signing::verify_jws(jws, body, keys));
    UE_TRY(signing::require_attributes(verified, given));
    return verified;
  }
  // In binary mode all attributes are in headers.
  if (std::ranges::find(given, signing::kDsseAttribute, &std::pair<std::string, std::string>::first) != given.end()) return signing::verify_dsse(given, body, keys);
  UE_TRY_ASSIGN(const auto event, signing::take_apart(body));
  UE_TRY_ASSIGN(auto verified, signing::verify_dsse(event.attributes, event.data, keys));
  UE_TRY(signing::require_attributes(verified, given));
  return verified;
}

std::string as_json(const VerifyArguments& arguments, const signing::Verified& verified, std::size_t body_bytes) {
  std::string out;
  base::ObjectWriter object(out);
  object.boolean("verified", true);
  object.text("form", arguments.jws.empty() ? "dsse" : "jws");
  object.text("algorithm", verified.algorithm);
  object.text("key", verified.key);
  if (!verified.destination.empty()) object.text("destination", verified.destination);
  if (!verified.content_type.empty()) object.text("contentType", verified.content_type);
  if (!arguments.jws.empty()) object.number("bodyBytes", body_bytes);
  base::ObjectWriter attributes(object.key("attributes"));
  for (const auto& [name, value] : verified.attributes) {
    std::string& at = attributes.key(name);
    base::append_json_string(value, at);
  }
  attributes.end();
  object.end();
  return out + "\n";
}

std::string as_text(const VerifyArguments& arguments, const signing::Verified& verified, std::size_t body_bytes) {
  const bool is_jws = !arguments.jws.empty();
  std::string out = fmt::format("verified: {} with {}, key {}\ncovered:\n", is_jws ? "jws-signature" : "dssematerial", verified.algorithm, printable(verified.key));
  out += is_jws ? fmt::format("  body: {} bytes\n", body_bytes) : "  data\n";
  if (!verified.destination.empty()) out += fmt::format("  destination: {}\n", printable(verified.destination));
  if (!verified.content_type.empty()) out += fmt::format("  content type: {}\n", printable(verified.content_type));
  for (const auto& [name, value] : verified.attributes) out += fmt::format("  {}: {}\n", printable(name), printable(value));
  return out;
}

}  // namespace

Result<void> verify(const VerifyArguments& arguments) {
  UE_TRY_ASSIGN(const auto given, attributes_of(arguments));
  UE_TRY_ASSIGN(const auto body, read_input(arguments.body, kMaxBodyBytes, "BODY"));
  UE_TRY_ASSIGN(const auto keys, keys_of(arguments));
  UE_TRY_ASSIGN(const auto verified, verify_message(arguments, body, given, keys));
  if (!arguments.destination.empty() && verified.destination != arguments.destination)
    return fail(ErrorKind::invalid, "not-verified", "not verified: it was not signed for that destination", "a message for one destination must not be used at another");
  return write_result((arguments.json ? as_json : as_text)(arguments, verified, body.size()));
}

}  // namespace user_events::cli
