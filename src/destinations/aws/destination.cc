#include "destinations/aws/destination.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/try.h"
#include "destinations/aws/access.h"
#include "destinations/aws/aws.h"
#include "observability/log.h"

namespace user_events::destinations::aws {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Between probes of a target that is away or refuses us; throttling waits up to `retry.max`.
constexpr milliseconds kLongestProbePause{2'000};
/// A queue or topic that nothing was heard of for so long, because there was nothing to send, is looked at by a probe.
constexpr milliseconds kIdleCheck{15'000};
/// A batch that is full waits for each request under way, so that the next one starts at once.
constexpr std::uint32_t kBatchesPerRequest = 2;
constexpr std::string_view kEmptyBatch = "EmptyBatchRequest";
constexpr std::size_t kMaxShownCodeBytes = 64;

Features features_of(const Config& config) {
  Features features;
  features.max_in_flight = config.max_requests_in_flight * kBatchesPerRequest * static_cast<std::uint32_t>(kMaxBatchEntries);
  features.max_message_bytes = config.max_request_bytes - std::min(kAttributesBoundBytes, config.max_request_bytes / 2);
  if (config.target.expand("type").ends_with(".fifo")) features.deduplication_window = kDeduplicationWindow;
  return features;
}

http::ClientOptions client_options(const Config& config) {
  return {.max_connections = config.max_requests_in_flight + 1,  // one for probes and credentials
          .connect_timeout = config.connect_timeout,
          .ca_file = config.ca_file,
          .verify = config.tls_verify};
}

/// Codes are the service's own words, and short; nothing else of an answer is shown.
std::string shown(std::string_view code, int status) {
  code = plain_code(code);
  const bool is_word = !code.empty() && std::ranges::all_of(code, [](char c) { return c > 0x20 && c < 0x7F; });
  return is_word ? std::string(code.substr(0, kMaxShownCodeBytes)) : fmt::format("HTTP status {}", status);
}

std::string explain(std::string_view what, Fault fault) {
  const auto hint = hint_for(fault);
  return hint.empty() ? std::string(what) : fmt::format("{} ({})", what, hint);
}

Outcome outcome_of_entry(Fault fault) {
  switch (fault) {
    case Fault::too_large:
    case Fault::bad_message:
      return Outcome::refused;
    case Fault::server:
    case Fault::unknown:
      return Outcome::retry;
    default:
      return Outcome::unavailable;
  }
}

/// A queue for copies of dead letters that cannot be used refuses them; everything else is as with the usual one.
Outcome outcome_at(const Target& target, Fault fault, Outcome usual) {
  const bool is_unusable = fault == Fault::missing || fault == Fault::denied || fault == Fault::unusable;
  return target.is_for_copies && is_unusable ? Outcome::refused : usual;
}

}  // namespace

AwsDestination::AwsDestination(Config config)
    : config_(std::move(config)),
      service_(config_.kind == ServiceKind::sqs ? sqs_service() : sns_service()),
      features_(features_of(config_)),
      client_(client_options(config_)),
      batcher_(config_.max_request_bytes, config_.linger) {}

AwsDestination::~AwsDestination() = default;

Result<void> AwsDestination::start(std::string_view, std::string_view, std::uint64_t) {
  UE_TRY_ASSIGN(const TargetName sample, parse_target(config_.kind, config_.target.expand("type")));
  region_ = !config_.region.empty() ? config_.region : sample.region;
  if (region_.empty()) region_ = region_of_environment(config_);
  if (region_.empty())
    return fail(ErrorKind::usage, "aws-region", fmt::format("destination '{}': the region is not known", config_.name),
                "set region = \"eu-west-1\", or AWS_REGION");
  credentials_.emplace(config_, region_, client_);
  targets_.clear();
  reports_.clear();
  in_flight_ = requests_ = 0;
  allowed_requests_ = config_.max_requests_in_flight;
  is_running_ = true;
  {
    const std::lock_guard lock(health_mutex_);
    health_ = {.state = HealthState::starting, .detail = "looking for credentials", .notes = config_.notes};
  }
  if (config_.target.is_constant()) keep_target({}, sample, false)->gate.close_at_start(steady_clock::now());
  pump(false);
  return {};
}

Target* AwsDestination::keep_target(std::string key, Result<TargetName> name, bool is_for_copies) {
  if (!name) return nullptr;
  auto target = std::make_unique<Target>(Target{.name = *std::move(name), .is_for_copies = is_for_copies, .gate = Gate(config_.retry), .failure = {}});
  return targets_.emplace(std::move(key), std::move(target)).first->second.get();
}

Target* AwsDestination::find_target(const Message& message) {
  const bool is_copy = !message.target.empty();
  const std::string_view key = is_copy ? message.target : config_.target.is_constant() ? std::string_view{} : message.envelope.type;
  if (const auto found = targets_.find(key); found != targets_.end()) return found->second.get();
  auto name = parse_target(config_.kind, is_copy ? std::string(key) : config_.target.expand(name_of_type(key)));
  return keep_target(std::string(key), std::move(name), is_copy);
}

SendStatus AwsDestination::send(const Message& message) {
  if (!is_running_ || credentials_->current() == nullptr || in_flight_ >= features_.max_in_flight || batcher_.bytes() >= kMaxWaitingBytes)
    return SendStatus::busy;
  const std::uint64_t sequence = message.position.sequence;
  Target* target = find_target(message);
  if (target != nullptr && !target->gate.is_open() && config_.target.is_constant()) return SendStatus::busy;
  ++in_flight_;
  if (target == nullptr) {
    report(sequence, Outcome::refused, "no queue or topic can have the name that topic or dead_letter_topic gives");
  } else if (!target->gate.is_open()) {
    report(sequence, Outcome::unavailable, target->failure);  // answering busy would hold up the other types
  } else if (Entry entry = make_entry(message, target->name.fifo); entry.bytes > config_.max_request_bytes) {
    report(sequence, Outcome::refused,
           fmt::format("{} bytes with its attributes, max_request_bytes is {}", entry.bytes, config_.max_request_bytes));
  } else {
    batcher_.add(*target, std::move(entry), steady_clock::now());
  }
  return SendStatus::queued;
}

void AwsDestination::poll(std::vector<Report>& out, milliseconds timeout) {
  const Time until = steady_clock::now() + timeout;
  bool goes_on = true;
  while (goes_on) {
    if (is_running_) pump(false);
    const bool may_wait = reports_.empty() && steady_clock::now() < until;
    goes_on = client_.run(may_wait ? time_to_wait(until) : milliseconds(0)) && may_wait;
  }
  if (is_running_) pump(false);  // what ended has made room
  std::ranges::move(reports_, std::back_inserter(out));
  reports_.clear();
}

milliseconds AwsDestination::time_to_wait(Time until) const {
  const auto sooner = [&until](std::optional<Time> time) {
    if (time && *time < until) until = *time;
  };
  if (is_running_) {
    if (requests_ < allowed_requests_) sooner(batcher_.next_due());
    sooner(credentials_->next_due());
    for (const auto& [type, target] : targets_) {
      if (credentials_->current() == nullptr) break;
      if (target->gate.is_pausing()) sooner(target->gate.until());
      if (may_be_looked_at(*target)) sooner(target->heard_at + kIdleCheck);
    }
  }
  return std::max(std::chrono::ceil<milliseconds>(until - steady_clock::now()), milliseconds(0));
}

void AwsDestination::pump(bool flush) {
  const Time now = steady_clock::now();
  credentials_->tick(now);
  if (credentials_->current() != nullptr) {
    start_probes(now);
    start_requests(now, flush);
  }
  refresh_health();
}

std::optional<http::Request> AwsDestination::make_request(const Target& target, std::span<const Entry> entries) const {
  const Credentials* credentials = credentials_->current();
  if (credentials == nullptr) return std::nullopt;
  http::Request request;
  request.url = config_.endpoint.empty() ? target.name.endpoint : config_.endpoint;
  request.headers = service_.headers();
  request.timeout = config_.request_timeout;
  request.signature = http::AwsSignature{.access_key_id = credentials->access_key_id,
                                         .secret_access_key = credentials->secret_access_key,
                                         .session_token = credentials->session_token,
                                         .region = region_,
                                         .service = std::string(service_.signing_name())};
  std::size_t bytes = 0;
  for (const auto& entry : entries) bytes += entry.bytes;
  request.body.reserve(bytes + bytes / 4 + 1'024 * (entries.size() + 1));
  service_.append_request(target.name.id, entries, request.body);
  return request;
}

/// Where each type has a queue or topic of its own, one that is idle says nothing of the others.
bool AwsDestination::may_be_looked_at(const Target& target) const {
  return config_.target.is_constant() && !target.is_for_copies && target.gate.is_open() && !target.is_looked_at && requests_ == 0 && batcher_.empty();
}

/// A request without messages shows whether the target would take some: it is checked like any other and changes nothing.
void AwsDestination::start_probes(Time now) {
  for (auto& [type, one] : targets_) {
    Target* target = one.get();
    const bool is_idle = may_be_looked_at(*target) && now - target->heard_at >= kIdleCheck;
    if (!is_idle && !target->gate.probe_is_due(now)) continue;
    auto request = make_request(*target, {});
    if (!request) return;
    if (is_idle)
      target->is_looked_at = true;
    else
      target->gate.probe_started();
    client_.start(*std::move(request), [this, target](const http::Response& response) { on_probe(*target, response); });
  }
}

void AwsDestination::start_requests(Time now, bool flush) {
  while (requests_ < allowed_requests_) {
    auto batch = batcher_.next(now, flush);
    if (!batch) return;
    auto request = make_request(*batch->target, batch->entries);
    if (!request) return report_all(batch->entries, Outcome::unavailable, "the credentials are over");
    ++requests_;
    ++statistics_.requests;
    statistics_.messages += batch->entries.size();
    statistics_.most_in_flight = std::max<std::uint64_t>(statistics_.most_in_flight, requests_);
    statistics_.in_flight_when_sent += requests_;
    client_.start(*std::move(request), [this, sent = std::make_shared<Batch>(*std::move(batch))](const http::Response& response) {
      --requests_;
      on_answer(std::move(*sent), response);
    });
  }
}

void AwsDestination::on_answer(Batch batch, const http::Response& response) {
  batch.target->heard_at = steady_clock::now();
  if (response.status == 0) return on_no_answer(batch, response);
  const Answer answer = service_.read(response.status, response.body);
  if (response.status == 200 && answer.understood) return on_entries(std::move(batch), answer);
  if (response.status >= 200 && response.status < 400) {
    const auto reason = fmt::format("the answer with status {} is not one of {} (check endpoint)", response.status, service_.signing_name());
    report_all(batch.entries, Outcome::in_doubt, reason);
    return shut(*batch.target, Fault::server, reason);
  }
  on_fault(std::move(batch), fault_of(response.status, answer.code), answer.code, response);
}

void AwsDestination::on_no_answer(const Batch& batch, const http::Response& response) {
  ease_off();  // a service that is overloaded answers late
  report_all(batch, Fault::down, response.sent ? Outcome::in_doubt : Outcome::unavailable, response.error);
  shut(*batch.target, Fault::down, response.error);
}

void AwsDestination::on_entries(Batch batch, const Answer& answer) {
  std::vector<const EntryAnswer*> answers(batch.entries.size(), nullptr);
  for (const auto& entry : answer.entries)
    if (entry.index < answers.size()) answers[entry.index] = &entry;
  bool any_accepted = false, throttled = false;
  std::optional<Fault> shutting;
  std::string shutting_code;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::uint64_t sequence = batch.entries[i].sequence;
    if (answers[i] == nullptr) {
      report(sequence, Outcome::in_doubt, "the answer says nothing of this message");
    } else if (answers[i]->accepted) {
      any_accepted = true;
      report(sequence, Outcome::accepted);
    } else {
      const Fault fault = fault_of_entry(answers[i]->sender_fault, answers[i]->code);
      const Outcome outcome = outcome_at(*batch.target, fault, outcome_of_entry(fault));
      const std::string code = shown(answers[i]->code, 200);
      report(sequence, outcome, explain(code, fault));
      throttled = throttled || fault == Fault::throttled;
      if (outcome == Outcome::unavailable) {
        shutting = fault;
        shutting_code = code;
      }
    }
  }
  if (any_accepted) batch.target->gate.reset();
  if (throttled) ease_off();
  if (shutting) return shut(*batch.target, *shutting, explain(shutting_code, *shutting));
  if (any_accepted) speed_up();
}

void AwsDestination::on_fault(Batch batch, Fault fault, std::string_view code, const http::Response& response) {
  const std::string reason = explain(shown(code, response.status), fault);
  switch (fault) {
    case Fault::too_large:
    case Fault::bad_message:
    case Fault::unknown:
      // Which message it is about shows when each goes alone.
      if (batch.entries.size() > 1) return one_by_one(std::move(batch));
      return report_all(batch.entries, fault == Fault::unknown ? Outcome::retry : Outcome::refused, reason);
    case Fault::server:
      report_all(batch.entries, Outcome::in_doubt, reason);
      return shut(*batch.target, fault, reason);
    case Fault::throttled:
      ease_off();
      [[fallthrough]];
    default:
      report_all(batch, fault, Outcome::unavailable, reason);
      return shut(*batch.target, fault, reason, response.retry_after);
  }
}

void AwsDestination::on_probe(Target& target, const http::Response& response) {
  target.heard_at = steady_clock::now();
  const bool was_open = std::exchange(target.is_looked_at, false);
  const Answer answer = response.status == 0 ? Answer{} : service_.read(response.status, response.body);
  const Fault fault = response.status == 0 ? Fault::down : fault_of(response.status, answer.code);
  // That there is nothing in it is what is wrong with the probe, under this code or one that is not known here.
  const bool is_checked = answer.understood && (response.status == 200 || plain_code(answer.code) == kEmptyBatch || fault == Fault::unknown);
  if (is_checked) {
    if (was_open) return;
    target.failure.clear();
    return target.gate.open();
  }
  std::string reason = response.status == 0 ? response.error : explain(shown(answer.code, response.status), fault);
  if (was_open) return shut(target, fault, std::move(reason), response.retry_after);
  target.failure = std::move(reason);
  if (fault == Fault::denied || fault == Fault::expired) credentials_->renew(steady_clock::now());
  target.gate.probe_failed(steady_clock::now(), fault == Fault::throttled ? config_.retry.max : kLongestProbePause, response.retry_after);
}

void AwsDestination::shut(Target& target, Fault fault, std::string reason, milliseconds least) {
  if (target.is_for_copies) return;
  const Time now = steady_clock::now();
  if (fault == Fault::denied || fault == Fault::expired) credentials_->renew(now);
  target.failure = std::move(reason);
  target.gate.close(now, fault == Fault::throttled ? config_.retry.max : kLongestProbePause, least);
  report_all(batcher_.take_back(&target), Outcome::unavailable, target.failure);
}

void AwsDestination::one_by_one(Batch batch) {
  if (!batch.target->gate.is_open()) return report_all(batch.entries, Outcome::unavailable, batch.target->failure);
  for (auto& entry : batch.entries) batcher_.add_alone(*batch.target, std::move(entry));
}

void AwsDestination::report(std::uint64_t sequence, Outcome outcome, std::string reason) {
  --in_flight_;
  reports_.push_back({.sequence = sequence, .outcome = outcome, .reason = std::move(reason)});
}

void AwsDestination::report_all(const std::vector<Entry>& entries, Outcome outcome, const std::string& reason) {
  for (const auto& entry : entries) report(entry.sequence, outcome, reason);
}

void AwsDestination::report_all(const Batch& batch, Fault fault, Outcome outcome, const std::string& reason) {
  report_all(batch.entries, outcome_at(*batch.target, fault, outcome), reason);
}

void AwsDestination::ease_off() { allowed_requests_ = std::max(allowed_requests_ / 2, 1u); }
void AwsDestination::speed_up() { allowed_requests_ = std::min(allowed_requests_ + 1, config_.max_requests_in_flight); }

/// Down while the credentials are missing, or while no target that was used takes anything.
void AwsDestination::refresh_health() {
  Health now{.state = HealthState::up, .detail = credentials_->problem(), .notes = config_.notes};
  const Target* closed = nullptr;
  bool any_open = false;
  for (const auto& [type, target] : targets_) {
    if (target->is_for_copies) continue;
    if (target->gate.is_open()) any_open = true;
    else closed = target.get();
  }
  if (credentials_->current() == nullptr) {
    now.state = now.detail.empty() ? HealthState::starting : HealthState::down;
    if (now.detail.empty()) now.detail = "looking for credentials";
  } else if (closed != nullptr) {
    now.state = any_open ? HealthState::up : closed->failure.empty() ? HealthState::starting : HealthState::down;
    now.detail = closed->failure.empty() ? "connecting" : fmt::format("{}: {}", closed->name.id, closed->failure);
  }
  const std::lock_guard lock(health_mutex_);
  if (now.state == HealthState::down && (health_.state != HealthState::down || health_.detail != now.detail))
    observability::log().warn("{}: {}", config_.name, now.detail);
  if (now.state == HealthState::up && health_.state != HealthState::up) observability::log().info("{}: up", config_.name);
  health_ = std::move(now);
}

Health AwsDestination::health() const {
  const std::lock_guard lock(health_mutex_);
  return health_;
}

void AwsDestination::close(milliseconds deadline) {
  if (!is_running_) return;
  const Time until = steady_clock::now() + deadline;
  while ((requests_ != 0 || !batcher_.empty()) && credentials_->current() != nullptr && steady_clock::now() < until) {
    pump(true);
    client_.run(std::min(time_to_wait(until), milliseconds(50)));
  }
  client_.cancel_all();
  report_all(batcher_.take_back(nullptr), Outcome::unavailable, "closed before it was sent");
  is_running_ = false;
}

}  // namespace user_events::destinations::aws

namespace user_events::destinations {

namespace {

/// Both services are one adapter.
template <aws::ServiceKind service>
Result<aws::Config> parse(const DestinationOptions& options) {
  return aws::parse(options, service);
}

}  // namespace

namespace {

constexpr Carries kTextOfXml{.headers = false, .binary = false, .noncharacters = false, .dead_letters = true};

}  // namespace

Kind sqs_kind() {
  Kind kind = make_kind<aws::AwsDestination, parse<aws::ServiceKind::sqs>, aws::place_of>("sqs", aws::setting_names(), kTextOfXml);
  kind.access = &aws::sqs_access_control();
  return kind;
}

Kind sns_kind() {
  Kind kind = make_kind<aws::AwsDestination, parse<aws::ServiceKind::sns>, aws::place_of>("sns", aws::setting_names(), kTextOfXml);
  kind.access = &aws::sns_access_control();
  return kind;
}

}  // namespace user_events::destinations
