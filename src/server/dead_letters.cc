// /v1/dead-letters: what could not be delivered, sending it again, giving it up and the record of that.
#include <fmt/format.h>

#include <optional>

#include "base/try.h"
#include "base/units.h"
#include "server/admission.h"
#include "server/answer_later.h"
#include "server/delivery_json.h"
#include "server/limits.h"
#include "server/orders.h"
#include "server/routes.h"

namespace user_events::server {
namespace {

constexpr auto kAction = access::Action::dead_letters;

struct LetterQuery {
  DeadLetterFilter filter;
  std::uint64_t after = 0, limit = 100;
  bool with_users = false;
};

Result<LetterQuery> letter_query(const Target& target, std::initializer_list<std::string_view> allowed) {
  UE_TRY(target.allow(allowed));
  LetterQuery query;
  UE_TRY_ASSIGN(query.filter, letter_filter(target));
  UE_TRY_ASSIGN(query.after, target.number("after", 0, 0, ~0ull));
  UE_TRY_ASSIGN(query.limit, target.number("limit", query.limit, 1, kMaxPageLetters));
  if (const auto* users = target.find("users")) {
    if (*users != "true" && *users != "false") return bad_parameter("users", "true or false");
    query.with_users = *users == "true";
  }
  return query;
}

/// The number in segment `at` of the path; nothing, and answered, if it is none.
std::optional<std::uint64_t> path_number(Channel& channel, std::size_t at) {
  if (!takes_no_query(channel)) return std::nullopt;
  const auto number = base::whole_number(channel.prepared().target.path[at]);
  if (number && *number != 0) return number;
  channel.fail(Error{ErrorKind::not_found, "no-such-number", "there is nothing with this number",
                     "GET /v1/dead-letters and GET /v1/dead-letters/replays list the numbers", {}});
  return std::nullopt;
}

}  // namespace

void list_letters(Channel& channel) {
  auto query = letter_query(channel.prepared().target,
                            {"destination", "number", "type", "user", "state", "reason", "since", "until", "users", "after", "limit"});
  if (!query) return channel.fail(query.error());
  if (auto may = may_name_users(channel, query->with_users || !query->filter.user.empty()); !may) return channel.fail(may.error());
  query->filter.within = visible_types(channel, kAction);
  read_later(channel, [query = std::move(*query)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(const auto page, publisher.dead_letters(query.filter, query.after, query.limit));
    return Answer{kJson, letters_json(page, query.with_users)};
  });
}

void show_letter(Channel& channel) {
  const auto number = path_number(channel, 2);
  if (!number) return;
  read_later(channel, [number = *number, within = visible_types(channel, kAction), view = view_of(channel)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(const auto letter, publisher.dead_letter(number, within, view));
    return Answer{kJson, letter_json(letter)};
  });
}

void replay_letters(Channel& channel) {
  if (!takes_no_query(channel)) return;
  auto order = parse_replay_order(channel.request().body);
  if (!order) return channel.fail(order.error());
  if (auto may = may_name_users(channel, !order->filter.user.empty()); !may) return channel.fail(may.error());
  order->filter.within = visible_types(channel, kAction);
  order->options.requested_by = requester(channel, order->options.requested_by);
  command_later(channel, [order = std::move(*order)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(const auto replays, publisher.replay_dead_letters(order.filter, order.options));
    return Answer{kJson, replays_json(replays), 202};
  });
}

void discard_letters(Channel& channel) {
  if (!takes_no_query(channel)) return;
  auto order = parse_discard_order(channel.request().body);
  if (!order) return channel.fail(order.error());
  if (auto may = may_name_users(channel, !order->filter.user.empty()); !may) return channel.fail(may.error());
  order->filter.within = visible_types(channel, kAction);
  order->by = requester(channel, order->by);
  command_later(channel, [order = std::move(*order)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(const auto done, publisher.discard_dead_letters(order.filter, order.reason, order.by));
    return Answer{kJson, fmt::format("{{\"discarded\":{}}}", done.discarded)};
  });
}

void list_discarded(Channel& channel) {
  auto query = letter_query(channel.prepared().target, {"destination", "number", "type", "reason", "since", "until", "after", "limit"});
  if (!query) return channel.fail(query.error());
  query->filter.within = visible_types(channel, kAction);
  read_later(channel, [query = std::move(*query)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(const auto page, publisher.discarded_letters(query.filter, query.after, query.limit));
    return Answer{kJson, discarded_page_json(page)};
  });
}

void show_discarded(Channel& channel) {
  const auto number = path_number(channel, 3);
  if (!number) return;
  read_later(channel, [number = *number, within = visible_types(channel, kAction)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(const auto letter, publisher.discarded_letter(number, within));
    return Answer{kJson, discarded_letter_json(letter)};
  });
}

void list_replays(Channel& channel) {
  if (!takes_no_query(channel)) return;
  read_later(channel, [](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(const auto replays, publisher.dead_letter_replays());
    return Answer{kJson, replays_json(replays)};
  });
}

void show_replay(Channel& channel) {
  const auto number = path_number(channel, 3);
  if (!number) return;
  read_later(channel, [number = *number](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(const auto replay, publisher.dead_letter_replay(number));
    return Answer{kJson, replay_json(replay)};
  });
}

void cancel_replay(Channel& channel) {
  const auto number = path_number(channel, 3);
  if (!number) return;
  command_later(channel, [number = *number, by = principal_of(channel)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(const auto replay, publisher.cancel_dead_letter_replay(number, by));
    return Answer{kJson, replay_json(replay)};
  });
}

}  // namespace user_events::server
