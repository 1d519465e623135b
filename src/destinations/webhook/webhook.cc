#include "destinations/webhook/webhook.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "destinations/webhook/address.h"
#include "destinations/webhook/request.h"
#include "observability/log.h"

namespace user_events::destinations::webhook {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Between connections that are tried; an endpoint that answers and takes nothing is asked again after up to
/// `retry.max`.
constexpr milliseconds kLongestConnectPause{2'000};
/// An endpoint that nothing was heard of for so long is looked at by a connection.
constexpr milliseconds kIdleCheck{15'000};
/// Of the answer that says why a token was refused.
constexpr std::uint64_t kMaxErrorBytes = 4'096;

http::ClientOptions client_options(const Config& config) {
  return {.max_connections = config.max_in_flight + 1,  // one for a connection that is tried
          .connect_timeout = config.connect_timeout,
          .max_answer_bytes = kMaxAnswerBytes,
          .keep_answers = false,
          .kept_bytes = config.pushes_tokens ? kMaxErrorBytes : 0,
          .ca_file = config.ca_file,
          .cert_file = config.cert_file,
          .key_file = config.key_file,
          .verify = config.tls_verify,
          .allows_address = [local = config.allow_private_networks](const sockaddr& address) {
            const Reach reach = reach_of(address);
            return reach == Reach::global || (local && reach == Reach::local);
          }};
}

std::int64_t unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

WebhookDestination::WebhookDestination(Config config)
    : config_(std::move(config)), client_(client_options(config_)), gate_(config_.retry) {
  features_.max_in_flight = config_.max_in_flight;
}

Result<void> WebhookDestination::start(std::string_view, std::string_view, std::uint64_t) {
  reports_.clear();
  in_flight_ = 0;
  retrial_ = Retrial::connection;
  wants_trial_event_ = is_connecting_ = is_silent_ = false;
  heard_at_ = steady_clock::now();
  gate_.close_at_start(heard_at_);
  is_running_ = true;
  set_health(HealthState::starting, "connecting");
  tick();
  return {};
}

SendStatus WebhookDestination::send(const Message& message) {
  if (!is_running_ || in_flight_ >= config_.max_in_flight) return SendStatus::busy;
  const bool is_trial = !gate_.is_open();
  if (is_trial && !std::exchange(wants_trial_event_, false)) return SendStatus::busy;
  ++in_flight_;
  client_.start(make_request(config_, message, unix_seconds()),
                [this, is_trial, sequence = message.position.sequence](const http::Response& response) {
                  on_answer(sequence, is_trial, response);
                });
  return SendStatus::queued;
}

void WebhookDestination::poll(std::vector<Report>& out, milliseconds timeout) {
  const Time until = steady_clock::now() + timeout;
  const bool wanted_trial_event = wants_trial_event_;
  bool goes_on = true;
  while (goes_on) {
    tick();
    // Once an event is wanted for a trial, whoever has one must hear of it.
    const bool may_wait =
        reports_.empty() && wants_trial_event_ == wanted_trial_event && steady_clock::now() < until;
    goes_on = client_.run(may_wait ? time_to_wait(until) : milliseconds(0)) && may_wait;
  }
  std::ranges::move(reports_, std::back_inserter(out));
  reports_.clear();
}

milliseconds WebhookDestination::time_to_wait(Time until) const {
  if (is_running_ && retrial_ != Retrial::never) {
    if (gate_.is_pausing()) until = std::min(until, gate_.until());
    if (gate_.is_open() && in_flight_ == 0 && !is_connecting_)
      until = std::min(until, heard_at_ + kIdleCheck);
  }
  return std::max(std::chrono::ceil<milliseconds>(until - steady_clock::now()), milliseconds(0));
}

void WebhookDestination::tick() {
  if (!is_running_ || retrial_ == Retrial::never) return;
  const Time now = steady_clock::now();
  if (gate_.is_open()) {
    if (in_flight_ == 0 && !is_connecting_ && now - heard_at_ >= kIdleCheck) connect(false);
    return;
  }
  if (!gate_.probe_is_due(now)) return;
  gate_.probe_started();
  if (retrial_ == Retrial::event)
    wants_trial_event_ = true;
  else
    connect(true);
}

void WebhookDestination::connect(bool is_trial) {
  is_connecting_ = true;
  http::Request request;
  request.url = config_.url;
  request.timeout = config_.connect_timeout;
  request.use_proxy = false;
  request.connect_only = true;
  client_.start(std::move(request),
                [this, is_trial](const http::Response& response) { on_connected(is_trial, response); });
}

void WebhookDestination::on_connected(bool is_trial, const http::Response& response) {
  is_connecting_ = false;
  if (!is_running_) return;
  heard_at_ = steady_clock::now();
  if (!response.error.empty()) return shut(is_trial, Retrial::connection, problem_of(response), {});
  if (is_trial) open();
}

void WebhookDestination::on_answer(std::uint64_t sequence, bool is_trial, const http::Response& response) {
  --in_flight_;
  Verdict verdict = config_.pushes_tokens ? judge_push(response) : judge(response);
  reports_.push_back({.sequence = sequence, .outcome = verdict.outcome, .reason = verdict.reason});
  if (!is_running_) return;
  heard_at_ = steady_clock::now();
  const bool was_silent = std::exchange(is_silent_, response.status == 0 && response.sent);
  if (verdict.retrial != Retrial::none)
    return shut(is_trial, verdict.retrial, std::move(verdict.reason),
                std::clamp(response.retry_after, std::chrono::seconds(0), kMaxRetryAfter));
  if (is_trial || (was_silent && gate_.is_open())) open();
  if (verdict.outcome == Outcome::accepted) gate_.reset();
}

void WebhookDestination::shut(bool is_trial, Retrial retrial, std::string reason, milliseconds least) {
  if (retrial_ == Retrial::never) return;
  if (!is_trial && !gate_.is_open() && retrial != Retrial::never) return;  // one of many that failed together
  const Time now = steady_clock::now();
  const milliseconds longest =
      retrial == Retrial::connection ? std::min(kLongestConnectPause, config_.retry.max) : config_.retry.max;
  if (is_trial)
    gate_.probe_failed(now, longest, least);
  else
    gate_.close(now, longest, least);
  retrial_ = retrial;
  wants_trial_event_ = false;
  set_health(HealthState::down, fmt::format("{}: {}", config_.origin, reason));
}

void WebhookDestination::open() {
  if (retrial_ == Retrial::never) return;
  gate_.open();
  if (!is_silent_) set_health(HealthState::up, {});
}

void WebhookDestination::set_health(HealthState state, std::string detail) {
  const std::lock_guard lock(health_mutex_);
  if (state == HealthState::down && (health_.state != state || health_.detail != detail))
    observability::log().warn("webhook destination '{}': {}", config_.name, detail);
  if (state == HealthState::up && health_.state != state)
    observability::log().info("webhook destination '{}': up", config_.name);
  health_ = {.state = state, .detail = std::move(detail), .notes = config_.notes};
}

Health WebhookDestination::health() const {
  const std::lock_guard lock(health_mutex_);
  return health_;
}

void WebhookDestination::close(milliseconds deadline) {
  if (!is_running_) return;
  is_running_ = false;  // what still comes is reported, and changes nothing else
  const Time until = steady_clock::now() + deadline;
  while (in_flight_ != 0 && steady_clock::now() < until) client_.run(time_to_wait(until));
  client_.cancel_all();
}

}  // namespace user_events::destinations::webhook

namespace user_events::destinations {

Kind webhook_kind() {
  Kind kind = make_kind<webhook::WebhookDestination, webhook::parse, webhook::place_of>(
      "webhook", {"url", "secret", "previous_secret", "headers.", "allow_http", "allow_private_networks",
                  "max_in_flight", "connect_timeout", "request_timeout", "tls_ca_file", "tls_cert_file",
                  "tls_key_file", "tls_verify", "unsafe"});
  kind.access_advice = "the endpoint decides whom it believes: have it verify the signature of each message";
  return kind;
}

}  // namespace user_events::destinations
