#include "destinations/aws/credentials.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <pugixml.hpp>
#include <utility>

#include "base/time_text.h"
#include "destinations/aws/form.h"
#include "destinations/aws/profile_file.h"
#include "destinations/aws/target.h"
#include "observability/log.h"

namespace user_events::destinations::aws {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr milliseconds kMetadataTimeout{2'000}, kStsTimeout{10'000};
/// Renewed so long before their end, or for short-lived ones at three quarters of their time.
constexpr seconds kRenewBefore{300};
constexpr seconds kLeastRenewPause{1}, kLongestRenewPause{60};
constexpr std::size_t kMaxTokenBytes = 20'000;
constexpr std::string_view kContainerHost = "http://169.254.170.2";
constexpr std::string_view kInstanceHost = "http://169.254.169.254";
constexpr std::string_view kRolePath = "/latest/meta-data/iam/security-credentials/";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string environment(const char* name, std::string otherwise) {
  std::string value = environment(name);
  return value.empty() ? std::move(otherwise) : value;
}

std::string home_file(std::string_view name) { return fmt::format("{}/.aws/{}", environment("HOME", "/"), name); }
std::string credentials_file() { return environment("AWS_SHARED_CREDENTIALS_FILE", home_file("credentials")); }
std::string config_file() { return environment("AWS_CONFIG_FILE", home_file("config")); }
std::string profile_name(const Config& config) {
  return config.profile.empty() ? environment("AWS_PROFILE", environment("AWS_DEFAULT_PROFILE", "default")) : config.profile;
}

/// The whole of a small file, without white space at its end. Empty if it cannot be read or is too long.
std::string read_token(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxTokenBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  if (text.size() > kMaxTokenBytes) return {};
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

bool fits_header(std::string_view value) {
  return std::ranges::all_of(value, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
}

/// Where a token may be sent in clear: this machine, and the endpoints that ECS and EKS have on each of theirs.
bool may_be_asked_in_clear(std::string_view url) {
  constexpr std::array<std::string_view, 5> kHosts = {"localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme) || url.find('@') != std::string_view::npos) return false;
  const auto authority = url.substr(kScheme.size(), url.find('/', kScheme.size()) - kScheme.size());
  if (authority.starts_with("127.") && authority.find_first_not_of("0123456789.:") == std::string_view::npos) return true;
  const auto port = authority.starts_with('[') ? authority.find("]:") : authority.rfind(':');
  const auto host = port == std::string_view::npos ? authority : authority.substr(0, port + (authority.starts_with('[') ? 1 : 0));
  return std::ranges::find(kHosts, host) != kHosts.end();
}

std::optional<system_clock::time_point> time_of(std::string_view text) {
  const auto time = base::parse_time(text);
  if (!time) return std::nullopt;
  return system_clock::time_point(milliseconds(*time));
}

std::string why(const http::Response& response) {
  return response.status != 0 ? fmt::format("answered with status {}", response.status) : response.error;
}

std::optional<Credentials> credentials_in_json(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::object document;
  if (parser.parse(body.data(), body.size()).get(document) != simdjson::SUCCESS) return std::nullopt;
  const auto text = [&document](std::string_view key) {
    std::string_view value;
    return std::string(document[key].get(value) == simdjson::SUCCESS ? value : std::string_view{});
  };
  Credentials found{.access_key_id = text("AccessKeyId"), .secret_access_key = text("SecretAccessKey"), .session_token = text("Token"),
                    .expires = time_of(text("Expiration"))};
  if (found.access_key_id.empty() || found.secret_access_key.empty() || !fits_header(found.session_token)) return std::nullopt;
  return found;
}

std::optional<Credentials> credentials_in_xml(std::string_view body) {
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size())) return std::nullopt;
  const pugi::xml_node node =
      document.child("AssumeRoleWithWebIdentityResponse").child("AssumeRoleWithWebIdentityResult").child("Credentials");
  Credentials found{.access_key_id = node.child_value("AccessKeyId"), .secret_access_key = node.child_value("SecretAccessKey"),
                    .session_token = node.child_value("SessionToken"), .expires = time_of(node.child_value("Expiration"))};
  if (found.access_key_id.empty() || found.secret_access_key.empty() || !fits_header(found.session_token)) return std::nullopt;
  return found;
}

std::string value_of(const Profile& profile, std::string_view key) {
  const auto found = profile.find(key);
  return found == profile.end() ? std::string() : found->second;
}

/// What the profile asks for and is not done here; empty: nothing.
std::string_view unsupported_in(const Profile& profile) {
  for (const std::string_view key : {"source_profile", "credential_source", "credential_process", "sso_session", "sso_start_url"})
    if (profile.contains(key)) return key;
  return {};
}

/// To the instance metadata service, never through a proxy.
http::Request instance_request(std::string_view method, std::string_view path, std::string header) {
  return {.method = std::string(method), .url = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT", std::string(kInstanceHost)) + std::string(path),
          .headers = {std::move(header)}, .body = {}, .signature = {}, .timeout = kMetadataTimeout, .use_proxy = false};
}

}  // namespace

std::string region_of_environment(const Config& config) {
  if (const auto region = environment("AWS_REGION", environment("AWS_DEFAULT_REGION")); !region.empty()) return region;
  return value_of(read_profile(config_file(), profile_name(config), true), "region");
}

CredentialSource::CredentialSource(const Config& config, std::string region, http::Client& client)
    : config_(config), region_(std::move(region)), client_(client) {}

const Credentials* CredentialSource::current() const {
  if (!credentials_ || (credentials_->expires && *credentials_->expires <= system_clock::now())) return nullptr;
  return &*credentials_;
}

void CredentialSource::tick(Time now) {
  if (!next_due_ || now < *next_due_) return;
  next_due_.reset();
  begun_ = now;
  if (!config_.access_key_id.empty())
    return take({config_.access_key_id, config_.secret_access_key, config_.session_token, std::nullopt});
  look(config_.profile.empty() ? Place::environment : Place::profile);
}

Result<const Credentials*> CredentialSource::wait(milliseconds timeout) {
  constexpr milliseconds kPoll{100};
  const auto end = steady_clock::now() + timeout;
  for (auto now = steady_clock::now(); now < end; now = steady_clock::now()) {
    tick(now);
    if (const auto* const found = current()) return found;
    if (!problem_.empty()) break;
    client_.run(kPoll);
  }
  return user_events::fail(ErrorKind::unavailable, "aws-credentials", problem_.empty() ? "no credentials came in time" : problem_);
}

void CredentialSource::renew(Time now) {
  if (is_asking_) return;
  next_due_ = std::min(next_due_.value_or(Time::max()), std::max(now, begun_ + kLeastRenewPause));
}

/// In this place, else in the next ones. A place that is set up but does not give credentials is the end of the search.
void CredentialSource::look(Place place) {
  switch (place) {
    case Place::environment:
      if (look_in_environment()) return;
      [[fallthrough]];
    case Place::web_identity:
      if (ask_sts(environment("AWS_ROLE_ARN"), environment("AWS_WEB_IDENTITY_TOKEN_FILE"), environment("AWS_ROLE_SESSION_NAME"))) return;
      [[fallthrough]];
    case Place::profile:
      if (look_in_profile()) return;
      if (!config_.profile.empty())
        return fail(fmt::format("profile {} holds no credentials (check {} and {})", config_.profile, credentials_file(), config_file()));
      [[fallthrough]];
    case Place::container:
      if (look_in_container()) return;
      [[fallthrough]];
    case Place::instance:
      if (environment("AWS_EC2_METADATA_DISABLED") != "true") return ask_instance();
      [[fallthrough]];
    case Place::none:
      fail("there are no credentials (set access_key_id_env and secret_access_key_env, a profile, or give this machine a role)");
  }
}

bool CredentialSource::look_in_environment() {
  Credentials found{environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"), environment("AWS_SESSION_TOKEN"), std::nullopt};
  if (found.access_key_id.empty() || found.secret_access_key.empty()) return false;
  if (!fits_header(found.session_token)) fail("AWS_SESSION_TOKEN holds characters that no token has");
  else take(std::move(found));
  return true;
}

bool CredentialSource::look_in_profile() {
  const std::string name = profile_name(config_);
  Profile profile = read_profile(config_file(), name, true);
  for (auto& [key, value] : read_profile(credentials_file(), name, false)) profile[key] = value;
  Credentials found{value_of(profile, "aws_access_key_id"), value_of(profile, "aws_secret_access_key"), value_of(profile, "aws_session_token"),
                    std::nullopt};
  if (!found.access_key_id.empty() && !found.secret_access_key.empty()) {
    if (!fits_header(found.session_token)) fail(fmt::format("profile {}: aws_session_token holds characters that no token has", name));
    else take(std::move(found));
    return true;
  }
  if (ask_sts(value_of(profile, "role_arn"), value_of(profile, "web_identity_token_file"), value_of(profile, "role_session_name"))) return true;
  const auto key = unsupported_in(profile);
  if (key.empty()) return false;
  fail(fmt::format("profile {}: {} is not supported (use keys, web_identity_token_file, or a role of the machine)", name, key));
  return true;
}

bool CredentialSource::ask_sts(const std::string& role, const std::string& token_file, const std::string& session) {
  if (role.empty() || token_file.empty()) return false;
  origin_ = "STS";
  const std::string token = read_token(token_file);
  if (token.empty()) {
    fail("the web identity token file cannot be read, is empty or too long (check AWS_WEB_IDENTITY_TOKEN_FILE)");
    return true;
  }
  http::Request request;
  request.url = !config_.sts_endpoint.empty() ? config_.sts_endpoint : fmt::format("https://sts.{}.{}/", region_, domain_of_region(region_));
  request.headers = {"Content-Type: application/x-www-form-urlencoded; charset=utf-8"};
  request.timeout = kStsTimeout;
  append_form_field("Action", "AssumeRoleWithWebIdentity", request.body);
  append_form_field("Version", "2011-06-15", request.body);
  append_form_field("RoleArn", role, request.body);
  append_form_field("RoleSessionName", session.empty() ? "user-events" : session, request.body);
  append_form_field("WebIdentityToken", token, request.body);
  ask(std::move(request), &CredentialSource::on_sts);
  return true;
}

bool CredentialSource::look_in_container() {
  const std::string relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), full = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative.empty() && full.empty()) return false;
  origin_ = "the container's credentials endpoint";
  http::Request request{.method = "GET", .url = full, .headers = {}, .body = {}, .signature = {}, .timeout = kMetadataTimeout, .use_proxy = false};
  if (!relative.empty()) request.url = fmt::format("{}{}", kContainerHost, relative);
  if (!request.url.starts_with("https://") && !may_be_asked_in_clear(request.url)) {
    fail("AWS_CONTAINER_CREDENTIALS_FULL_URI names another host than this machine or its container agent (use https)");
    return true;
  }
  const std::string file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const std::string token = file.empty() ? environment("AWS_CONTAINER_AUTHORIZATION_TOKEN") : read_token(file);
  if (!fits_header(token) || (token.empty() && !file.empty())) {
    fail("the container's authorization token cannot be read (check AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)");
    return true;
  }
  if (!token.empty()) request.headers.push_back("Authorization: " + token);
  ask(std::move(request), &CredentialSource::on_json);
  return true;
}

