// /v1/audit: searching events and acts.
#include "base/json_writer.h"
#include "base/time_text.h"
#include "base/try.h"
#include "server/admission.h"
#include "server/answer_later.h"
#include "server/audit_json.h"
#include "server/orders.h"
#include "server/routes.h"

namespace user_events::server {
namespace {

constexpr std::uint64_t kMaxEntries = 1'000;

Result<AuditQuery> audit_query(const Target& target) {
  UE_TRY(target.allow({"user", "type", "principal", "since", "until", "limit", "before"}));
  for (const auto& [name, value] : target.parameters)
    if (value.empty()) return bad_parameter(name, "left out, or not empty");
  AuditQuery query;
  if (const auto* user = target.find("user")) query.user = *user;
  if (const auto* principal = target.find("principal")) query.principal = *principal;
  if (const auto* before = target.find("before")) query.before = *before;
  query.types = target.list("type");
  UE_TRY(read_time(target, "since", query.since));
  UE_TRY(read_time(target, "until", query.until));
  UE_TRY_ASSIGN(query.limit, target.number("limit", query.limit, 1, kMaxEntries));
  return query;
}

}  // namespace

std::string audit_page_json(const AuditPage& page) {
  std::string out;
  base::ObjectWriter object(out);
  base::append_array(page.entries, object.key("entries"), [&](const AuditEntry& entry) {
    base::ObjectWriter one(out);
    one.text("journal", entry.journal);
    one.number("sequence", entry.sequence);
    one.text("time", base::time_text(entry.time));
    one.text("id", entry.id);
    one.text("type", entry.type);
    one.text("principal", entry.principal);
    if (!entry.record.empty()) one.raw("record", entry.record);
    one.end();
  });
  object.boolean("more", page.more);
  if (page.more) object.text("next", page.next);
  object.number("eventsBehind", page.events_behind);
  object.number("actsBehind", page.acts_behind);
  object.end();
  return out;
}

namespace {

std::string hold_json(const LegalHold& hold) {
  std::string out;
  base::ObjectWriter object(out);
  object.text("name", hold.name);
  object.text("reason", hold.reason);
  object.text("by", hold.by);
  object.text("since", base::time_text(hold.since));
  object.number("firstSequence", hold.first_sequence);
  object.end();
  return out;
}

}  // namespace

void list_holds(Channel& channel) {
  if (!takes_no_query(channel)) return;
  read_later(channel, [](UserEventPublisher& publisher) -> Result<Answer> {
    Answer answer;
    base::ObjectWriter object(answer.body);
    base::append_array(publisher.holds(), object.key("holds"), [&](const LegalHold& hold) { answer.body += hold_json(hold); });
    object.end();
    return answer;
  });
}

void add_hold(Channel& channel) {
  if (!takes_no_query(channel)) return;
  auto order = parse_hold_order(channel.request().body, true);
  if (!order) return channel.fail(order.error());
  order->by = requester(channel, order->by);
  command_later(channel, [order = *std::move(order)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(const auto hold, publisher.add_hold(order.name, order.reason, order.by));
    return Answer{kJson, hold_json(hold)};
  });
}

void remove_hold(Channel& channel) {
  if (!takes_no_query(channel)) return;
  auto order = parse_hold_order(channel.request().body, false);
  if (!order) return channel.fail(order.error());
  order->name = channel.prepared().target.path[3];
  order->by = requester(channel, order->by);
  command_later(channel, [order = *std::move(order)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY(publisher.remove_hold(order.name, order.reason, order.by));
    return Answer{kJson, "{}"};
  });
}

void switch_audit_index(Channel& channel) {
  if (!takes_no_query(channel)) return;
  const auto on = parse_index_order(channel.request().body);
  if (!on) return channel.fail(on.error());
  command_later(channel, [on = *on, by = principal_of(channel)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY(publisher.switch_audit_index(on, by));
    return Answer{kJson, on ? R"({"on":true})" : R"({"on":false})"};
  });
}

void search_audit(Channel& channel) {
  auto query = audit_query(channel.prepared().target);
  if (!query) return channel.fail(query.error());
  if (auto may = may_name_users(channel, !query->user.empty()); !may) return channel.fail(may.error());
  read_later(channel, [query = *std::move(query)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(const auto page, publisher.audit_search(query));
    return Answer{kJson, audit_page_json(page)};
  });
}

}  // namespace user_events::server
