#include "brokers/nats_server.h"

#include <nats/nats.h>
#include <stdlib.h>

#include <cstdint>
#include <memory>
#include <stdexcept>

namespace user_events::tests {
namespace {

constexpr int kTimeoutMs = 10'000;

using Connection = std::unique_ptr<natsConnection, decltype(&natsConnection_Destroy)>;
using Subscription = std::unique_ptr<natsSubscription, decltype(&natsSubscription_Destroy)>;
using JetStream = std::unique_ptr<jsCtx, decltype(&jsCtx_Destroy)>;

void require(natsStatus status, const std::string& what) {
  if (status != NATS_OK) throw std::runtime_error("nats server: " + what + ": " + natsStatus_GetText(status));
}

Connection connect(const std::string& login, const std::string& address) {
  natsConnection* raw = nullptr;
  require(natsConnection_ConnectTo(&raw, ("nats://" + login + address).c_str()), "connect");
  return {raw, natsConnection_Destroy};
}

NatsMessage message_of(natsMsg* msg) {
  NatsMessage message{.subject = natsMsg_GetSubject(msg),
                      .body = std::string(natsMsg_GetData(msg), static_cast<std::size_t>(natsMsg_GetDataLength(msg))),
                      .headers = {}};
  const char** names = nullptr;
  int count = 0;
  if (natsMsgHeader_Keys(msg, &names, &count) != NATS_OK) return message;
  for (int i = 0; i < count; ++i) {
    const char* value = nullptr;
    if (natsMsgHeader_Get(msg, names[i], &value) == NATS_OK) message.headers[names[i]] = value;
  }
  free(static_cast<void*>(names));
  return message;
}

}  // namespace

NatsServer::NatsServer(const std::string& extra_configuration, std::string login) : login_(std::move(login)) {
  if (!extra_configuration.empty()) script_.write_file("extra.conf", extra_configuration + "\n");
}

std::string NatsServer::request(const std::string& subject, const std::string& body) const {
  const Connection connection = connect(login_, address());
  natsMsg* raw = nullptr;
  require(natsConnection_RequestString(&raw, connection.get(), subject.c_str(), body.c_str(), kTimeoutMs), subject);
  const std::unique_ptr<natsMsg, decltype(&natsMsg_Destroy)> answer(raw, natsMsg_Destroy);
  std::string text(natsMsg_GetData(raw), static_cast<std::size_t>(natsMsg_GetDataLength(raw)));
  if (text.find("\"error\"") != std::string::npos) throw std::runtime_error("nats server: " + subject + ": " + text);
  return text;
}

void NatsServer::create_stream(const std::string& name, const std::string& subject, const std::string& settings) const {
  request("$JS.API.STREAM.CREATE." + name, R"({"name":")" + name + R"(","subjects":[")" + subject + "\"]" + settings + "}");
}

void NatsServer::delete_stream(const std::string& name) const { request("$JS.API.STREAM.DELETE." + name, ""); }

std::vector<NatsMessage> NatsServer::read_all(const std::string& stream) const {
  const Connection connection = connect(login_, address());
  jsCtx* raw_js = nullptr;
  require(natsConnection_JetStream(&raw_js, connection.get(), nullptr), "JetStream");
  const JetStream js(raw_js, jsCtx_Destroy);
  jsStreamInfo* info = nullptr;
  require(js_GetStreamInfo(&info, js.get(), stream.c_str(), nullptr, nullptr), "stream " + stream);
  const std::uint64_t count = info->State.Msgs;
  jsStreamInfo_Destroy(info);
  jsSubOptions options;
  jsSubOptions_Init(&options);
  options.Stream = stream.c_str();
  options.Ordered = true;
  natsSubscription* raw_subscription = nullptr;
  require(js_SubscribeSync(&raw_subscription, js.get(), ">", nullptr, &options, nullptr), "subscribe");
  const Subscription subscription(raw_subscription, natsSubscription_Destroy);
  std::vector<NatsMessage> messages;
  while (messages.size() < count) {
    natsMsg* msg = nullptr;
    require(natsSubscription_NextMsg(&msg, subscription.get(), kTimeoutMs), "next of " + stream);
    messages.push_back(message_of(msg));
    natsMsg_Destroy(msg);
  }
  return messages;
}

}  // namespace user_events::tests
