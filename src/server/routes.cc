#include "server/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "server/admission.h"
#include "server/limits.h"
#include "server/service.h"

namespace user_events::server {
namespace {

constexpr std::string_view kAny = "*";

/// What a POST has in its body.
enum class Takes : std::uint8_t { nothing, order, events };

constexpr Need kOpen{Need::Kind::nothing, {}}, kClient{Need::Kind::client, {}};
constexpr Need kPublish{Need::Kind::action, access::Action::publish}, kRead{Need::Kind::action, access::Action::read},
    kLetters{Need::Kind::action, access::Action::dead_letters}, kKeys{Need::Kind::action, access::Action::keys}, kAdmin{Need::Kind::action, access::Action::admin},
    kFieldKeys{Need::Kind::action, access::Action::field_keys}, kMetrics{Need::Kind::action, access::Action::metrics};

/// One path. `*` stands for any one segment; of two that match, the first counts. `need` is asked of who calls it, except that publishing
/// always needs `publish`.
struct Route {
  std::array<std::string_view, 5> path;
  Need need;
  void (*get)(Channel&);
  void (*post)(Channel&) = nullptr;
  Takes takes = Takes::nothing;
};

constexpr Route kRoutes[] = {
    {{"v1", "events"}, kRead, read_events, nullptr, Takes::events},
    {{"v1", "events", "stream"}, kRead, stream_events},
    {{"v1", "events", kAny}, kRead, find_event},
    {{"v1", "dead-letters"}, kLetters, list_letters},
    {{"v1", "dead-letters", "replay"}, kLetters, nullptr, replay_letters, Takes::order},
    {{"v1", "dead-letters", "discard"}, kLetters, nullptr, discard_letters, Takes::order},
    {{"v1", "dead-letters", "replays"}, kLetters, list_replays},
    {{"v1", "dead-letters", "replays", kAny}, kLetters, show_replay},
    {{"v1", "dead-letters", "replays", kAny, "cancel"}, kLetters, nullptr, cancel_replay},
    {{"v1", "dead-letters", "discarded"}, kLetters, list_discarded},
    {{"v1", "dead-letters", "discarded", kAny}, kLetters, show_discarded},
    {{"v1", "dead-letters", kAny}, kLetters, show_letter},
    {{"v1", "destinations"}, kAdmin, list_destinations},
    {{"v1", "destinations", kAny, "pause"}, kAdmin, nullptr, pause_destination},
    {{"v1", "destinations", kAny, "resume"}, kAdmin, nullptr, resume_destination},
    {{"v1", "destinations", kAny, "replay"}, kAdmin, nullptr, replay_destination, Takes::order},
    {{"v1", "keys"}, kKeys, show_keys},
    {{"v1", "keys", "forget"}, kKeys, nullptr, forget_user, Takes::order},
    {{"v1", "keys", "rotate"}, kKeys, nullptr, rotate_keys, Takes::order},
    {{"v1", "keys", "fields", kAny}, kFieldKeys, show_field_key},
    {{"v1", "audit"}, kAdmin, search_audit},
    {{"v1", "audit", "index"}, kAdmin, nullptr, switch_audit_index, Takes::order},
    {{"v1", "audit", "holds"}, kAdmin, list_holds, add_hold, Takes::order},
    {{"v1", "audit", "holds", kAny, "remove"}, kAdmin, nullptr, remove_hold, Takes::order},
    {{"v1", "schemas"}, kClient, list_schemas},
    {{"v1", "schemas", kAny}, kClient, show_schema},
    {{"v1", "schemas", kAny, kAny}, kClient, show_schema},
    {{"v1", "schemas", kAny, kAny, kAny}, kClient, show_schema},
    {{"asyncapi.json"}, kAdmin, show_asyncapi},
    {{"v1", "status"}, kAdmin, show_status},
    {{".well-known", "jwks.json"}, kOpen, show_signing_keys},
    {{"healthz"}, kOpen, show_health},
    {{"readyz"}, kOpen, show_readiness},
    {{"metrics"}, kMetrics, show_metrics},
};

bool takes_post(const Route& route) { return route.post != nullptr || route.takes == Takes::events; }

bool matches(const Route& route, const std::vector<std::string>& path) {
  if (path.size() > route.path.size()) return false;
  for (std::size_t i = 0; i < route.path.size(); ++i) {
    const std::string_view wanted = route.path[i];
    if (i >= path.size()) return wanted.empty();
    if (wanted.empty() || path[i].empty() || (wanted != kAny && wanted != path[i])) return false;
  }
  return true;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, {}, [](unsigned char c) { return std::tolower(c); },
      [](unsigned char c) { return std::tolower(c); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Media type without parameters. Nothing if there is a charset other than UTF-8 (or US-ASCII, its subset).
std::optional<std::string_view> media_type(std::string_view content_type) {
  const auto semicolon = std::min(content_type.find(';'), content_type.size());
  const auto type = trimmed(content_type.substr(0, semicolon));
  auto parameters = content_type.substr(semicolon);
  while (!parameters.empty()) {
    parameters.remove_prefix(1);
    const auto end = std::min(parameters.find(';'), parameters.size());
    const auto parameter = trimmed(parameters.substr(0, end));
    const auto equals = std::min(parameter.find('='), parameter.size());
    parameters.remove_prefix(end);
    if (!equals_ignoring_case(trimmed(parameter.substr(0, equals)), "charset")) continue;
    auto charset = trimmed(parameter.substr(std::min(equals + 1, parameter.size())));
    if (charset.size() >= 2 && charset.front() == '"' && charset.back() == '"')
      charset = charset.substr(1, charset.size() - 2);
    if (!equals_ignoring_case(charset, "utf-8") && !equals_ignoring_case(charset, "us-ascii"))
      return std::nullopt;
  }
  return type;
}

/// The body is kept as a whole, up to `limit`; `hint` is for one that is larger.
void collect(Channel& channel, void (*handle)(Channel&), std::uint64_t limit, std::string_view hint) {
  auto& prepared = channel.prepared();
  prepared.handle = handle;
  prepared.keeps_body = true;
  const auto& length = channel.request().content_length;
  if (length && *length > limit)
    return channel.fail(Error{ErrorKind::too_large, "body-too-large",
                              fmt::format("the body is larger than {} bytes", limit), std::string(hint), {}});
  channel.limit_body(limit);
  if (length) channel.request().body.reserve(std::min<std::uint64_t>(*length, kMaxReadBytes));
  channel.invite_body();
}

void collect_events(Channel& channel, void (*handle)(Channel&), Body form) {
  channel.prepared().form = form;
  collect(channel, handle, channel.service().options.max_body_bytes,
          "raise http.max_body_bytes, or stream the events as application/x-ndjson");
}

void refuse_media_type(Channel& channel, std::string message) {
  channel.fail(
      Error{ErrorKind::unsupported,
            "unsupported-media-type",
            std::move(message),
            "send application/json, application/x-ndjson, application/cloudevents+json, "
            "application/cloudevents-batch+json, or CloudEvents binary mode (ce-* headers, application/json)",
            {}});
}

bool is_compressed(const Request& request) {
  return !request.content_encoding.empty() && !equals_ignoring_case(request.content_encoding, "identity");
}

void prepare_publish(Channel& channel) {
  const auto& request = channel.request();
  if (is_compressed(request)) return refuse_media_type(channel, "compressed bodies are not supported");
  const auto type = media_type(request.content_type);
  if (!type) return refuse_media_type(channel, "the charset must be UTF-8");
  const bool has_attributes = std::ranges::any_of(
      request.attributes, [](const auto& a) { return a.first == "specversion" || a.first == "type"; });
  if (equals_ignoring_case(*type, "application/json"))
    return collect_events(channel, has_attributes ? publish_binary : publish_body, Body::events);
  if (equals_ignoring_case(*type, "application/cloudevents+json"))
    return collect_events(channel, publish_body, Body::cloudevent);
  if (equals_ignoring_case(*type, "application/cloudevents-batch+json"))
    return collect_events(channel, publish_body, Body::cloudevent_batch);
  if (equals_ignoring_case(*type, "application/x-ndjson")) return start_ndjson(channel);
  refuse_media_type(channel,
                    type->empty() ? "there is no Content-Type" : "this Content-Type is not supported");
}

void prepare_order(Channel& channel, void (*handle)(Channel&)) {
  const auto type = media_type(channel.request().content_type);
  if (is_compressed(channel.request()) || !type || !equals_ignoring_case(*type, "application/json"))
    return channel.fail(Error{ErrorKind::unsupported, "unsupported-media-type",
                              "this path takes a JSON body", "send application/json, not compressed", {}});
  collect(channel, handle, kMaxOrderBytes, "name fewer letters at a time");
}

void ignore_body(Channel& channel, void (*handle)(Channel&)) {
  channel.prepared().handle = handle;
  channel.limit_body(kKeptBytes);
  channel.invite_body();
}

void refuse_method(Channel& channel, const Route& route) {
  const Error error{ErrorKind::not_allowed, "method-not-allowed", "this path has other methods", {}, {}};
  if (route.get == nullptr) return channel.fail(error, "Allow: POST\r\n");
  channel.fail(error, takes_post(route) ? "Allow: GET, HEAD, POST\r\n" : "Allow: GET, HEAD\r\n");
}

Need need_of(Channel& channel, const Route& route) {
  if (route.takes == Takes::events && channel.request().method == Method::post) return kPublish;
  if (route.get == show_metrics && channel.service().options.open_metrics) return kOpen;
  return route.need;
}

void take_route(Channel& channel, const Route& route) {
  const auto method = channel.request().method;
  if (method == Method::post && takes_post(route)) {
    if (route.takes == Takes::events) return prepare_publish(channel);
    if (route.takes == Takes::order) return prepare_order(channel, route.post);
    return ignore_body(channel, route.post);
  }
  if (route.get == nullptr || (method != Method::get && method != Method::head)) return refuse_method(channel, route);
  ignore_body(channel, route.get);
}

}  // namespace

void prepare(Channel& channel) {
  auto& request = channel.request();
  auto& prepared = channel.prepared();
  auto& service = channel.service();
  prepared.handle = nullptr;
  prepared.keeps_body = false;
  prepared.target.path.clear();
  prepared.target.parameters.clear();
  prepared.target.authority.clear();

  if (auto allowed = service.guard.check(request); !allowed) return channel.fail(allowed.error());
  if (request.expects_other)
    return channel.fail_as(
        417,
        Error{
            ErrorKind::malformed, "expectation-failed", "only `Expect: 100-continue` is understood", {}, {}});
  if (request.method == Method::post && request.target == "/v1/events") {
    if (admit(channel, kPublish)) prepare_publish(channel);
    return;
  }

  auto target = Target::parse(request.target);
  if (!target) return channel.fail(target.error());
  if (!request.target.starts_with('/'))
    if (auto allowed = service.guard.check_host(target->authority); !allowed)
      return channel.fail(allowed.error());
  prepared.target = std::move(*target);
  const auto* route =
      std::ranges::find_if(kRoutes, [&](const Route& r) { return matches(r, prepared.target.path); });
  if (!admit(channel, route == std::end(kRoutes) ? kClient : need_of(channel, *route))) return;
  if (route == std::end(kRoutes))
    return channel.fail(Error{ErrorKind::not_found,
                              "no-such-path",
                              "there is nothing at this path",
                              "docs/http.md lists the paths",
                              {}});
  take_route(channel, *route);
}

}  // namespace user_events::server
