#include "registry/client.h"

#include <fmt/format.h>

#include <atomic>

#include "base/json_text.h"
#include "base/try.h"
#include "base/uri_text.h"
#include "crypto/digest.h"
#include "destinations/http/client.h"
#include "registry/answer.h"

namespace user_events::registry {
namespace {

namespace http = destinations::http;
using std::chrono::milliseconds;

constexpr std::string_view kMediaType = "application/vnd.schemaregistry.v1+json";
constexpr std::string_view kAskedAgain = "it is asked again";
constexpr int kOk = 200, kConflict = 409, kUnprocessable = 422, kNotFound = 404;
constexpr std::int64_t kNoSubject = 40401, kNoVersion = 40402, kNoSchema = 40403;

std::string path_segment(std::string_view text) {
  std::string out;
  base::append_percent_encoded(text, out, base::is_unreserved);
  return out;
}

std::string body_of(const Schema& schema) {
  std::string body = R"({"schema":)";
  base::append_json_string(schema.text, body);
  return body + fmt::format(R"(,"schemaType":"{}"}})", to_text(schema.type));
}

std::string hint_of(http::TlsTrouble trouble) {
  switch (trouble) {
    case http::TlsTrouble::server:
      return "registry.tls_ca_file names the authority of its certificate, which must name the host in registry.url";
    case http::TlsTrouble::client:
      return "registry.tls_cert_file and registry.tls_key_file are the certificate that it asks for";
    case http::TlsTrouble::none:
      break;
  }
  return std::string(kAskedAgain);
}

}  // namespace

std::string_view to_text(SchemaType type) noexcept {
  switch (type) {
    case SchemaType::json:
      return "JSON";
    case SchemaType::avro:
      return "AVRO";
    case SchemaType::protobuf:
      return "PROTOBUF";
  }
  return {};
}

struct Client::Impl {
  explicit Impl(const destinations::RegistrySettings& given)
      : options(given),
        http({.max_connections = 1,
              .connect_timeout = std::min(given.timeout, milliseconds(5'000)),
              .max_answer_bytes = kMaxAnswerBytes,
              .ca_file = given.tls_ca_file,
              .cert_file = given.tls_cert_file,
              .key_file = given.tls_key_file}) {
    while (options.url.ends_with('/')) options.url.pop_back();
  }

  [[nodiscard]] std::unexpected<Error> unavailable(std::string what, std::string hint = std::string(kAskedAgain)) {
    failures.fetch_add(1, std::memory_order_relaxed);
    return fail(ErrorKind::unavailable, "registry-unavailable", fmt::format("registry {}: {}", options.url, what), std::move(hint));
  }

  [[nodiscard]] http::Request request(std::string method, const std::string& path, std::string body) const {
    http::Request out;
    out.method = std::move(method);
    out.url = options.url + path;
    out.timeout = options.timeout;
    out.body = std::move(body);
    out.headers = {fmt::format("Accept: {}, application/json", kMediaType), "Expect:"};
    if (!out.body.empty()) out.headers.push_back(fmt::format("Content-Type: {}", kMediaType));
    if (!options.user.empty()) out.headers.push_back("Authorization: Basic " + crypto::base64(options.user + ":" + options.password));
    if (!options.token.empty()) out.headers.push_back("Authorization: Bearer " + options.token);
    return out;
  }

  /// The answer; error `unavailable` for what says nothing about what was asked.
  [[nodiscard]] Result<http::Response> call(std::string method, const std::string& path, std::string body = {}) {
    if (stopped) return unavailable("it is not asked any more");
    calls.fetch_add(1, std::memory_order_relaxed);
    std::optional<http::Response> answer;
    http.start(request(std::move(method), path, std::move(body)), [&answer](http::Response response) { answer = std::move(response); });
    while (!answer && !stopped) http.run(options.timeout);
    if (!answer) http.cancel_all();
    if (answer->status == 0) return unavailable(answer->error, hint_of(answer->tls));
    if (answer->status == 401 || answer->status == 403)
      return unavailable(fmt::format("it refuses these credentials (status {})", answer->status), "check registry.user and password, or registry.token, and their rights");
    if (answer->status >= 300 && answer->status < 400)
      return unavailable(fmt::format("it redirects to another place (status {}), which is not followed", answer->status), "give the place itself in registry.url");
    const bool speaks_of_the_schema = answer->status == kOk || answer->status == kNotFound || answer->status == kConflict || answer->status == kUnprocessable;
    if (!speaks_of_the_schema) return unavailable(fmt::format("it answers with status {}", answer->status));
    return *std::move(answer);
  }

  [[nodiscard]] std::unexpected<Error> garbage(int status) {
    return unavailable(fmt::format("its answer with status {} is not one of a schema registry", status), "check the path in registry.url");
  }

  /// True: the answer says that there is no such thing. 404 from something that is no registry says nothing.
  [[nodiscard]] Result<bool> is_missing(const http::Response& answer) {
    if (answer.status != kNotFound) return false;
    const auto code = read_error_code(answer.body);
    if (code == kNoSubject || code == kNoVersion || code == kNoSchema) return true;
    return garbage(answer.status);
  }

  destinations::RegistrySettings options;
  http::Client http;
  std::atomic<bool> stopped{false};
  std::atomic<std::uint64_t> calls{0}, failures{0};
};

Client::Client(const destinations::RegistrySettings& options) : impl_(std::make_unique<Impl>(options)) {}
Client::~Client() = default;

Result<std::optional<std::uint32_t>> Client::look_up(const std::string& subject, const Schema& schema) {
  UE_TRY_ASSIGN(const auto answer, impl_->call("POST", "/subjects/" + path_segment(subject), body_of(schema)));
  UE_TRY_ASSIGN(const bool missing, impl_->is_missing(answer));
  if (missing) return std::nullopt;
  if (answer.status != kOk)
    return fail(ErrorKind::invalid, "registry-refused", fmt::format("registry {}: it refuses the schema (status {})", impl_->options.url, answer.status));
  const auto id = read_id(answer.body);
  if (!id) return impl_->garbage(answer.status);
  return id;
}

Result<std::uint32_t> Client::add(const std::string& subject, const Schema& schema) {
  UE_TRY_ASSIGN(const auto answer, impl_->call("POST", "/subjects/" + path_segment(subject) + "/versions", body_of(schema)));
  if (answer.status == kConflict)
    return fail(ErrorKind::invalid, "registry-incompatible",
                fmt::format("registry {}: the schema is incompatible with those of subject {}", impl_->options.url, subject),
                "see `user-events schema check --against-registry`");
  if (answer.status == kUnprocessable)
    return fail(ErrorKind::invalid, "registry-refused",
                fmt::format("registry {}: it takes the schema for no valid one under subject {}", impl_->options.url, subject));
  const auto id = answer.status == kOk ? read_id(answer.body) : std::nullopt;
  if (!id) return impl_->garbage(answer.status);
  return *id;
}

Result<std::vector<Registered>> Client::versions(const std::string& subject, bool all) {
  const std::string path = "/subjects/" + path_segment(subject) + "/versions";
  std::vector<std::string> names = {"latest"};
  if (all) {
    UE_TRY_ASSIGN(const auto answer, impl_->call("GET", path));
    UE_TRY_ASSIGN(const bool missing, impl_->is_missing(answer));
    if (missing) return std::vector<Registered>{};
    const auto numbers = answer.status == kOk ? read_version_numbers(answer.body) : std::nullopt;
    if (!numbers) return impl_->garbage(answer.status);
    names.clear();
    for (const auto number : *numbers) names.push_back(std::to_string(number));
  }
  std::vector<Registered> found;
  for (const auto& name : names) {
    UE_TRY_ASSIGN(const auto answer, impl_->call("GET", path + "/" + name));
    UE_TRY_ASSIGN(const bool missing, impl_->is_missing(answer));
    if (missing) continue;
    auto one = answer.status == kOk ? read_registered(answer.body) : std::nullopt;
    if (!one) return impl_->garbage(answer.status);
    found.push_back(*std::move(one));
  }
  return found;
}

Result<void> Client::set_compatibility(const std::string& subject, std::string_view level) {
  UE_TRY_ASSIGN(const auto answer, impl_->call("PUT", "/config/" + path_segment(subject), fmt::format(R"({{"compatibility":"{}"}})", level)));
  if (answer.status != kOk) return impl_->garbage(answer.status);
  return {};
}

void Client::stop() noexcept {
  impl_->stopped = true;
  impl_->http.wake();
}
std::uint64_t Client::calls() const noexcept { return impl_->calls.load(std::memory_order_relaxed); }
std::uint64_t Client::failures() const noexcept { return impl_->failures.load(std::memory_order_relaxed); }

}  // namespace user_events::registry