void CredentialSource::ask_instance() {
  origin_ = "the instance metadata service";
  ask(instance_request("PUT", "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds: 21600"), &CredentialSource::on_instance_token);
}

void CredentialSource::on_instance_token(const http::Response& response) {
  if (response.status == 0)
    return fail("there are no credentials: nothing is configured, and no instance metadata service answers "
                "(set access_key_id_env and secret_access_key_env, or a profile)");
  if (response.status != 200 || !fits_header(response.body)) return fail(fmt::format("{} {}", origin_, why(response)));
  instance_token_ = response.body;
  ask(instance_request("GET", kRolePath, "X-aws-ec2-metadata-token: " + instance_token_), &CredentialSource::on_instance_role);
}

void CredentialSource::on_instance_role(const http::Response& response) {
  const std::string role = response.body.substr(0, response.body.find('\n'));
  if (response.status == 404 || (response.status == 200 && role.empty()))
    return fail("this instance has no role (attach an instance profile, or configure credentials)");
  if (response.status != 200 || role.find_first_of("/?#% \r") != std::string::npos) return fail(fmt::format("{} {}", origin_, why(response)));
  ask(instance_request("GET", std::string(kRolePath) + role, "X-aws-ec2-metadata-token: " + instance_token_), &CredentialSource::on_json);
}

