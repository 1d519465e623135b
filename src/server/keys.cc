// /v1/keys: how users' keys are, forgetting a user, rotation.
#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/try.h"
#include "observability/log.h"
#include "server/admission.h"
#include "server/answer_later.h"
#include "server/delivery_json.h"
#include "server/orders.h"
#include "server/routes.h"

namespace user_events::server {
namespace {

Answer report_answer(const KeysReport& report) {
  Answer answer;
  base::ObjectWriter object(answer.body);
  object.boolean("sealed", report.sealed);
  if (report.sealed) {
    object.text("masterKey", report.master_id);
    object.number("epoch", report.epoch);
    append_optional_time(report.epoch_since, object.key("epochSince"));
    object.number("users", report.users);
    object.number("keys", report.keys);
    object.number("spareKeys", report.spare);
    object.number("forgotten", report.forgotten);
    append_optional_time(report.oldest, object.key("oldestKey"));
    object.boolean("memoryLocked", report.memory_locked);
  }
  object.end();
  return answer;
}

/// How long a consumer may keep a field key: an erasure is whole when this time is over. docs/security/privacy-policies.md names it, too.
constexpr std::string_view kFieldKeyCaching = "Cache-Control: private, max-age=3600\r\n";
constexpr std::string_view kNoCaching = "Cache-Control: no-store\r\n";

/// Not only is there none: there was one.
Answer gone(const Error& error) {
  Answer answer{kProblemJson, {}, 410, kNoCaching};
  append_problem({410, "Gone", error}, answer.body);
  return answer;
}

}  // namespace

void show_keys(Channel& channel) {
  if (!takes_no_query(channel)) return;
  read_later(channel, [](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(const auto report, publisher.keys());
    return report_answer(report);
  });
}

void forget_user(Channel& channel) {
  if (!takes_no_query(channel)) return;
  auto order = parse_forget_order(channel.request().body);
  if (!order) return channel.fail(order.error());
  order->options.requested_by = requester(channel, order->options.requested_by);
  command_later(channel, [order = *std::move(order)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(const auto done, publisher.forget(order.target, order.options));
    return Answer{kJson, fmt::format("{{\"keysDestroyed\":{},\"kept\":{},\"announced\":{}}}", done.keys, done.kept, done.announced)};
  });
}

void rotate_keys(Channel& channel) {
  if (!takes_no_query(channel)) return;
  const auto what = parse_rotation_order(channel.request().body);
  if (!what) return channel.fail(what.error());
  command_later(channel, [what = *what, by = principal_of(channel)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY(publisher.rotate_keys(what, by));
    UE_TRY_ASSIGN(const auto report, publisher.keys());
    return report_answer(report);
  });
}

void show_field_key(Channel& channel) {
  if (!takes_no_query(channel)) return;
  read_later(channel, [kid = channel.prepared().target.path[3], receivers = visible_types(channel, access::Action::field_keys),
                       by = principal_of(channel)](UserEventPublisher& publisher) -> Result<Answer> {
    auto key = publisher.field_key(kid, receivers, by);
    if (!key && key.error().code == "erased") return gone(key.error());
    if (!key) return std::unexpected(std::move(key).error());
    return Answer{"application/jwk+json", *std::move(key), 200, kFieldKeyCaching};
  });
}

}  // namespace user_events::server
