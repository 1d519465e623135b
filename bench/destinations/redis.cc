// Bare hiredis: a pipeline of XADD with the same fields and as many replies outstanding as the destination
// allows itself.
#include <hiredis/hiredis.h>

#include <array>

#include "brokers/redis_server.h"
#include "destinations/brokers.h"

namespace user_events::bench {
namespace {

constexpr std::size_t kOutstanding = 4'096;

class BarePipeline final : public BareClient {
 public:
  BarePipeline(int port, std::string key) : context_(redisConnect("127.0.0.1", port)), key_(std::move(key)) {
    if (context_ == nullptr || context_->err != 0) die("no connection");
  }
  ~BarePipeline() override { redisFree(context_); }

  void send(std::span<const Event> events, Latencies& latencies) override {
    std::size_t answered = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
      // The first reply that is not there yet sends what was appended.
      while (i - answered >= kOutstanding) take_reply(answered++, latencies);
      latencies.sent(i);
      append(events[i]);
    }
    while (answered < events.size()) take_reply(answered++, latencies);
  }

 private:
  void append(const Event& event) {
    const std::array<std::string_view, 15> words = {"XADD",
                                                    key_,
                                                    "*",
                                                    "content-type",
                                                    "application/cloudevents+json; charset=UTF-8",
                                                    "ce_id",
                                                    event.id,
                                                    "ce_journalid",
                                                    kJournalId,
                                                    "ce_sequence",
                                                    event.sequence,
                                                    "key",
                                                    event.user,
                                                    "data",
                                                    event.body};
    std::array<const char*, words.size()> pointers;
    std::array<std::size_t, words.size()> lengths;
    for (std::size_t i = 0; i < words.size(); ++i) {
      pointers[i] = words[i].data();
      lengths[i] = words[i].size();
    }
    if (redisAppendCommandArgv(context_, static_cast<int>(words.size()), pointers.data(), lengths.data()) !=
        REDIS_OK)
      die(context_->errstr);
  }

  void take_reply(std::size_t index, Latencies& latencies) {
    void* reply = nullptr;
    if (redisGetReply(context_, &reply) != REDIS_OK) die(context_->errstr);
    if (static_cast<const redisReply*>(reply)->type == REDIS_REPLY_ERROR)
      die(static_cast<const redisReply*>(reply)->str);
    latencies.acknowledged(index);
    freeReplyObject(reply);
  }

  redisContext* context_;
  const std::string key_;
};

class Redis final : public Broker {
 public:
  void start() override { server_.start(); }
  void make_place(const std::string&) override {}
  void remove_place(const std::string& place) override { server_.command({"DEL", place}); }
  DestinationOptions options(const std::string& place) const override {
    DestinationOptions options;
    options.name = options.kind = "redis";
    options.topic = place;
    options.settings["address"] = server_.address();
    return options;
  }
  std::unique_ptr<BareClient> connect(const std::string& place) const override {
    return std::make_unique<BarePipeline>(server_.port(), place);
  }

 private:
  tests::RedisServer server_;
};

}  // namespace

std::unique_ptr<Broker> redis() { return std::make_unique<Redis>(); }

}  // namespace user_events::bench
