#include "destinations/aws/administration.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <pugixml.hpp>

#include "base/json_writer.h"
#include "base/try.h"
#include "destinations/aws/fault.h"
#include "destinations/aws/form.h"
#include "destinations/aws/target.h"

namespace user_events::destinations::aws {
namespace {

constexpr std::chrono::milliseconds kCredentialsTimeout{15'000};
constexpr std::size_t kMaxShownCodeBytes = 64;

http::ClientOptions client_options(const Config& config) {
  return {.max_connections = 2, .connect_timeout = config.connect_timeout, .ca_file = config.ca_file, .verify = config.tls_verify};
}

/// `{"Attributes":{"Policy":"…"}}`; a queue without one has no such member.
std::string policy_in_json(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  std::string_view policy;
  if (parser.parse(body).get(document) != simdjson::SUCCESS) return {};
  return document["Attributes"]["Policy"].get(policy) == simdjson::SUCCESS ? std::string(policy) : std::string();
}

std::string policy_in_xml(const std::string& body) {
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size())) return {};
  for (const pugi::xml_node entry : document.child("GetTopicAttributesResponse").child("GetTopicAttributesResult").child("Attributes").children("entry"))
    if (std::string_view(entry.child_value("key")) == "Policy") return entry.child_value("value");
  return {};
}

std::string sqs_body(std::string_view target, std::string_view policy) {
  std::string body;
  base::ObjectWriter object(body);
  object.text("QueueUrl", target);
  if (policy.empty()) {
    object.raw("AttributeNames", R"(["Policy"])");
  } else {
    base::ObjectWriter attributes(object.key("Attributes"));
    attributes.text("Policy", policy);
    attributes.end();
  }
  object.end();
  return body;
}

std::string sns_body(std::string_view target, std::string_view policy) {
  std::string body;
  append_form_field("Action", policy.empty() ? "GetTopicAttributes" : "SetTopicAttributes", body);
  append_form_field("Version", "2010-03-31", body);
  append_form_field("TopicArn", target, body);
  if (policy.empty()) return body;
  append_form_field("AttributeName", "Policy", body);
  append_form_field("AttributeValue", policy, body);
  return body;
}

}  // namespace

AwsAdministration::AwsAdministration(Config config, std::string region)
    : config_(std::move(config)),
      region_(std::move(region)),
      service_(config_.kind == ServiceKind::sqs ? sqs_service() : sns_service()),
      client_(client_options(config_)),
      source_(config_, region_, client_) {}

Result<std::unique_ptr<AccessAdministration>> AwsAdministration::make(Config config) {
  UE_TRY_ASSIGN(std::string region, region_of(config, config.target.expand("type")));
  return std::unique_ptr<AccessAdministration>(new AwsAdministration(std::move(config), std::move(region)));
}

http::Request AwsAdministration::request(const std::string& target, std::string_view policy) const {
  http::Request out;
  const auto name = parse_target(config_.kind, target);
  out.url = !config_.endpoint.empty() ? config_.endpoint : name ? name->endpoint : std::string();
  out.timeout = config_.request_timeout;
  if (config_.kind == ServiceKind::sqs) {
    out.headers = {"Content-Type: application/x-amz-json-1.0", fmt::format("X-Amz-Target: AmazonSQS.{}", policy.empty() ? "GetQueueAttributes" : "SetQueueAttributes")};
    out.body = sqs_body(target, policy);
  } else {
    out.headers = service_.headers();
    out.body = sns_body(target, policy);
  }
  return out;
}

Result<std::string> AwsAdministration::call(const std::string& target, std::string_view policy) {
  const auto credentials = source_.wait(kCredentialsTimeout);
  if (!credentials)
    return fail(ErrorKind::forbidden, credentials.error().code, credentials.error().message, "access_key_id and secret_access_key, or profile, in the administrator's file");
  http::Request out = request(target, policy);
  out.signature = http::AwsSignature{.access_key_id = (*credentials)->access_key_id, .secret_access_key = (*credentials)->secret_access_key,
                                     .session_token = (*credentials)->session_token, .region = region_, .service = std::string(service_.signing_name())};
  http::Response answer = client_.call(std::move(out));
  const std::string what = fmt::format("the policy of {} cannot be {}", target, policy.empty() ? "read" : "set");
  if (answer.status == 0) return fail(ErrorKind::unavailable, "aws-administration", fmt::format("{}: {}", what, answer.error), "check endpoint and region");
  if (answer.status == 200) return std::move(answer.body);
  // Codes are the service's own words, and short; nothing else of an answer is shown.
  const std::string code(plain_code(service_.read(answer.status, answer.body).code).substr(0, kMaxShownCodeBytes));
  const Fault fault = fault_of(answer.status, code);
  return fail(fault == Fault::denied ? ErrorKind::forbidden : ErrorKind::unavailable, "aws-administration",
              fmt::format("{}: {}", what, code.empty() ? fmt::format("HTTP status {}", answer.status) : code), std::string(hint_for(fault)));
}

AwsAdministration::Place& AwsAdministration::place_of(std::string_view target) { return *std::ranges::find(places_, target, &Place::target); }

Result<std::vector<AccessEntry>> AwsAdministration::look(std::span<const Grant> plan) {
  plan_.assign(plan.begin(), plan.end());
  places_.clear();
  seen_.clear();
  std::vector<AccessEntry> out;
  for (const auto& grant : plan) {
    const std::string& target = grant.right.name;
    if (std::ranges::find(places_, target, &Place::target) != places_.end()) continue;
    UE_TRY_ASSIGN(const std::string body, call(target, {}));
    places_.push_back({target, config_.kind == ServiceKind::sqs ? policy_in_json(body) : policy_in_xml(body)});
    UE_TRY_ASSIGN(auto entries, entries_of(places_.back().policy, target, plan));
    for (auto& each : entries) {
      out.push_back(each.entry);
      seen_.emplace_back(places_.size() - 1, std::move(each));
    }
  }
  return out;
}

Result<std::vector<std::string>> AwsAdministration::prepare(const AccessChanges& changes) {
  std::vector<std::string> lines;
  std::vector<std::set<PolicyPlace>> removed(places_.size());
  std::set<std::size_t> touched;
  for (const auto& grant : changes.add) {
    touched.insert(static_cast<std::size_t>(&place_of(grant.right.name) - places_.data()));
    lines.push_back(fmt::format("allow {} {} on {}", grant.principal, grant.right.operation, grant.right.name));
  }
  for (const std::size_t index : changes.remove) {
    const auto& [place, found] = seen_.at(index);
    touched.insert(place);
    removed[place].insert(found.place);
    lines.push_back(fmt::format("remove: {}", found.entry.text));
  }
  for (auto& place : places_) place.changed.clear();
  for (const std::size_t index : touched) {
    Place& place = places_[index];
    UE_TRY_ASSIGN(place.changed, changed_policy(place.policy, place.target, arn_of(place.target, region_), plan_, removed[index]));
  }
  return lines;
}

Result<void> AwsAdministration::apply() {
  for (const auto& place : places_)
    if (!place.changed.empty()) UE_TRY(call(place.target, place.changed));
  return {};
}

}  // namespace user_events::destinations::aws
