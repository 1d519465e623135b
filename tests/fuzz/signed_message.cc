// Messages as a receiver gets them, signed and unsigned. Nothing is verified but what was signed, whatever a signed header or material says; what is signed here is verified here, and
// not with another body.
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <set>

#include "base/base64url.h"
#include "base/json_text.h"
#include "crypto/derive.h"
#include "crypto/digest.h"
#include "fuzz.h"
#include "signing/dsse.h"
#include "signing/encoder.h"
#include "signing/verify.h"
#include "support/temporary_directory.h"

namespace user_events::signing {
namespace {

using fuzz::must;
using fuzz::require;

constexpr std::string_view kJws = "jws", kDsse = "dsse";  // destinations, named after what they sign in

/// The secret key of RFC 8037, A.1, and a secret that `seeds` knows.
class Keys {
 public:
  Keys() {
    Options options;
    options.signing_keys = {{"ed", "EdDSA", {.file = file("ed", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n"), .env = {}, .credential = {}}}};
    for (const auto form : {kJws, kDsse}) {
      auto& one = options.destinations.emplace_back();
      one.name = one.signature = form;
      one.sign = "ed";
      one.format = "cloudevents";
    }
    book_ = must(KeyBook::load(options), "the keys");
    both_.set = must(access::KeySet::parse(book_->jwks()), "their public halves");
    both_.secret = crypto::parse_secret_key(crypto::SecretText(std::string_view(std::string(64, 'a'))));
    require(both_.secret.has_value(), "the secret is one");
    signer_.emplace(book_->key_of(kDsse));
    for (const auto& one : options.destinations) encoders_.push_back(make_encoder(*book_, one, encoding::make_json_encoder({.format = encoding::Format::cloudevents})));
  }

  [[nodiscard]] const VerifyingKeys& both() const { return both_; }
  [[nodiscard]] std::string mac(std::string_view text) const {
    const auto hash = crypto::hmac_sha256(both_.secret->bytes(), text);
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
  }
  [[nodiscard]] std::string sign(std::string_view text) { return std::string((*signer_)(text)); }
  [[nodiscard]] encoding::Encoder& jws() { return *encoders_[0]; }
  [[nodiscard]] encoding::Encoder& dsse() { return *encoders_[1]; }

 private:
  std::string file(const std::string& name, std::string_view text) const {
    const auto path = folder_.write(name, text);
    ::chmod(path.c_str(), 0600);
    return path;
  }

  test::TemporaryDirectory folder_;
  std::unique_ptr<KeyBook> book_;
  VerifyingKeys both_;
  std::optional<Signer> signer_;
  std::vector<std::unique_ptr<encoding::Encoder>> encoders_;
};

Keys& keys() {
  static Keys made;
  return made;
}

void check_verified(const Result<Verified>& verified) {
  if (!verified) return require(verified.error().code == "not-verified", "a refusal says so");
  require(require_attributes(*verified, verified->attributes).has_value(), "what is vouched for is among what is vouched for");
  require(!require_attributes(*verified, {{"never", "signed"}}), "and nothing else");
  std::set<std::string> names;
  for (const auto& [name, value] : verified->attributes) require(names.insert(name).second, "an attribute has one value");
}

/// As received: a header and a body. Only the message of the seeds was signed by anybody.
void check_received(std::string_view jws, std::string_view body) {
  static const std::string head = base::base64url(R"({"alg":"HS256","kid":"mac","b64":false,"crit":["b64"],"ce":{"id":"e-1"}})"), content = "{\"a\":1}";
  static const std::string good = head + ".." + base::base64url(keys().mac(head + "." + content));
  const auto verified = verify_jws(jws, body, keys().both());
  check_verified(verified);
  require(verified.has_value() == (jws == good && body == content), "verified is what was signed, and nothing else");
}

/// A header that somebody did sign, whatever it says.
void check_signed_header(std::string_view head, std::string_view body) {
  const std::string text = base::base64url(head);
  const std::string jws = text + ".." + base::base64url(keys().mac(text + "." + std::string(body)));
  const auto verified = verify_jws(jws, body, keys().both());
  check_verified(verified);
  if (!verified) return;
  require(verified->algorithm == "HS256", "a secret signs with HS256 only");
  require(!verify_jws(jws, std::string(body) + " ", keys().both()), "the body is signed");
}

/// A CloudEvent in JSON that nobody signed; then one with a material that somebody did sign, whatever it says.
void check_event(std::string_view material, std::string_view body) {
  auto event = take_apart(body);
  if (!event) return require(event.error().code == "not-verified", "a refusal says so");
  require(event->data.starts_with('{') || event->data.empty(), "data is an object, or not there");
  const auto unsigned_one = verify_dsse(event->attributes, event->data, keys().both());
  check_verified(unsigned_one);
  require(!unsigned_one, "nobody signed this");

  std::erase_if(event->attributes, [](const auto& one) { return one.first == kDsseAttribute; });
  const std::string envelope = R"({"payload":")" + crypto::base64(material) + R"(","payloadType":")" + std::string(kDssePayloadType) + R"(","signatures":[{"keyid":"ed","sig":")" +
                               crypto::base64(keys().sign(pre_authentication_encoding(kDssePayloadType, material))) + R"("}]})";
  const Attributes plain = event->attributes;
  event->attributes.emplace_back(kDsseAttribute, crypto::base64(envelope));
  const auto verified = verify_dsse(event->attributes, event->data, keys().both());
  check_verified(verified);
  if (!verified) return;
  for (const auto& one : verified->attributes) require(std::ranges::find(plain, one) != plain.end(), "what is vouched for is what the event says");
  require(!verify_dsse(event->attributes, event->data + " ", keys().both()), "the data is signed");
}

/// An event of ours is verified in both forms.
void check_own(std::string_view id, std::string_view rest) {
  const auto key = fuzz::take_part(rest);
  if (id.empty() || key.empty() || !base::is_valid_utf8(id) || !base::is_valid_utf8(key) || !base::is_valid_utf8(rest)) return;
  const std::string data = R"({"userId":)" + base::json_string(rest) + "}";
  const encoding::Envelope envelope{.id = id, .source = "urn:fuzz", .type = "user.created", .partition_key = key, .time_ms = 1'795'510'800'250, .data = data};
  const encoding::Position position{"1nkxnkn7hyaphvfz0884jfcnvk.fm9hm980", 42};
  const Attributes wanted{{"id", std::string(id)}, {"subject", std::string(key)}};
  encoding::Encoded out;
  if (keys().jws().encode(envelope, position, out).readiness == encoding::Readiness::ready) {
    require(out.headers.size() == 1, "a signature is there");
    const auto verified = must(verify_jws(out.headers.begin()->value, out.body, keys().both()), "what was signed is verified");
    require(require_attributes(verified, wanted).has_value(), "with its attributes");
  }
  require(keys().dsse().encode(envelope, position, out).readiness == encoding::Readiness::ready, "dsse has room for everything");
  const auto event = must(take_apart(out.body), "what is sent is a CloudEvent");
  const auto verified = must(verify_dsse(event.attributes, event.data, keys().both()), "what was signed is verified");
  require(require_attributes(verified, wanted).has_value(), "with its attributes");
  require(event.data == data, "data stays as it is");
}

}  // namespace
}  // namespace user_events::signing

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace user_events;
  if (size == 0) return 0;
  std::string_view rest = fuzz::text_of(data + 1, size - 1);
  const std::string_view first = fuzz::take_part(rest);
  constexpr void (*kChecks[])(std::string_view, std::string_view) = {signing::check_received, signing::check_signed_header, signing::check_event, signing::check_own};
  kChecks[data[0] % std::size(kChecks)](first, rest);
  return 0;
}
