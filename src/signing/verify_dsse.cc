// Verification after the CloudEvents extension for DSSE, step by step.
#include <algorithm>

#include "base/json_reading.h"
#include "base/try.h"
#include "crypto/digest.h"
#include "signing/dsse.h"
#include "signing/refusal.h"
#include "signing/verify.h"

namespace user_events::signing {
namespace ondemand = simdjson::ondemand;
namespace {

using base::text_of;

constexpr std::size_t kDigestText = 44;  // 32 bytes in base64

std::string_view value_of(const Attributes& event, std::string_view name) {
  const auto found = std::ranges::find_if(event, [&](const auto& one) { return one.first == name; });
  return found == event.end() ? std::string_view() : std::string_view(found->second);
}

/// The first signature of a key that is known and good; the others are of somebody else.
Result<std::string> check_signatures(const simdjson::dom::object& envelope, std::string_view payload, const VerifyingKeys& keys) {
  if (!keys.set) return refuse("no public keys are given", "name them with --jwks");
  simdjson::dom::array signatures;
  if (envelope.at_key("signatures").get_array().get(signatures) != simdjson::SUCCESS) return refuse("dssematerial has no signatures");
  const std::string content = pre_authentication_encoding(kDssePayloadType, payload);
  for (const auto element : signatures) {
    simdjson::dom::object one;
    if (element.get_object().get(one) != simdjson::SUCCESS) continue;
    const auto name = text_of(one, "keyid");
    const auto signature = crypto::parse_base64(text_of(one, "sig").value_or(""));
    const auto* const key = name ? keys.set->find(access::Algorithm::eddsa, name) : nullptr;
    if (key != nullptr && signature && key->verifies(content, *signature)) return std::string(*name);
  }
  return refuse("dssematerial is signed with none of the public keys that are given", "get the key set anew: GET /.well-known/jwks.json");
}

Result<std::vector<std::string>> signed_names(const simdjson::dom::object& material) {
  std::vector<std::string> names;
  if (base::has(material, "ext") != base::has(material, "signedextattrs")) return refuse("of ext and signedextattrs only one is there");
  if (!base::has(material, "ext")) return names;
  simdjson::dom::array array;
  if (material.at_key("signedextattrs").get_array().get(array) != simdjson::SUCCESS) return refuse("signedextattrs is no list");
  for (const auto element : array) {
    std::string_view name;
    if (element.get_string().get(name) != simdjson::SUCCESS) return refuse("signedextattrs holds something else than names");
    if (name == kDsseAttribute || std::ranges::find(kDsseCore, name) != std::end(kDsseCore) || std::ranges::find(names, name) != names.end())
      return refuse("signedextattrs names what it must not, or one name twice");
    names.emplace_back(name);
  }
  return names;
}

/// The bytes of an object as they are written.
std::optional<std::string> object_text(ondemand::value value) {
  ondemand::object object;
  std::string_view text;
  if (value.get_object().get(object) != simdjson::SUCCESS || object.raw_json().get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

/// Numbers and truth values as they are written; nothing for what no attribute is.
std::optional<std::string> attribute_text(ondemand::value value) {
  ondemand::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return std::nullopt;
  std::string_view text;
  if (type == ondemand::json_type::string) {
    if (value.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
    return std::string(text);
  }
  if (type != ondemand::json_type::number && type != ondemand::json_type::boolean) return std::nullopt;
  text = value.raw_json_token();
  return std::string(text.substr(0, text.find_last_not_of(" \t\r\n") + 1));
}

}  // namespace

Result<Verified> verify_dsse(const Attributes& event, std::string_view data, const VerifyingKeys& keys) {
  const auto text = crypto::parse_base64(value_of(event, kDsseAttribute));
  if (!text) return refuse("the event has no attribute dssematerial in base64");
  simdjson::dom::parser parser, inner_parser;
  const auto envelope = base::parse_object(parser, *text);
  if (!envelope) return refuse("dssematerial is no JSON object");
  if (text_of(*envelope, "payloadType") != kDssePayloadType) return refuse("the payloadType of dssematerial is not known");
  const auto payload = crypto::parse_base64(text_of(*envelope, "payload").value_or(""));
  if (!payload) return refuse("dssematerial has no payload");
  UE_TRY_ASSIGN(auto key, check_signatures(*envelope, *payload, keys));
  const auto material = base::parse_object(inner_parser, *payload);
  if (!material) return refuse("what is signed is no JSON object");
  UE_TRY_ASSIGN(const auto names, signed_names(*material));

  Verified out{.algorithm = "EdDSA", .key = std::move(key), .destination = {}, .content_type = {}, .attributes = {}};
  const auto take = [&](std::string_view name) {
    const auto value = value_of(event, name);
    if (!value.empty()) out.attributes.emplace_back(name, value);
    return value;
  };
  DigestList digests;
  for (const auto name : kDsseCore) {
    const auto value = take(name);
    digests.add(name == "time" && !value.empty() ? dsse_time(value) : value);
  }
  digests.add(data);
  const auto core = text_of(*material, "core").value_or("");
  if (core.size() != kDigestText || digests.take() != core) return refuse("the event is not the one that was signed");
  for (const auto& name : names) digests.add(take(name));
  const bool has_extensions = base::has(*material, "ext");
  if (has_extensions && digests.take() != text_of(*material, "ext").value_or("")) return refuse("the extension attributes are not those that were signed");
  return out;
}

Result<StructuredEvent> take_apart(std::string_view body) {
  const auto none = [] { return refuse("the body is no CloudEvent in JSON whose data is an object"); };
  simdjson::dom::parser checker;
  if (!base::parse_object(checker, body)) return none();
  ondemand::parser parser;
  const simdjson::padded_string text(body);
  ondemand::document document;
  ondemand::object object;
  if (parser.iterate(text).get(document) != simdjson::SUCCESS || document.get_object().get(object) != simdjson::SUCCESS) return none();
  StructuredEvent out;
  for (auto field : object) {
    std::string_view name;
    ondemand::value value;
    if (field.unescaped_key().get(name) != simdjson::SUCCESS || field.value().get(value) != simdjson::SUCCESS) return none();
    std::string key(name);
    const bool is_data = key == "data";
    auto written = is_data ? object_text(value) : attribute_text(value);
    if (!written || key == "data_base64") return none();
    if (is_data)
      out.data = *std::move(written);
    else
      out.attributes.emplace_back(std::move(key), *std::move(written));
  }
  return out;
}

}  // namespace user_events::signing
