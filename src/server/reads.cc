// The GET endpoints that answer at once or with one read.
#include <fmt/format.h>

#include <charconv>
#include <iterator>

#include "base/json_text.h"
#include "base/try.h"
#include "server/limits.h"
#include "server/reply.h"
#include "server/routes.h"
#include "server/service.h"
#include "server/status_json.h"

namespace user_events::server {
namespace {

/// A whole answer, made on the worker's thread.
struct Answer {
  std::string_view content_type = kJson;
  std::string body;
  int status = 200;
};

/// Runs `read` on the worker's thread and answers with what it returns.
template <class Read>
void answer_later(Channel& channel, Read read) {
  const bool posted = channel.service().worker.post(
      channel.ticket(), [read = std::move(read)](UserEventPublisher& publisher) mutable {
        Result<Answer> answer = read(publisher);
        return Continuation([answer = std::move(answer)](Channel* to) {
          if (!answer) return to->fail(answer.error());
          to->reply(answer->status, answer->content_type, answer->body, retry_after(answer->status));
        });
      });
  if (!posted)
    channel.fail(
        Error{ErrorKind::unavailable, "busy", "too many reads are waiting", "try again in a moment", {}});
}

/// Member names and values of a flat JSON object.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  void text(std::string_view name, std::string_view value) {
    key(name), base::append_json_string(value, out_);
  }
  void number(std::string_view name, std::uint64_t value) {
    key(name), base::append_json_number(value, out_);
  }
  void boolean(std::string_view name, bool value) { key(name), out_ += value ? "true" : "false"; }
  void raw(std::string_view name, std::string_view json) { key(name), out_ += json; }
  std::string& key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return out_;
  }
  void end() { out_ += '}'; }

 private:
  std::string& out_;
};

template <class Items, class Append>
void append_array(const Items& items, std::string& out, Append&& append) {
  out += '[';
  for (const auto& item : items) {
    if (out.back() != '[') out += ',';
    append(item);
  }
  out += ']';
}

void append_destination(const DestinationStatus& one, std::string& out) {
  ObjectWriter object(out);
  object.text("name", one.name);
  object.text("kind", one.kind);
  object.text("state", one.state);
  object.text("detail", one.detail);
  object.number("acknowledgedSequence", one.acknowledged_sequence);
  object.number("lagEvents", one.lag_events);
  object.number("lagBytes", one.lag_bytes);
  object.raw("lagAgeSeconds", fmt::format("{:.3f}", std::chrono::duration<double>(one.lag_age).count()));
  object.raw("lagCapUsed", fmt::format("{:.3f}", one.lag_cap_used));
  object.text("lagAlarm", one.lag_alarm);
  object.number("delivered", one.delivered);
  object.number("retries", one.retries);
  object.number("inDoubt", one.in_doubt);
  object.number("deadLetters", one.dead_letters);
  object.number("lostToRetention", one.lost_to_retention);
  append_array(one.notes, object.key("notes"),
               [&](const auto& note) { base::append_json_string(note, out); });
  object.end();
}

}  // namespace

std::string status_json(const Status& status) {
  std::string out;
  ObjectWriter object(out);
  object.text("version", status.version);
  object.text("journalId", status.journal_id);
  object.text("dataDir", status.data_dir);
  object.number("firstSequence", status.first_sequence);
  object.number("lastSequence", status.last_sequence);
  object.number("diskBytes", status.disk_bytes);
  object.boolean("accepting", status.accepting);
  object.text("problem", status.problem);
  object.number("accepted", status.accepted);
  object.number("duplicates", status.duplicates);
  object.number("rejected", status.rejected);
  object.raw("uptimeSeconds", fmt::format("{:.3f}", static_cast<double>(status.uptime.count()) / 1000));
  append_array(status.destinations, object.key("destinations"),
               [&](const auto& one) { append_destination(one, out); });
  object.end();
  return out;
}

namespace {

/// For paths without a query: false, and answered, if there is one.
bool takes_no_query(Channel& channel) {
  auto allowed = channel.prepared().target.allow({});
  if (!allowed) channel.fail(allowed.error());
  return allowed.has_value();
}

Result<ReadQuery> page_query(const Target& target) {
  UE_TRY(target.allow({"after", "type", "user", "limit"}));
  ReadQuery query;
  UE_TRY_ASSIGN(query.after, target.number("after", 0, 0, ~0ull));
  UE_TRY_ASSIGN(query.limit, target.number("limit", query.limit, 1, kMaxPageEvents));
  query.types = target.list("type");
  if (const auto* user = target.find("user")) query.user = *user;
  return query;
}

}  // namespace

