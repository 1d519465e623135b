#include "destinations/redis/redis.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>

#include "observability/log.h"

namespace user_events::destinations::redis {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kFlushBytes = 64u << 10;           ///< Sent when so much has gathered, or at the next poll.
constexpr std::chrono::milliseconds kRefusedWaitPause{1'000};  ///< Until a WAIT that the server refused is sent again.
constexpr std::string_view kWaitMs = "1000";             ///< WAIT answers after so long, replicas or not.

}  // namespace

RedisDestination::RedisDestination(Config config)
    : config_(std::make_shared<const Config>(std::move(config))), bell_(std::make_shared<const Bell>()), writer_(*config_) {
  features_.max_in_flight = config_->max_in_flight;
  features_.max_message_bytes = config_->max_message_bytes;
}

Result<void> RedisDestination::start(std::string_view, std::string_view, std::uint64_t) {
  connector_.emplace(config_, bell_);
  backoff_.reset();
  set_health({HealthState::starting, {}, config_->notes});
  connector_->begin();
  return {};
}

SendStatus RedisDestination::send(const Message& message) {
  if (!connection_ || in_flight() >= config_->max_in_flight) return SendStatus::busy;
  const auto& words = writer_.write(message);
  if (const auto limit = std::min(connection_->max_value_bytes, config_->max_message_bytes); message.body.size() > limit) {
    report(message.position.sequence, {Outcome::refused, fmt::format("larger than {} bytes (the server's proto-max-bulk-len or max_message_bytes)", limit)});
    return SendStatus::queued;
  }
  Socket& socket = connection_->pipeline.socket();
  connection_->pipeline.command(words);
  awaited_.push_back({message.position.sequence, socket.queued_total(), Clock::now()});
  if (socket.unsent_bytes() >= kFlushBytes)
    if (auto sent = socket.flush(); !sent) lose(sent.error().message);
  return SendStatus::queued;
}

void RedisDestination::poll(std::vector<Report>& out, std::chrono::milliseconds timeout) {
  step();
  if (reports_.empty() && timeout.count() > 0) {
    wait(timeout);
    step();
  }
  out.insert(out.end(), std::make_move_iterator(reports_.begin()), std::make_move_iterator(reports_.end()));
  reports_.clear();
}

void RedisDestination::wait(std::chrono::milliseconds timeout) {
  if (!connection_ && connector_ && !connector_->is_busy())
    timeout = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(try_at_ - Clock::now()), 0ms, timeout);
  if (connection_ && !stored_.empty() && asked_.empty())
    timeout = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(ask_at_ - Clock::now()), 0ms, timeout);
  std::array<pollfd, 2> descriptors{};
  descriptors[0] = {.fd = bell_->descriptor(), .events = POLLIN, .revents = 0};
  descriptors[1] = {.fd = -1, .events = POLLIN, .revents = 0};
  if (connection_) {
    Socket& socket = connection_->pipeline.socket();
    descriptors[1].fd = socket.descriptor();
    if (socket.unsent_bytes() > 0) descriptors[1].events = POLLIN | POLLOUT;
  }
  (void)::poll(descriptors.data(), descriptors.size(), static_cast<int>(timeout.count()));
  if (descriptors[0].revents != 0) bell_->silence();
}

void RedisDestination::step() {
  if (!connection_) take_connection();
  if (!connection_) return;
  if (auto sent = connection_->pipeline.socket().flush(); !sent) {
    read_replies();  // what the server said before it went
    if (connection_) lose(sent.error().message);
    return;
  }
  read_replies();
  if (!connection_) return;
  ask_replicas();
  if (auto sent = connection_->pipeline.socket().flush(); !sent) return lose(sent.error().message);
  if (!awaited_.empty() && Clock::now() - awaited_.front().since > config_->reply_timeout)
    lose(fmt::format("no reply within reply_timeout ({} ms)", config_->reply_timeout.count()));
}

void RedisDestination::take_connection() {
  if (!connector_) return;
  if (!connector_->is_busy()) {
    if (Clock::now() >= try_at_) connector_->begin();
    return;
  }
  auto result = connector_->result();
  if (!result) return;
  if (!*result) {
    try_at_ = Clock::now() + backoff_.next();
    const std::string& problem = result->error().message;
    if (problem != last_problem_) observability::log().warn("redis destination '{}': {}", config_->name, problem);
    last_problem_ = problem;
    return set_health({HealthState::down, problem, config_->notes});
  }
  observability::log().info("redis destination '{}': connected", config_->name);
  last_problem_.clear();
  connection_.emplace(*std::move(*result));
  set_health({HealthState::up, {}, connection_->notes});
}

