#include "kms/aws_kms.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <chrono>

#include "base/hex.h"
#include "base/json_reading.h"
#include "base/json_writer.h"
#include "base/try.h"
#include "base/uri_text.h"
#include "crypto/digest.h"
#include "crypto/secret_text.h"
#include "destinations/aws/credentials.h"
#include "destinations/aws/target.h"
#include "destinations/http/client.h"

namespace user_events::kms {
namespace {

namespace aws = destinations::aws;
namespace http = destinations::http;
using std::chrono::milliseconds;

constexpr std::string_view kCode = "master-key";
constexpr milliseconds kTimeout{10'000};
constexpr std::size_t kIdBytes = 8;
/// Part of what is encrypted (additional authenticated data), and shown in CloudTrail.
constexpr std::string_view kContext = R"({"purpose":"user-events epoch key"})";

std::unexpected<Error> bad(std::string message, std::string hint) { return fail(ErrorKind::usage, std::string(kCode), "master key: " + std::move(message), std::move(hint)); }

/// What a mistake of the configuration is answered with; anything else may pass.
bool is_lasting(std::string_view type) {
  for (const std::string_view one : {"NotFoundException", "DisabledException", "AccessDeniedException", "KMSInvalidStateException", "InvalidKeyUsageException",
                                     "IncorrectKeyException", "InvalidCiphertextException", "ValidationException", "UnrecognizedClientException"})
    if (type.ends_with(one)) return true;
  return false;
}

/// `arn:aws:kms:REGION:ACCOUNT:key/ID`; empty: it is none.
std::string region_in(std::string_view key) {
  if (!key.starts_with("arn:")) return {};
  for (int part = 0; part < 3; ++part) key.remove_prefix(std::min(key.size(), key.find(':') == std::string_view::npos ? key.size() : key.find(':') + 1));
  return std::string(key.substr(0, key.find(':')));
}

class AwsKmsKey final : public privacy::MasterKey {
 public:
  AwsKmsKey(std::string key, std::string region, std::string endpoint) : key_(std::move(key)), region_(std::move(region)), endpoint_(std::move(endpoint)) {
    const auto hash = crypto::sha256(key_);
    id_ = "aws-kms-";
    base::append_hex({reinterpret_cast<const char*>(hash.data()), kIdBytes}, id_);
  }

  [[nodiscard]] std::string id() const override { return id_; }

  [[nodiscard]] Result<std::string> wrap(const crypto::SecretKey& key) const override {
    const auto bytes = key.bytes();
    std::string text = crypto::base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    auto wrapped = ask("Encrypt", "Plaintext", text, "CiphertextBlob");
    wipe(text);
    return wrapped;
  }

  [[nodiscard]] Result<crypto::SecretKey> unwrap(std::string_view wrapped) const override {
    UE_TRY_ASSIGN(auto text, ask("Decrypt", "CiphertextBlob", wrapped, "Plaintext"));
    auto key = crypto::parse_secret_key(crypto::SecretText(text));
    wipe(text);
    if (!key) return bad(fmt::format("{} decrypted something that is no key", endpoint_), "restore key store and epoch file from the same backup");
    return std::move(*key);
  }

 private:
  static void wipe(std::string& text) { crypto::wipe({reinterpret_cast<unsigned char*>(text.data()), text.size()}); }

  [[nodiscard]] std::unexpected<Error> unavailable(std::string_view what) const {
    return fail(ErrorKind::unavailable, std::string(kCode), fmt::format("master key: {}: {}", endpoint_, what), "it is needed at a start, and when keys are rotated");
  }

  /// The member `answer` of what the service says to `action` of `value`.
  [[nodiscard]] Result<std::string> ask(std::string_view action, std::string_view name, std::string_view value, std::string_view answer) const {
    http::Client client({.max_connections = 1});
    const aws::Config config;
    aws::CredentialSource source(config, region_, client);
    const auto credentials = source.wait(kTimeout);
    if (!credentials) return unavailable(credentials.error().message);
    http::Request request;
    request.url = endpoint_;
    request.timeout = kTimeout;
    request.headers = {"Content-Type: application/x-amz-json-1.1", fmt::format("X-Amz-Target: TrentService.{}", action), "Expect:"};
    request.signature = http::AwsSignature{(*credentials)->access_key_id, (*credentials)->secret_access_key, (*credentials)->session_token, region_, "kms"};
    base::ObjectWriter body(request.body);
    body.text("KeyId", key_);
    body.text(name, value);
    body.raw("EncryptionContext", kContext);
    body.end();
    http::Response response = client.call(std::move(request));
    auto found = read(response, answer);
    wipe(response.body);
    return found;
  }

  [[nodiscard]] Result<std::string> read(const http::Response& response, std::string_view answer) const {
    if (response.status == 0) return unavailable(response.error);
    simdjson::dom::parser parser;
    const auto object = base::parse_object(parser, response.body);
    if (response.status == 200 && object)
      if (const auto text = base::text_of(*object, answer)) return std::string(*text);
    const std::string type(object ? base::text_of(*object, "__type").value_or("") : "");
    if (!is_lasting(type)) return unavailable(fmt::format("it answers with status {}", response.status));
    return bad(fmt::format("{} refuses {}: {}", endpoint_, key_, type.substr(type.find('#') + 1)),
               "the key must be enabled, and these credentials need kms:Encrypt and kms:Decrypt for it; `privacy.previous_master_key` names the former one to move over to another");
  }

  const std::string key_, region_, endpoint_;
  std::string id_;
};

}  // namespace

Result<std::unique_ptr<privacy::MasterKey>> aws_kms_key(const MasterKeySource& source) {
  std::string region = region_in(source.aws_kms);
  if (region.empty()) region = aws::region_of_environment({});
  if (region.empty()) return bad(fmt::format("the region of {} is not known", source.aws_kms), "give the key's ARN, or set AWS_REGION");
  std::string endpoint = source.aws_endpoint.empty() ? fmt::format("https://kms.{}.{}/", region, aws::domain_of_region(region)) : source.aws_endpoint;
  if (!endpoint.starts_with("https://") && !(endpoint.starts_with("http://") && !endpoint.contains('@') && base::is_loopback_url(endpoint)))
    return bad("privacy.master_key.aws_endpoint must be an https URL", "keys would cross the network in the clear");
  if (!endpoint.ends_with('/')) endpoint += '/';
  return std::make_unique<AwsKmsKey>(source.aws_kms, std::move(region), std::move(endpoint));
}

Result<std::unique_ptr<privacy::MasterKey>> load_master_key(const MasterKeySource& source) {
  if (source.aws_kms.empty()) return privacy::load_master_key(source);
  if (source.KeySource::is_given()) return bad("aws_kms and a local key are both given", "one of them");
  return aws_kms_key(source);
}

}  // namespace user_events::kms
