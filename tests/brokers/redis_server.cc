#include "brokers/redis_server.h"

#include <hiredis/hiredis.h>

#include <memory>
#include <stdexcept>

namespace user_events::tests {
namespace {

using Context = std::unique_ptr<redisContext, decltype(&redisFree)>;
using Reply = std::unique_ptr<redisReply, void (*)(redisReply*)>;

Reply ask(redisContext* context, const std::vector<std::string>& words) {
  std::vector<const char*> pointers;
  std::vector<std::size_t> lengths;
  for (const std::string& word : words) {
    pointers.push_back(word.data());
    lengths.push_back(word.size());
  }
  Reply reply(static_cast<redisReply*>(redisCommandArgv(context, static_cast<int>(words.size()), pointers.data(), lengths.data())),
              [](redisReply* one) { freeReplyObject(one); });
  if (!reply) throw std::runtime_error("redis server: " + words[0] + ": " + context->errstr);
  if (reply->type == REDIS_REPLY_ERROR) throw std::runtime_error("redis server: " + words[0] + ": " + reply->str);
  return reply;
}

Context connect(int port, const std::string& password) {
  Context context(redisConnectWithTimeout("127.0.0.1", port, {.tv_sec = 10, .tv_usec = 0}), redisFree);
  if (!context || context->err != 0) throw std::runtime_error("redis server: cannot connect");
  if (!password.empty()) ask(context.get(), {"AUTH", password});
  return context;
}

std::string text(const redisReply* reply) { return {reply->str, static_cast<std::size_t>(reply->len)}; }

}  // namespace

RedisServer::RedisServer(const std::string& extra_configuration, std::string password) : password_(std::move(password)) {
  if (!extra_configuration.empty()) script_.write_file("extra.conf", extra_configuration + "\n");
}

std::string RedisServer::command(const std::vector<std::string>& words) const {
  const Context context = connect(script_.port(), password_);
  const Reply reply = ask(context.get(), words);
  return reply->type == REDIS_REPLY_INTEGER ? std::to_string(reply->integer) : reply->str == nullptr ? "" : text(reply.get());
}

std::vector<RedisEntry> RedisServer::read_all(const std::string& key) const {
  const Context context = connect(script_.port(), password_);
  std::vector<RedisEntry> entries;
  for (std::string from = "-";;) {
    const Reply reply = ask(context.get(), {"XRANGE", key, from, "+", "COUNT", "1000"});
    if (reply->elements == 0) return entries;
    for (std::size_t i = 0; i < reply->elements; ++i) {
      const redisReply* const fields = reply->element[i]->element[1];
      RedisEntry entry;
      for (std::size_t f = 0; f + 1 < fields->elements; f += 2) entry[text(fields->element[f])] = text(fields->element[f + 1]);
      entries.push_back(std::move(entry));
      from = "(" + text(reply->element[i]->element[0]);
    }
  }
}

}  // namespace user_events::tests