void CredentialSource::on_json(const http::Response& response) {
  auto found = response.status == 200 ? credentials_in_json(response.body) : std::nullopt;
  if (!found) return fail(response.status == 200 ? fmt::format("{} gave no credentials", origin_) : fmt::format("{} {}", origin_, why(response)));
  take(*std::move(found));
}

void CredentialSource::on_sts(const http::Response& response) {
  auto found = response.status == 200 ? credentials_in_xml(response.body) : std::nullopt;
  if (found) return take(*std::move(found));
  pugi::xml_document document;
  std::string code;
  if (document.load_buffer(response.body.data(), response.body.size()))
    code = document.child("ErrorResponse").child("Error").child_value("Code");
  fail(fmt::format("{} {}{}{} (check AWS_ROLE_ARN, the token file and the role's trust policy)", origin_, why(response), code.empty() ? "" : ", ",
                   code.substr(0, 64)));
}

void CredentialSource::ask(http::Request request, Answered answered) {
  is_asking_ = true;
  client_.start(std::move(request), [this, answered](const http::Response& response) {
    is_asking_ = false;
    (this->*answered)(response);
  });
}

void CredentialSource::take(Credentials credentials) {
  problem_.clear();
  failures_ = 0;
  credentials_ = std::move(credentials);
  if (!credentials_->expires) return;
  const auto left = std::chrono::duration_cast<milliseconds>(*credentials_->expires - system_clock::now());
  const auto before = std::min<milliseconds>(kRenewBefore, left / 4);
  next_due_ = steady_clock::now() + std::max<milliseconds>(left - before, kLeastRenewPause);
}

void CredentialSource::fail(std::string problem) {
  if (problem != problem_) observability::log().warn("{}: credentials: {}", config_.name, problem);
  problem_ = std::move(problem);
  const auto pause = kLeastRenewPause * (1 << std::min(failures_, 6u));
  ++failures_;
  next_due_ = steady_clock::now() + std::min<seconds>(pause, kLongestRenewPause);
}

}  // namespace user_events::destinations::aws
