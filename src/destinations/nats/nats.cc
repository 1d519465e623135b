#include "destinations/nats/nats.h"

#include <algorithm>

#include "destinations/backoff.h"
#include "destinations/nats/session.h"
#include "observability/log.h"

namespace user_events::destinations::nats {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kFirstPause{100};    ///< Before connecting again; doubled each time, without end.
constexpr std::chrono::milliseconds kLongestPause{5'000};
constexpr std::chrono::milliseconds kEndTime{1'000};     ///< A connection that works ends within this.

/// The connection's thread: one session after the other until it is told to stop.
void keep_connected(const std::shared_ptr<const Config>& config, const std::shared_ptr<Exchange>& exchange) {
  Backoff backoff(kFirstPause, kLongestPause);
  std::string last;
  while (!exchange->stopped()) {
    std::string problem;
    {
      Session session(config, exchange);
      if (auto opened = session.open(); !opened) {
        problem = opened.error().message;
      } else {
        observability::log().info("nats destination '{}': connected, stream {}", config->name, config->stream);
        last.clear();
        const auto since = steady_clock::now();
        problem = session.run();
        if (steady_clock::now() - since > kLongestPause) backoff.reset();
      }
      if (exchange->stopped()) break;
      exchange->set_health({HealthState::down, problem, config->notes});
      if (problem != last) observability::log().warn("nats destination '{}': {}", config->name, problem);
      last = problem;
    }
    if (exchange->wait_stopped(backoff.next())) break;
  }
  exchange->ended();
}

}  // namespace

NatsDestination::NatsDestination(Config config)
    : config_(std::make_shared<const Config>(std::move(config))), writer_(*config_), exchange_(std::make_shared<Exchange>()) {
  features_.max_in_flight = config_->max_in_flight;
  features_.max_message_bytes = config_->max_message_bytes - kHeadersBytes;
}

NatsDestination::~NatsDestination() { close(0ms); }

Result<void> NatsDestination::start(std::string_view, std::string_view, std::uint64_t) {
  auto exchange = std::make_shared<Exchange>();
  exchange->set_health({HealthState::starting, {}, config_->notes});
  {
    std::lock_guard lock(exchange_mutex_);
    exchange_ = exchange;
  }
  thread_ = std::thread([config = config_, exchange] { keep_connected(config, exchange); });
  started_ = true;
  return {};
}

SendStatus NatsDestination::send(const Message& message) {
  if (!exchange_->is_open(config_->max_in_flight)) return SendStatus::busy;
  Msg msg = writer_.write(message);
  if (msg.get() == nullptr) return SendStatus::busy;
  return exchange_->add({message.position.sequence, std::move(msg)}) ? SendStatus::queued : SendStatus::busy;
}

void NatsDestination::poll(std::vector<Report>& out, std::chrono::milliseconds timeout) {
  exchange_->flush();
  exchange_->collect(out, timeout);
  features_.deduplication_window = exchange_->deduplication_window();
}

void NatsDestination::wake() noexcept {
  std::lock_guard lock(exchange_mutex_);
  exchange_->wake_collector();
}

Health NatsDestination::health() const {
  std::lock_guard lock(exchange_mutex_);
  return exchange_->health();
}

void NatsDestination::close(std::chrono::milliseconds deadline) {
  if (!started_) return;
  started_ = false;
  const auto until = steady_clock::now() + deadline;
  exchange_->flush();
  exchange_->wait_idle(until);
  exchange_->stop();
  if (exchange_->wait_ended(std::max(until, steady_clock::now() + kEndTime))) {
    thread_.join();
  } else {
    // It waits for a server that neither reads nor answers, and ends by itself at the write deadline or the connect time-out.
    exchange_->abandon();
    thread_.detach();
  }
}

}  // namespace user_events::destinations::nats

namespace user_events::destinations {

Kind nats_kind() {
  Kind kind = make_kind<nats::NatsDestination, nats::parse, nats::place_of>(
      "nats", {"servers", "stream", "user", "password", "token", "creds_file", "nkey", "nkey_seed", "tls", "tls_verify", "tls_ca_file",
       "tls_cert_file", "tls_key_file", "max_in_flight", "max_message_bytes", "connect_timeout", "ack_timeout", "unsafe"});
  kind.access_advice = "the server's configuration decides: permissions of its user as docs/destinations/nats.md has them under Rights";
  return kind;
}

}  // namespace user_events::destinations
