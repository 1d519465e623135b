#include "destinations/rabbitmq/administration.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "base/json_reading.h"
#include "base/json_writer.h"
#include "base/try.h"
#include "base/uri_text.h"
#include "crypto/digest.h"

namespace user_events::destinations::rabbitmq {
namespace {

constexpr std::uint64_t kMaxAnswerBytes = 16u << 20;  // some 100,000 users
constexpr std::uint16_t kPlainPort = 15'672, kTlsPort = 15'671;

http::ClientOptions client_options(const Config& config) {
  return {.max_connections = 1, .connect_timeout = config.connect_timeout, .max_answer_bytes = kMaxAnswerBytes, .ca_file = config.tls.ca_file,
          .cert_file = config.tls.cert_file, .key_file = config.tls.key_file, .verify = config.tls.verify};
}

/// The first broker's, at the plugin's usual port.
std::string url_of(const Config& config) {
  if (!config.management_url.empty()) return config.management_url;
  const HostPort place{config.hosts.front().host, config.tls.enabled ? kTlsPort : kPlainPort};
  return fmt::format("{}://{}", config.tls.enabled ? "https" : "http", place.text());
}

std::string segment(std::string_view text) {
  std::string out;
  base::append_percent_encoded(text, out, base::is_unreserved);
  return out;
}

std::string member(const simdjson::dom::object& object, std::string_view name) { return std::string(base::text_of(object, name).value_or("")); }

Result<std::vector<Permissions>> read_permissions(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  if (parser.parse(body).get(list) != simdjson::SUCCESS)
    return fail(ErrorKind::unavailable, "rabbitmq-administration", "the answer is not one of RabbitMQ's management", "check management_url");
  std::vector<Permissions> out;
  for (const auto element : list) {
    simdjson::dom::object object;
    if (element.get(object) != simdjson::SUCCESS) continue;
    Permissions& permissions = out.emplace_back(Permissions{.user = member(object, "user")});
    for (std::size_t i = 0; i < kOperations.size(); ++i) permissions.patterns[i] = member(object, kOperations[i]);
  }
  return out;
}

}  // namespace

RabbitMqAdministration::RabbitMqAdministration(Config config) : config_(std::move(config)), client_(client_options(config_)) {}

Result<std::unique_ptr<AccessAdministration>> RabbitMqAdministration::make(Config config) {
  const std::string url = url_of(config);
  const bool is_plain = url.starts_with("http://");
  if (!is_plain && !url.starts_with("https://")) return refuse_access("management_url", "must be an http or https URL");
  if (is_plain && config.notes.empty() && !base::is_loopback_url(url))
    return refuse_access("management_url", "has no TLS: the administrator's password could be read on the way", "management_url = \"https://broker-1:15671\"");
  config.management_url = url;
  while (config.management_url.ends_with('/')) config.management_url.pop_back();
  return std::unique_ptr<AccessAdministration>(new RabbitMqAdministration(std::move(config)));
}

Result<http::Response> RabbitMqAdministration::call(std::string method, const std::string& path, std::string body) {
  http::Request request;
  request.method = std::move(method);
  request.url = config_.management_url + path;
  request.headers = {"Accept: application/json", "Content-Type: application/json", "Authorization: Basic " + crypto::base64(config_.user + ":" + config_.password)};
  request.body = std::move(body);
  http::Response answer = client_.call(std::move(request));
  const auto refuse = [&](ErrorKind kind, std::string what, std::string hint) {
    return fail(kind, "rabbitmq-administration", fmt::format("{}: {}", config_.management_url, what), std::move(hint));
  };
  if (answer.status == 0) return refuse(ErrorKind::unavailable, answer.error, "rabbitmq-plugins enable rabbitmq_management; management_url says where it listens");
  if (answer.status == 401 || answer.status == 403)
    return refuse(ErrorKind::forbidden, fmt::format("it refuses these credentials (status {})", answer.status), "user and password of a user with the tag administrator");
  if (answer.status == 400) return refuse(ErrorKind::not_found, "it knows no such user or vhost (status 400)", "rabbitmqctl add_user makes a user");
  if (answer.status == 404) return refuse(ErrorKind::not_found, fmt::format("it knows no vhost {} (status 404)", config_.vhost), "check vhost and management_url");
  if (answer.status < 200 || answer.status >= 300)
    return refuse(ErrorKind::unavailable, fmt::format("it answers with status {}", answer.status), "its log says why");
  return answer;
}

Result<std::vector<AccessEntry>> RabbitMqAdministration::look(std::span<const Grant> plan) {
  UE_TRY_ASSIGN(const auto answer, call("GET", fmt::format("/api/vhosts/{}/permissions", segment(config_.vhost))));
  UE_TRY_ASSIGN(found_, read_permissions(answer.body));
  plan_.assign(plan.begin(), plan.end());
  seen_.clear();
  std::vector<AccessEntry> entries;
  for (const auto& each : found_) {
    for (auto& [operation, entry] : entries_of(each, plan)) {
      seen_.emplace_back(each.user, operation);
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

/// What is to be set for the user: to begin with what there is.
Permissions& RabbitMqAdministration::changed(const std::string& user) {
  const auto at = std::ranges::find(changed_, user, &Permissions::user);
  if (at != changed_.end()) return *at;
  const auto now = std::ranges::find(found_, user, &Permissions::user);
  return changed_.emplace_back(now != found_.end() ? *now : Permissions{.user = user});
}

Result<std::vector<std::string>> RabbitMqAdministration::prepare(const AccessChanges& changes) {
  changed_.clear();
  for (const std::size_t index : changes.remove) {
    const auto& [user, operation] = seen_.at(index);
    changed(user).patterns[operation] = planned(plan_, user).patterns[operation];
  }
  for (const auto& grant : changes.add) {
    const auto operation = static_cast<std::size_t>(std::ranges::find(kOperations, grant.right.operation) - kOperations.begin());
    const std::string wanted = planned(plan_, grant.principal).patterns[operation];
    std::string& pattern = changed(grant.principal).patterns[operation];
    // Ours first, so that nothing in the other can change its meaning.
    if (!begins_with(pattern, wanted)) pattern = pattern.empty() ? wanted : wanted + "|" + pattern;
  }
  std::vector<std::string> lines;
  for (const auto& each : changed_) {
    const auto now = std::ranges::find(found_, each.user, &Permissions::user);
    lines.push_back(fmt::format("set permissions (configure, write, read) of {} to {}, from {}", each.user, text_of(each), now == found_.end() ? "none" : text_of(*now)));
  }
  return lines;
}

Result<void> RabbitMqAdministration::apply() {
  for (const auto& each : changed_) {
    std::string body;
    base::ObjectWriter object(body);
    for (std::size_t i = 0; i < kOperations.size(); ++i) object.text(kOperations[i], each.patterns[i]);
    object.end();
    const auto answer = call("PUT", fmt::format("/api/permissions/{}/{}", segment(config_.vhost), segment(each.user)), std::move(body));
    if (answer) continue;
    Error error = answer.error();
    error.message = fmt::format("permissions of {} cannot be set: {}", each.user, error.message);
    return std::unexpected(std::move(error));
  }
  return {};
}

}  // namespace user_events::destinations::rabbitmq