void read_events(Channel& channel) {
  auto query = page_query(channel.prepared().target);
  if (!query) return channel.fail(query.error());
  answer_later(channel, [query = std::move(*query)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(const auto page, publisher.read(query));
    Answer answer;
    answer.body = "{\"events\":";
    append_array(page.events, answer.body, [&](const auto& event) { answer.body += event.json; });
    fmt::format_to(std::back_inserter(answer.body), ",\"next\":{}}}", page.next);
    return answer;
  });
}

void find_event(Channel& channel) {
  if (!takes_no_query(channel)) return;
  answer_later(channel,
               [id = channel.prepared().target.path[2]](UserEventPublisher& publisher) -> Result<Answer> {
                 UE_TRY_ASSIGN(auto event, publisher.find(id));
                 return Answer{kCloudEventJson, std::move(event.json)};
               });
}

void list_schemas(Channel& channel) {
  if (!takes_no_query(channel)) return;
  answer_later(channel, [](UserEventPublisher& publisher) -> Result<Answer> {
    Answer answer;
    answer.body = "{\"schemas\":";
    append_array(publisher.schemas(), answer.body, [&](const SchemaInfo& schema) {
      ObjectWriter object(answer.body);
      object.text("type", schema.type);
      object.number("version", schema.version);
      object.text("title", schema.title);
      object.end();
    });
    answer.body += '}';
    return answer;
  });
}

void show_schema(Channel& channel) {
  if (!takes_no_query(channel)) return;
  const auto& path = channel.prepared().target.path;
  std::uint32_t version = 0;
  if (path.size() == 4) {
    const auto* end = path[3].data() + path[3].size();
    const auto [stop, error] = std::from_chars(path[3].data(), end, version);
    if (error != std::errc{} || stop != end || version == 0)
      return channel.fail(Error{ErrorKind::not_found,
                                "no-such-schema",
                                "a version is a whole number from 1",
                                "GET /v1/schemas lists them",
                                {}});
  }
  answer_later(channel, [type = path[2], version](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(auto schema, publisher.schema(type, version));
    return Answer{"application/schema+json", std::move(schema.text)};
  });
}

void show_status(Channel& channel) {
  if (!takes_no_query(channel)) return;
  answer_later(channel, [](UserEventPublisher& publisher) -> Result<Answer> {
    return Answer{kJson, status_json(publisher.status())};
  });
}

void show_health(Channel& channel) {
  if (takes_no_query(channel)) channel.reply(200, kJson, R"({"status":"ok"})");
}

void show_readiness(Channel& channel) {
  if (!takes_no_query(channel)) return;
  answer_later(channel, [&service = channel.service()](UserEventPublisher& publisher) -> Result<Answer> {
    if (service.stopping.load(std::memory_order_relaxed))
      return fail(ErrorKind::unavailable, "stopping", "the daemon is stopping", "use another one");
    const auto status = publisher.status();
    if (!status.accepting)
      return fail(ErrorKind::unavailable, "not-accepting", "no events are accepted: " + status.problem,
                  "see /v1/status");
    return Answer{kJson, R"({"status":"ready"})"};
  });
}

void show_metrics(Channel& channel) {
  if (!takes_no_query(channel)) return;
  answer_later(channel, [&service = channel.service()](UserEventPublisher& publisher) -> Result<Answer> {
    Answer answer{"text/plain; version=0.0.4; charset=utf-8", publisher.metrics()};
    append_server_metrics(service, answer.body);
    return answer;
  });
}

void append_server_metrics(const Service& service, std::string& out) {
  const auto to = std::back_inserter(out);
  out +=
      "# HELP user_events_http_requests_total Answers of the HTTP server, by class of status.\n"
      "# TYPE user_events_http_requests_total counter\n";
  for (const std::size_t i : {2, 4, 5})
    fmt::format_to(to, "user_events_http_requests_total{{status=\"{}xx\"}} {}\n", i,
                   service.counters.answers[i].load(std::memory_order_relaxed));
  fmt::format_to(to,
                 "# HELP user_events_http_connections Open connections.\n"
                 "# TYPE user_events_http_connections gauge\nuser_events_http_connections {}\n"
                 "# HELP user_events_http_event_streams Clients of GET /v1/events/stream.\n"
                 "# TYPE user_events_http_event_streams gauge\nuser_events_http_event_streams {}\n"
                 "# HELP user_events_http_refused_connections_total Connections over http.max_connections.\n"
                 "# TYPE user_events_http_refused_connections_total "
                 "counter\nuser_events_http_refused_connections_total {}\n",
                 service.connections.load(std::memory_order_relaxed),
                 service.event_streams.load(std::memory_order_relaxed),
                 service.counters.refused_connections.load(std::memory_order_relaxed));
}

}  // namespace user_events::server
