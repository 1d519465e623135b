#include "destinations/redis/pipeline.h"

#include <array>

#include "base/try.h"

namespace user_events::destinations::redis {
namespace {

Reply owned(void* reply) {
  return {static_cast<redisReply*>(reply), [](redisReply* one) { freeReplyObject(one); }};
}

}  // namespace

Pipeline::Pipeline(Socket socket) : socket_(std::move(socket)), reader_(redisReaderCreate(), redisReaderFree) {}

void Pipeline::command(std::span<const std::string_view> words) {
  pointers_.clear();
  lengths_.clear();
  for (const std::string_view word : words) {
    pointers_.push_back(word.data());
    lengths_.push_back(word.size());
  }
  char* text = nullptr;
  const int size = redisFormatCommandArgv(&text, static_cast<int>(words.size()), pointers_.data(), lengths_.data());
  if (size < 0) throw std::bad_alloc();
  socket_.queue({text, static_cast<std::size_t>(size)});
  redisFreeCommand(text);
}

Result<Reply> Pipeline::next() {
  std::array<char, 16u << 10> block;
  while (true) {
    void* reply = nullptr;
    if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK)
      return fail(ErrorKind::unavailable, "protocol", "the server does not speak Redis' protocol (check address and tls)");
    if (reply != nullptr) return owned(reply);
    UE_TRY_ASSIGN(const std::size_t count, socket_.read(block.data(), block.size()));
    if (count == 0) return owned(nullptr);
    redisReaderFeed(reader_.get(), block.data(), count);
  }
}

Result<Reply> Pipeline::ask(std::initializer_list<std::string_view> words, Socket::Clock::time_point deadline) {
  command({words.begin(), words.size()});
  while (true) {
    UE_TRY(socket_.flush());
    UE_TRY_ASSIGN(Reply reply, next());
    if (reply) return reply;
    if (!socket_.wait(deadline)) return fail(ErrorKind::unavailable, "time-out", "no answer within connect_timeout");
  }
}

}  // namespace user_events::destinations::redis
