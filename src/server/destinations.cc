// /v1/destinations: how each one is, pausing it, sending a stretch of the journal again.
#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/try.h"
#include "server/admission.h"
#include "server/answer_later.h"
#include "server/orders.h"
#include "server/routes.h"
#include "server/status_json.h"

namespace user_events::server {
namespace {

using base::ObjectWriter;
using base::append_array;

/// How the destination is after the command.
Result<Answer> destination_answer(UserEventPublisher& publisher, const std::string& name) {
  const auto status = publisher.status();
  const auto one = std::ranges::find(status.destinations, name, &DestinationStatus::name);
  if (one == status.destinations.end())
    return fail(ErrorKind::not_found, "no-destination", fmt::format("there is no destination '{}'", name),
                "GET /v1/destinations names them");
  Answer answer;
  append_destination_status(*one, answer.body);
  return answer;
}

/// A command that takes nothing but the name in the path, and answers with how the destination then is.
template <Result<void> (UserEventPublisher::*command)(const std::string&, const std::string&)>
void command_destination(Channel& channel) {
  if (!takes_no_query(channel)) return;
  command_later(channel, [name = channel.prepared().target.path[2], by = principal_of(channel)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY((publisher.*command)(name, by));
    return destination_answer(publisher, name);
  });
}

}  // namespace

void list_destinations(Channel& channel) {
  if (!takes_no_query(channel)) return;
  read_later(channel, [](UserEventPublisher& publisher) -> Result<Answer> {
    const auto status = publisher.status();
    Answer answer;
    ObjectWriter object(answer.body);
    append_array(status.destinations, object.key("destinations"),
                 [&](const DestinationStatus& one) { append_destination_status(one, answer.body); });
    object.end();
    return answer;
  });
}

void pause_destination(Channel& channel) { command_destination<&UserEventPublisher::pause_destination>(channel); }

void resume_destination(Channel& channel) { command_destination<&UserEventPublisher::resume_destination>(channel); }

void replay_destination(Channel& channel) {
  if (!takes_no_query(channel)) return;
  auto order = parse_rewind_order(channel.request().body);
  if (!order) return channel.fail(order.error());
  command_later(channel, [name = channel.prepared().target.path[2], order = *order, by = principal_of(channel)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(const auto done, publisher.replay_destination(name, order, by));
    return Answer{kJson, fmt::format("{{\"from\":{},\"until\":{},\"replay\":{}}}", done.from, done.until, done.replay), 202};
  });
}

}  // namespace user_events::server
