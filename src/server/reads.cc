// The GET endpoints that answer at once or with one read.
#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <limits>

#include "base/json_writer.h"
#include "base/try.h"
#include "base/type_versions.h"
#include "base/units.h"
#include "server/admission.h"
#include "server/answer_later.h"
#include "server/limits.h"
#include "server/routes.h"
#include "server/status_json.h"

namespace user_events::server {
namespace {

using base::ObjectWriter;
using base::append_array;

Result<ReadQuery> page_query(Channel& channel) {
  const auto& target = channel.prepared().target;
  UE_TRY(target.allow({"after", "type", "user", "limit"}));
  ReadQuery query;
  if (const auto* after = target.find("after"); after != nullptr && *after == "now")
    query.after = channel.service().publisher.last_sequence();
  else {
    UE_TRY_ASSIGN(query.after, target.number("after", 0, 0, ~0ull));
  }
  UE_TRY_ASSIGN(query.limit, target.number("limit", query.limit, 1, kMaxPageEvents));
  query.types = target.list("type");
  query.within = visible_types(channel, access::Action::read);
  query.view = view_of(channel);
  if (const auto* user = target.find("user")) query.user = *user;
  return query;
}

}  // namespace

Result<std::vector<std::string>> wanted_versions(const Request& request) {
  if (request.schema_version.empty()) return {};
  auto entries = base::version_entries(request.schema_version);
  if (const auto versions = base::TypeVersions::parse(entries); !versions)
    return fail(ErrorKind::malformed, "bad-schema-version", "Accept-Schema-Version: " + versions.error().message, versions.error().hint);
  return entries;
}

void read_events(Channel& channel) {
  auto query = page_query(channel);
  if (!query) return channel.fail(query.error());
  auto versions = wanted_versions(channel.request());
  if (!versions) return channel.fail(versions.error());
  query->versions = *std::move(versions);
  read_later(channel, [query = std::move(*query)](UserEventPublisher& publisher) -> Result<Answer> {
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
  auto versions = wanted_versions(channel.request());
  if (!versions) return channel.fail(versions.error());
  read_later(channel, [id = channel.prepared().target.path[2], versions = *std::move(versions),
                       within = visible_types(channel, access::Action::read), view = view_of(channel)](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(auto event, publisher.find(id, versions, within, view));
    return Answer{kCloudEventJson, std::move(event.json)};
  });
}

void list_schemas(Channel& channel) {
  if (!takes_no_query(channel)) return;
  read_later(channel, [](UserEventPublisher& publisher) -> Result<Answer> {
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
  if (path.size() >= 4) {
    const auto number = base::whole_number(path[3]);
    if (!number || *number == 0 || *number > std::numeric_limits<std::uint32_t>::max())
      return channel.fail(Error{ErrorKind::not_found,
                                "no-such-schema",
                                "a version is a whole number from 1",
                                "GET /v1/schemas lists them",
                                {}});
    version = static_cast<std::uint32_t>(*number);
  }
  const std::string mark = path.size() == 5 ? path[4] : std::string();
  read_later(channel, [type = path[2], version, mark](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(auto schema, publisher.schema(type, version, mark));
    return Answer{"application/schema+json", std::move(schema.text)};
  });
}

void show_asyncapi(Channel& channel) {
  if (!takes_no_query(channel)) return;
  read_later(channel, [](UserEventPublisher& publisher) -> Result<Answer> {
    UE_TRY_ASSIGN(auto document, publisher.asyncapi());
    return Answer{"application/vnd.aai.asyncapi+json;version=3.0.0", std::move(document)};
  });
}

void show_signing_keys(Channel& channel) {
  if (takes_no_query(channel)) channel.reply(200, "application/jwk-set+json", channel.service().publisher.signing_key_set(), "Cache-Control: public, max-age=300\r\n");
}

void show_status(Channel& channel) {
  if (!takes_no_query(channel)) return;
  read_later(channel, [](UserEventPublisher& publisher) -> Result<Answer> {
    return Answer{kJson, status_json(publisher.status())};
  });
}

void show_health(Channel& channel) {
  if (takes_no_query(channel)) channel.reply(200, kJson, R"({"status":"ok"})");
}

void show_readiness(Channel& channel) {
  if (!takes_no_query(channel)) return;
  read_later(channel, [&service = channel.service()](UserEventPublisher& publisher) -> Result<Answer> {
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
  read_later(channel, [&service = channel.service()](UserEventPublisher& publisher) -> Result<Answer> {
    Answer answer{"text/plain; version=0.0.4; charset=utf-8", publisher.metrics()};
    append_server_metrics(service, answer.body);
    return answer;
  });
}

void append_server_metrics(const Service& service, std::string& out) {
  const auto to = std::back_inserter(out);
  append_access_metrics(service, out);
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
