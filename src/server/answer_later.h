// Answers that need the disk: made on a worker's thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "server/channel.h"
#include "server/reply.h"
#include "server/service.h"

namespace user_events::server {

/// A whole answer.
struct Answer {
  std::string_view content_type = kJson;
  std::string body;
  int status = 200;
  std::string_view headers = {};  ///< Whole lines beside those of every answer; for ever.
};

/// Runs `work` on the worker's thread and answers with what it returns, a Result<Answer>.
template <class Work>
void answer_later(Channel& channel, Worker& worker, Work work) {
  const bool posted =
      worker.post(channel.ticket(), [work = std::move(work)](UserEventPublisher& publisher) mutable {
        Result<Answer> answer = work(publisher);
        return Continuation([answer = std::move(answer)](Channel* to) {
          if (!answer) return to->fail(answer.error());
          to->reply(answer->status, answer->content_type, answer->body, answer->headers.empty() ? retry_after(answer->status) : answer->headers);
        });
      });
  if (!posted)
    channel.fail(
        Error{ErrorKind::unavailable, "busy", "too many requests are waiting", "try again in a moment", {}});
}

template <class Read>
void read_later(Channel& channel, Read read) {
  answer_later(channel, channel.service().reads, std::move(read));
}

template <class Command>
void command_later(Channel& channel, Command command) {
  answer_later(channel, channel.service().commands, std::move(command));
}

/// For paths without a query: false, and answered, if there is one.
[[nodiscard]] inline bool takes_no_query(Channel& channel) {
  auto allowed = channel.prepared().target.allow({});
  if (!allowed) channel.fail(allowed.error());
  return allowed.has_value();
}

}  // namespace user_events::server
