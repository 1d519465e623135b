#include "destinations/nats/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"

namespace user_events::destinations::nats {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kWriteDeadline{5'000};   ///< A server that reads nothing for so long has lost the connection.
constexpr std::chrono::milliseconds kPingInterval{10'000};   ///< Two unanswered pings end the connection.
constexpr int kMaxPingsOut = 2;
constexpr std::chrono::milliseconds kLookEvery{250};         ///< At acknowledgements that are overdue.

Ticket ticket_of(void* closure) { return reinterpret_cast<std::uintptr_t>(closure); }
void* closure_of(Ticket ticket) { return reinterpret_cast<void*>(static_cast<std::uintptr_t>(ticket)); }

void on_closed(natsConnection* connection, void* closure) {
  const auto exchange = Exchange::of(ticket_of(closure));
  if (!exchange) return;
  const char* text = nullptr;
  const natsStatus status = natsConnection_GetLastError(connection, &text);
  exchange->lost(ticket_of(closure), fmt::format("connection lost{}", status == NATS_OK ? "" : fmt::format(": {}", text)));
}

/// `Permissions Violation for Publish to "user.events"`: the subject between the quotes.
std::string quoted_in(std::string_view text) {
  const auto begin = text.find('"'), end = text.rfind('"');
  return begin == std::string_view::npos || end == begin ? std::string() : std::string(text.substr(begin + 1, end - begin - 1));
}

void on_error(natsConnection* connection, natsSubscription*, natsStatus status, void* closure) {
  if (status != NATS_NOT_PERMITTED) return;
  const auto exchange = Exchange::of(ticket_of(closure));
  if (!exchange) return;
  const char* text = nullptr;
  (void)natsConnection_GetLastError(connection, &text);
  const std::string subject = quoted_in(text != nullptr ? text : "");
  if (subject.starts_with("$JS.API.")) return;  // reading the stream's settings is not needed for sending
  exchange->lost(ticket_of(closure), fmt::format("not permitted to publish to {} (grant it to this user)", subject), subject);
}

void on_ack(jsCtx*, natsMsg* msg, jsPubAck* ack, jsPubAckErr* error, void* closure) {
  if (const auto exchange = Exchange::of(ticket_of(closure))) {
    if (ack != nullptr)
      exchange->acknowledged(ticket_of(closure), msg);
    else
      exchange->rejected(ticket_of(closure), msg, error->Err, static_cast<int>(error->ErrCode), error->ErrText);
  }
  natsMsg_Destroy(msg);
}

natsStatus sign(char**, unsigned char** signature, int* bytes, const char* nonce, void* closure) {
  return nats_Sign(static_cast<const Config*>(closure)->nkey_seed.c_str(), nonce, signature, bytes);
}

std::unexpected<Error> down(std::string message) { return fail(ErrorKind::unavailable, "nats", std::move(message)); }

std::string last_error() {
  natsStatus status = NATS_OK;
  std::string_view text = nats_GetLastError(&status);
  // `(conn.c:1905): Authorization Violation`
  if (text.starts_with('(')) text.remove_prefix(std::min(text.size(), text.find("): ") + 3));
  return std::string(text);
}

natsStatus set_credentials(natsOptions* options, const Config& config) {
  if (!config.user.empty()) return natsOptions_SetUserInfo(options, config.user.c_str(), config.password.c_str());
  if (!config.token.empty()) return natsOptions_SetToken(options, config.token.c_str());
  if (!config.creds_file.empty()) return natsOptions_SetUserCredentialsFromFiles(options, config.creds_file.c_str(), nullptr);
  if (!config.nkey.empty()) return natsOptions_SetNKey(options, config.nkey.c_str(), sign, const_cast<Config*>(&config));
  return NATS_OK;
}

natsStatus set_tls(natsOptions* options, const TlsSettings& tls) {
  if (!tls.enabled) return NATS_OK;
  natsStatus status = natsOptions_SetSecure(options, true);
  if (status == NATS_OK && !tls.ca_file.empty()) status = natsOptions_LoadCATrustedCertificates(options, tls.ca_file.c_str());
  if (status == NATS_OK && !tls.cert_file.empty())
    status = natsOptions_LoadCertificatesChain(options, tls.cert_file.c_str(), tls.key_file.c_str());
  if (status == NATS_OK && !tls.verify) status = natsOptions_SkipServerVerification(options, true);
  return status;
}

}  // namespace

Session::Session(std::shared_ptr<const Config> config, std::shared_ptr<Exchange> exchange)
    : config_(std::move(config)), exchange_(std::move(exchange)), notes_(config_->notes) {}

Session::~Session() {
  exchange_->end(reason_);
  jet_stream_.reset();
  connection_.reset();
}

Result<Options> Session::make_options() {
  Options options;
  natsStatus status = natsOptions_Create(options.put());
  const auto then = [&status](natsStatus next) { status = next; };
  std::vector<const char*> servers;
  for (const std::string& server : config_->servers) servers.push_back(server.c_str());
  if (status == NATS_OK) then(natsOptions_SetServers(options.get(), servers.data(), static_cast<int>(servers.size())));
  if (status == NATS_OK) then(natsOptions_SetName(options.get(), config_->name.c_str()));
  if (status == NATS_OK) then(natsOptions_SetTimeout(options.get(), config_->connect_timeout.count()));
  if (status == NATS_OK) then(natsOptions_SetAllowReconnect(options.get(), false));
  if (status == NATS_OK) then(natsOptions_SetWriteDeadline(options.get(), kWriteDeadline.count()));
  if (status == NATS_OK) then(natsOptions_SetPingInterval(options.get(), kPingInterval.count()));
  if (status == NATS_OK) then(natsOptions_SetMaxPingsOut(options.get(), kMaxPingsOut));
  if (status == NATS_OK) then(natsOptions_SetClosedCB(options.get(), on_closed, closure_of(ticket_)));
  if (status == NATS_OK) then(natsOptions_SetErrorHandler(options.get(), on_error, closure_of(ticket_)));
  if (status == NATS_OK) then(set_credentials(options.get(), *config_));
  if (status == NATS_OK) then(set_tls(options.get(), config_->tls));
  if (status != NATS_OK) return down(fmt::format("settings refused by libnats: {}", last_error()));
  return options;
}

Result<void> Session::open() {
  ticket_ = exchange_->begin();
  UE_TRY_ASSIGN(const Options options, make_options());
  if (const natsStatus status = natsConnection_Connect(connection_.put(), options.get()); status != NATS_OK)
    return down(connect_problem(status, last_error()));
  jsOptions js{};
  jsOptions_Init(&js);
  js.Wait = config_->connect_timeout.count();
  js.PublishAsync.MaxPending = config_->max_in_flight + 1;  // never stalls: the exchange takes no more
  js.PublishAsync.AckHandler = on_ack;
  js.PublishAsync.AckHandlerClosure = closure_of(ticket_);
  if (natsConnection_JetStream(jet_stream_.put(), connection_.get(), &js) != NATS_OK) return down(last_error());
  UE_TRY_ASSIGN(StreamFacts facts, read_stream());
  exchange_->set_health({HealthState::up, {}, notes_});
  exchange_->open(std::move(facts));
  return {};
}

Result<StreamFacts> Session::read_stream() {
  StreamInfo info;
  jsErrCode code{};
  const natsStatus status = js_GetStreamInfo(info.put(), jet_stream_.get(), config_->stream.c_str(), nullptr, &code);
  if (status == NATS_NOT_FOUND || code == JSStreamNotFoundErr)
    return down(fmt::format("there is no stream {} (create it: nats stream add {})", config_->stream, config_->stream));
  if (code == JSNotEnabledErr || code == JSNotEnabledForAccountErr || status == NATS_NO_RESPONDERS)
    return down("JetStream is not enabled (start nats-server with -js, or enable it for this account)");
  if (status == NATS_TIMEOUT || status == NATS_NOT_PERMITTED) {
    // The right to read the stream's settings is not needed for publishing.
    notes_.emplace_back(fmt::format("the settings of stream {} cannot be read: the deduplication window is not known", config_->stream));
    return StreamFacts{.name = config_->stream, .deduplication_window = {}, .subjects = {}};
  }
  if (status != NATS_OK) return down(fmt::format("stream {}: {}", config_->stream, last_error()));
  StreamFacts facts{.name = config_->stream, .deduplication_window = {}, .subjects = {}};
  facts.deduplication_window = std::chrono::milliseconds(info.get()->Config->Duplicates / 1'000'000);
  for (int i = 0; i < info.get()->Config->SubjectsLen; ++i) facts.subjects.emplace_back(info.get()->Config->Subjects[i]);
  if (info.get()->Config->NoAck) return down(fmt::format("stream {} acknowledges nothing (set no_ack to false)", config_->stream));
  if (info.get()->Config->Storage == js_MemoryStorage) notes_.emplace_back("the stream is in memory: a restart of the server loses accepted events");
  return facts;
}

std::string Session::run() {
  std::vector<Outgoing> batch;
  while (exchange_->take(batch, kLookEvery)) {
    publish(batch);
    if (const auto oldest = exchange_->oldest(); oldest && Exchange::Clock::now() - *oldest > config_->ack_timeout)
      return reason_ = fmt::format("no acknowledgement within ack_timeout ({} ms)", config_->ack_timeout.count());
  }
  const std::string loss = exchange_->loss();
  return reason_ = loss.empty() ? "closed" : loss;
}

void Session::publish(std::vector<Outgoing>& batch) {
  for (auto& [sequence, msg] : batch) {
    natsMsg* const key = msg.get();
    natsMsg* raw = msg.release();
    const natsStatus status = js_PublishMsgAsync(jet_stream_.get(), &raw, nullptr);
    if (status == NATS_OK) continue;
    const Msg owner(raw);
    if (status == NATS_MAX_PAYLOAD)
      exchange_->settle(sequence, key, judge(status, 0, {}, true, config_->stream));
    else if (status == NATS_CONNECTION_CLOSED)
      exchange_->settle(sequence, key, {Outcome::unavailable, "connection lost before it was sent"});
    else
      exchange_->settle(sequence, key, {Outcome::in_doubt, natsStatus_GetText(status)});
  }
  batch.clear();
}

}  // namespace user_events::destinations::nats