void RedisDestination::read_replies() {
  while (connection_) {
    auto reply = connection_->pipeline.next();
    if (!reply) return lose(reply.error().message);
    if (!*reply) return;
    if (awaited_.empty()) return lose(is_error(**reply) ? std::string(text_of(**reply)) : "a reply that was not asked for");
    const Awaited command = awaited_.front();
    awaited_.pop_front();
    take_reply(command, **reply);
  }
}

void RedisDestination::take_reply(const Awaited& command, const redisReply& reply) {
  if (command.sequence == 0) return take_wait_reply(reply);
  if (!is_error(reply)) {
    backoff_.reset();
    if (config_->wait_replicas > 0)
      stored_.push_back(command.sequence);
    else
      report(command.sequence, {});
    return;
  }
  const std::string_view error = text_of(reply);
  Verdict verdict = judge(error, config_->key.is_constant());
  const bool is_protocol_error = error.find("Protocol error") != std::string_view::npos;
  report(command.sequence, std::move(verdict));
  // The server looked at nothing behind it, and closes.
  if (is_protocol_error) lose("the server closed the connection after an event that is too large", Outcome::unavailable);
}

void RedisDestination::take_wait_reply(const redisReply& reply) {
  const bool enough = reply.type == REDIS_REPLY_INTEGER && reply.integer >= static_cast<long long>(config_->wait_replicas);
  if (enough) {
    for (const std::uint64_t sequence : asked_) report(sequence, {});
    asked_.clear();
    if (health().state != HealthState::up) set_health({HealthState::up, {}, connection_->notes});
    return;
  }
  // Stored on the primary: adding it again would only make duplicates. They stay under way, and the replicas are asked again.
  stored_.insert(stored_.begin(), asked_.begin(), asked_.end());
  asked_.clear();
  if (is_error(reply)) ask_at_ = Clock::now() + kRefusedWaitPause;  // it was answered at once
  set_health({HealthState::down,
              is_error(reply) ? "WAIT: " + server_problem(text_of(reply))
                              : fmt::format("{} of {} replicas (wait_replicas) have the latest events", reply.integer, config_->wait_replicas),
              connection_->notes});
}

void RedisDestination::ask_replicas() {
  if (stored_.empty() || !asked_.empty() || Clock::now() < ask_at_) return;
  std::swap(asked_, stored_);
  const std::string count = std::to_string(config_->wait_replicas);
  const std::array<std::string_view, 3> words = {"WAIT", count, kWaitMs};
  connection_->pipeline.command(words);
  awaited_.push_back({0, connection_->pipeline.socket().queued_total(), Clock::now()});
}

void RedisDestination::give_up(const std::string& why, Outcome of_sent) {
  const std::uint64_t sent = connection_->pipeline.socket().sent_total();
  for (const Awaited& command : awaited_) {
    if (command.sequence == 0) continue;
    // A command that has not left whole was not carried out.
    report(command.sequence, {command.sent_when > sent ? Outcome::unavailable : of_sent, why});
  }
  for (const auto* list : {&stored_, &asked_})
    for (const std::uint64_t sequence : *list) report(sequence, {Outcome::in_doubt, "not on enough replicas: " + why});
  awaited_.clear();
  stored_.clear();
  asked_.clear();
  connection_.reset();
  try_at_ = Clock::now() + backoff_.next();
  set_health({HealthState::down, why, config_->notes});
}

void RedisDestination::lose(const std::string& why, Outcome of_sent) {
  observability::log().warn("redis destination '{}': {}", config_->name, why);
  give_up(why, of_sent);
}

void RedisDestination::report(std::uint64_t sequence, Verdict verdict) {
  reports_.push_back({.sequence = sequence, .outcome = verdict.outcome, .reason = std::move(verdict.reason)});
}

void RedisDestination::set_health(Health health) {
  std::lock_guard lock(health_mutex_);
  health_ = std::move(health);
}

Health RedisDestination::health() const {
  std::lock_guard lock(health_mutex_);
  return health_;
}

void RedisDestination::close(std::chrono::milliseconds deadline) {
  const auto until = Clock::now() + deadline;
  while (connection_ && in_flight() > 0) {
    step();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (!connection_ || in_flight() == 0 || left.count() <= 0) break;
    wait(left);
  }
  if (connection_) give_up("closed");
  connector_.reset();
}

}  // namespace user_events::destinations::redis

namespace user_events::destinations {

Kind redis_kind() {
  Kind kind = make_kind<redis::RedisDestination, redis::parse, redis::place_of>(
      "redis", {"address", "database", "user", "password", "tls", "tls_verify", "tls_ca_file", "tls_cert_file", "tls_key_file", "max_length",
       "wait_replicas", "max_in_flight", "max_message_bytes", "connect_timeout", "reply_timeout", "unsafe"});
  kind.access_advice = "the server's ACL decides: the rule for its user is in docs/destinations/redis.md under Rights";
  return kind;
}

}  // namespace user_events::destinations
