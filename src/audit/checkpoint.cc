#include "audit/checkpoint.h"

#include <algorithm>

#include "base/base64url.h"
#include "base/hex.h"
#include "base/json_reading.h"
#include "base/json_writer.h"
#include "base/time_text.h"
#include "base/try.h"

namespace user_events::audit {
namespace {

constexpr std::string_view kType = "user-events-checkpoint+jws";
constexpr std::size_t kMaxCheckpointBytes = 16'384;

std::unexpected<Error> bad(std::string why) { return fail(ErrorKind::invalid, "checkpoint", std::move(why)); }

void append_chain(const ChainHead& chain, std::string& out) {
  out += R"({"journal":)";
  base::append_json_string(chain.journal, out);
  out += ',';
  append_head(chain.head, out);
  out += '}';
}

Result<ChainHead> parse_chain(const simdjson::dom::object& claims, std::string_view name) {
  simdjson::dom::object chain;
  if (claims.at_key(name).get_object().get(chain) != simdjson::SUCCESS) return bad("a checkpoint names no head of both journals");
  const auto journal = base::text_of(chain, "journal");
  const auto head = parse_head(chain);
  if (!journal || !head) return bad("a checkpoint's head is not readable");
  return ChainHead{std::string(*journal), *head};
}

struct Jws {
  std::string_view signed_part, head, payload, signature;  // in base64url
};

Result<Jws> split(std::string_view text) {
  const auto first = text.find('.'), last = text.rfind('.');
  if (first == std::string_view::npos || first == last || text.substr(first + 1, last - first - 1).find('.') != std::string_view::npos)
    return bad("a checkpoint is neither a JWS nor claims");
  return Jws{text.substr(0, last), text.substr(0, first), text.substr(first + 1, last - first - 1), text.substr(last + 1)};
}

/// The key's name, from a header that says just what ours say.
Result<std::string> key_of(std::string_view head) {
  simdjson::dom::parser parser;
  const auto header = base::parse_object(parser, head);
  if (!header || header->size() != 3 || base::text_of(*header, "alg") != "EdDSA" || base::text_of(*header, "typ") != kType)
    return bad("a checkpoint's header is not that of a checkpoint signed with EdDSA");
  const auto key = base::text_of(*header, "kid");
  if (!key) return bad("a checkpoint's header names no key");
  return std::string(*key);
}

}  // namespace

void append_head(const journal::Head& head, std::string& out) {
  out += R"("sequence":)";
  base::append_json_number(head.sequence, out);
  out += R"(,"hash":")";
  base::append_hex({reinterpret_cast<const char*>(head.hash.data()), head.hash.size()}, out);
  out += '"';
}

std::optional<journal::Head> parse_head(const simdjson::dom::object& object) {
  journal::Head head;
  const auto hash = base::text_of(object, "hash");
  if (!hash || object.at_key("sequence").get_uint64().get(head.sequence) != simdjson::SUCCESS) return std::nullopt;
  if (!base::parse_hex(*hash, {reinterpret_cast<unsigned char*>(head.hash.data()), head.hash.size()})) return std::nullopt;
  return head;
}

std::string to_json(const Claims& claims) {
  std::string out;
  base::ObjectWriter object(out);
  object.text("at", base::time_text(claims.at_ms));
  append_chain(claims.events, object.key("events"));
  append_chain(claims.audit, object.key("audit"));
  object.end();
  return out;
}

Result<Claims> parse_claims(std::string_view json) {
  simdjson::dom::parser parser;
  const auto object = base::parse_object(parser, json);
  if (!object) return bad("a checkpoint's claims are no JSON object");
  const auto at = base::parse_time(base::text_of(*object, "at").value_or(""));
  if (!at) return bad("a checkpoint does not say when it was made");
  Claims claims;
  claims.at_ms = *at;
  UE_TRY_ASSIGN(claims.events, parse_chain(*object, "events"));
  UE_TRY_ASSIGN(claims.audit, parse_chain(*object, "audit"));
  return claims;
}

std::string sign(const Claims& claims, signing::Signer& signer) {
  std::string header;
  base::ObjectWriter object(header);
  object.text("alg", to_text(signer.key().algorithm()));
  object.text("kid", signer.key().name());
  object.text("typ", kType);
  object.end();
  std::string out = base::base64url(header) + "." + base::base64url(to_json(claims));
  const std::string signature(signer(out));
  return out + "." + base::base64url(signature);
}

Result<Checkpoint> read_checkpoint(std::string_view text, const access::KeySet* keys) {
  Checkpoint out;
  if (text.size() > kMaxCheckpointBytes) return bad("a checkpoint is too long");
  if (text.starts_with('{')) {
    UE_TRY_ASSIGN(out.claims, parse_claims(text));
    return out;
  }
  UE_TRY_ASSIGN(const Jws jws, split(text));
  const auto head = base::parse_base64url(jws.head), payload = base::parse_base64url(jws.payload), signature = base::parse_base64url(jws.signature);
  if (!head || !payload || !signature) return bad("a checkpoint is no JWS: its parts are not base64url");
  UE_TRY_ASSIGN(out.key, key_of(*head));
  out.is_signed = true;
  if (keys != nullptr) {
    const auto* const key = keys->find(access::Algorithm::eddsa, std::string_view(out.key));
    if (key == nullptr) return bad("a checkpoint is signed with the key '" + out.key + "', which is not among the given ones");
    if (!key->verifies(jws.signed_part, *signature)) return bad("a checkpoint's signature is not of its claims");
  }
  UE_TRY_ASSIGN(out.claims, parse_claims(*payload));
  return out;
}

}  // namespace user_events::audit
