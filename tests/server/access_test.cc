// Clients, what they may do, and what they see.
#include <gtest/gtest.h>

#include "access/token.h"
#include "server/guard.h"
#include "server_fixture.h"

namespace user_events::server::testing {
namespace {

constexpr std::string_view kPublisher = "token-of-the-publisher-000000000000", kReader = "token-of-the-reader-00000000000000",
                           kOperator = "token-of-the-operator-000000000000", kSlow = "token-of-the-slow-one-000000000000", kAll = "token-of-who-may-publish-all-0000";

std::string bearer(std::string_view token) { return "Authorization: Bearer " + std::string(token) + "\r\n"; }
std::string event(std::string_view type, std::string_view data = R"({"userId":"u-1"})") {
  return R"({"type":")" + std::string(type) + R"(","data":)" + std::string(data) + "}";
}

class AccessTest : public ServerTest {
 protected:
  void SetUp() override {
    options_.http.clients = {client("publisher", kPublisher), client("reader", kReader), client("operator", kOperator), client("slow", kSlow), client("all", kAll)};
    auto& clients = options_.http.clients;
    clients[0].grants.publish = {"user.mfa.*", "user.email.*"};
    clients[1].grants.read = {"user.mfa.*"};
    clients[1].grants.metrics = true;
    clients[2].grants.admin = true;
    clients[2].grants.dead_letters = {"*"};
    clients[3].grants.publish = {"*"};
    clients[3].rate = "5/h";
    clients[4].grants.publish = {"*"};
    start();
  }
  static ClientOptions client(const std::string& name, std::string_view token) {
    ClientOptions out;
    out.name = name;
    out.token_sha256 = {access::to_hex(access::hash_token(token))};
    return out;
  }
  Answer publish_as(std::string_view token, std::string_view body, std::string_view type = "application/json") {
    return ask(post(type, body, {}, bearer(token)));
  }
  Answer get_as(std::string_view token, std::string_view target) { return ask(get(target, bearer(token))); }
};

TEST_F(AccessTest, WhoShowsNothingIsAskedForATokenAndToldNoMore) {
  for (const std::string& request : {get("/v1/events"), get("/v1/status"), get("/metrics"), get("/v1/schemas"), get("/no/such/path"), get("/v1/events/x"),
                                     post("application/json", kEvent), post("application/x-ndjson", kEvent),
                                     get("/v1/events", "Authorization: Basic dTpw\r\n")}) {
    const auto answer = ask(request);
    EXPECT_EQ(answer.status, 401) << request;
    EXPECT_EQ(answer.field("www-authenticate"), "Bearer realm=\"user-events\"") << request;
    EXPECT_EQ(answer.problem(), "no-credentials");
  }
  EXPECT_EQ(ask(get("/healthz")).status, 200);
  EXPECT_EQ(ask(get("/readyz")).status, 200);
  EXPECT_EQ(publisher_->last_sequence(), 0u);
}

TEST_F(AccessTest, AWrongTokenIsInvalidAndABrokenFieldMalformed) {
  const auto wrong = get_as("wrong-token-0000000000000000000000000", "/v1/events");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.field("www-authenticate"), "Bearer realm=\"user-events\", error=\"invalid_token\"");
  EXPECT_EQ(wrong.body.find("wrong-token"), std::string::npos);
  for (const std::string& fields : {std::string("Authorization: Bearer\r\n"), std::string("Authorization: Bearer a b\r\n"), std::string("Authorization: Bearer \"a\"\r\n"),
                                    bearer(kReader) + bearer(kReader), bearer(kReader) + "Authorization: Basic x\r\n"}) {
    const auto answer = ask(get("/v1/events", fields));
    EXPECT_EQ(answer.status, 400) << fields;
    EXPECT_EQ(answer.field("www-authenticate"), "Bearer realm=\"user-events\", error=\"invalid_request\"");
  }
  EXPECT_EQ(ask(get("/v1/events", "authorization: bEARER  " + std::string(kReader) + "\r\n")).status, 200);
}

TEST_F(AccessTest, EachPathNeedsItsAction) {
  struct Case {
    std::string_view method, target;
    int publisher, reader, operator_;
  };
  for (const auto& one : {Case{"GET", "/v1/events", 403, 200, 403}, Case{"GET", "/v1/events/x", 403, 404, 403}, Case{"HEAD", "/v1/events/stream", 403, 200, 403},
                          Case{"GET", "/v1/dead-letters", 403, 403, 200}, Case{"GET", "/v1/dead-letters/1", 403, 403, 404},
                          Case{"GET", "/v1/dead-letters/replays", 403, 403, 200}, Case{"POST", "/v1/dead-letters/replays/1/cancel", 403, 403, 404},
                          Case{"GET", "/v1/destinations", 403, 403, 200}, Case{"POST", "/v1/destinations/x/pause", 403, 403, 404},
                          Case{"POST", "/v1/destinations/x/resume", 403, 403, 404}, Case{"GET", "/v1/status", 403, 403, 200}, Case{"GET", "/metrics", 403, 200, 403},
                          Case{"GET", "/v1/schemas", 200, 200, 200}, Case{"GET", "/v1/schemas/user.created", 200, 200, 200}, Case{"GET", "/nothing", 404, 404, 404},
                          Case{"DELETE", "/v1/events", 403, 405, 403}, Case{"GET", "//v1/events", 404, 404, 404}}) {
    const auto status = [&](std::string_view token) {
      Client connection(port());
      connection.send(std::string(one.method) + " " + std::string(one.target) + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n" + bearer(token) + "\r\n");
      return connection.receive(one.method == "HEAD").status;
    };
    EXPECT_EQ(status(kPublisher), one.publisher) << one.method << one.target;
    EXPECT_EQ(status(kReader), one.reader) << one.method << one.target;
    EXPECT_EQ(status(kOperator), one.operator_) << one.method << one.target;
  }
}

TEST_F(AccessTest, ARefusalNamesTheMissingActionAndNothingElse) {
  const auto answer = get_as(kPublisher, "/v1/status");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.problem(), "action-not-granted");
  EXPECT_NE(answer.at("/detail").find("'admin'"), std::string::npos);
  EXPECT_EQ(answer.field("www-authenticate"), "Bearer realm=\"user-events\", error=\"insufficient_scope\", scope=\"admin\"");
}

TEST_F(AccessTest, OnlyGrantedTypesArePublished) {
  EXPECT_EQ(publish_as(kPublisher, event("user.mfa.enabled")).status, 202);
  const auto refused = publish_as(kPublisher, event("user.mfa.role.assigned"));
  EXPECT_EQ(refused.status, 422);  // no such type
  const auto other = publish_as(kPublisher, event("user.role.assigned", R"({"userId":"u-1","roleId":"r"})"));
  EXPECT_EQ(other.status, 403);
  EXPECT_EQ(other.problem(), "type-not-granted");
  EXPECT_EQ(other.at("/errors/0/pointer"), "/type");
  const auto array = publish_as(kPublisher, "[" + event("user.mfa.enabled") + "," + event("user.role.assigned", R"({"userId":"u-1","roleId":"r"})") + "]");
  EXPECT_EQ(array.status, 403);
  EXPECT_EQ(array.at("/errors/0/pointer"), "/1/type");
  EXPECT_EQ(publisher_->last_sequence(), 1u);
  const auto binary = ask("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nce-specversion: 1.0\r\nce-id: 1\r\nce-source: a\r\n"
                          "ce-type: user.role.assigned\r\nContent-Length: 29\r\n" + bearer(kPublisher) + "\r\n{\"userId\":\"u-1\",\"roleId\":\"r\"}");
  EXPECT_EQ(binary.status, 403);
  const auto lines = publish_as(kPublisher, event("user.role.assigned", R"({"userId":"u-1","roleId":"r"})") + "\n" + event("user.mfa.enabled") + "\n", "application/x-ndjson");
  EXPECT_EQ(lines.status, 200);
  EXPECT_NE(lines.body.find(R"("line":1,"problem":{"type":"urn:user-events:problem:type-not-granted")"), std::string::npos) << lines.body;
  EXPECT_NE(lines.body.find(R"("accepted":1)"), std::string::npos) << lines.body;
  EXPECT_EQ(publish_as(kReader, event("user.mfa.enabled")).status, 403);
  EXPECT_EQ(publish_as(kReader, event("user.mfa.enabled"), "application/x-ndjson").status, 403);
}

TEST_F(AccessTest, AReaderSeesGrantedTypesOnly) {
  for (const char* line : {R"({"type":"user.mfa.enabled","id":"seen","data":{"userId":"u-1"}})",
                           R"({"type":"user.role.assigned","id":"hidden","data":{"userId":"u-1","roleId":"r"}})"}) {
    ASSERT_EQ(publish_as(kAll, line).status, 202);
  }
  const auto page = get_as(kReader, "/v1/events");
  EXPECT_EQ(page.at("/events/0/id"), "seen");
  EXPECT_EQ(page.at("/events/1/id"), "<none>");
  EXPECT_EQ(page.at("/next"), "2");
  EXPECT_EQ(get_as(kReader, "/v1/events?type=user.role.*").at("/events/0"), "<none>");
  EXPECT_EQ(get_as(kReader, "/v1/events?after=now").at("/next"), "2");
  EXPECT_EQ(get_as(kReader, "/v1/events/seen").status, 200);
  const auto hidden = get_as(kReader, "/v1/events/hidden"), absent = get_as(kReader, "/v1/events/absent");
  EXPECT_EQ(hidden.status, 404);
  EXPECT_EQ(hidden.body, absent.body);
  Client stream(port());
  stream.send(get("/v1/events/stream?after=0&type=user.*", bearer(kReader)));
  ASSERT_NE(stream.read_until("\"seen\"").find("\"seen\""), std::string::npos);
  ASSERT_EQ(publish_as(kPublisher, R"({"type":"user.mfa.disabled","id":"later","data":{"userId":"u-1"}})").status, 202);
  EXPECT_EQ(stream.read_until("\"later\"").find("hidden"), std::string::npos);
}

TEST_F(AccessTest, TheSameIdOfTwoClientsIsTwoEvents) {
  const std::string one = R"({"type":"user.mfa.enabled","id":"same","data":{"userId":"u-1"}})";
  EXPECT_EQ(publish_as(kPublisher, one).at("/duplicate"), "false");
  EXPECT_EQ(publish_as(kPublisher, one).at("/duplicate"), "true");
  EXPECT_EQ(publish_as(kAll, one).at("/duplicate"), "false");
}

TEST_F(AccessTest, OverItsRateAClientWaits) {
  EXPECT_EQ(publish_as(kSlow, event("user.mfa.enabled")).status, 202);
  const auto answer = publish_as(kSlow, event("user.mfa.enabled"));
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.problem(), "rate-limited");
  EXPECT_GT(std::stoi(answer.field("retry-after")), 600);
  EXPECT_EQ(publish_as(kPublisher, event("user.mfa.enabled")).status, 202);
}

TEST_F(AccessTest, EventsOfAnArrayAndLinesCountAgainstTheRate) {
  options_.http.clients[3].rate = "10/s";
  restart();
  std::string array = "[" + event("user.mfa.enabled");
  for (int i = 1; i < 100; ++i) array += "," + event("user.mfa.enabled");
  EXPECT_EQ(publish_as(kSlow, array + "]").status, 202);
  const auto answer = publish_as(kSlow, event("user.mfa.enabled"));
  EXPECT_EQ(answer.status, 429);
  EXPECT_GT(std::stoi(answer.field("retry-after")), 5);
}

TEST_F(AccessTest, AnNdjsonStreamIsSlowedDownToItsRate) {
  options_.http.clients[3].rate = "20/s";
  restart();
  Client connection(port());
  connection.send("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n" + bearer(kSlow) + "\r\n");
  const auto begin = std::chrono::steady_clock::now();
  const auto line = event("user.mfa.enabled") + "\n";
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", line.size());
  for (int i = 1; i <= 60; ++i) {
    connection.send(size + line + "\r\n");
    connection.read_until("\"line\":" + std::to_string(i) + ",");
  }
  connection.send("0\r\n\r\n");
  const auto answer = connection.read_until("summary");
  EXPECT_NE(answer.find("\"lines\":60"), std::string::npos) << answer;
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1'500));
  EXPECT_EQ(publisher_->last_sequence(), 60u);
}

TEST_F(AccessTest, OneConnectionMayCarrySeveralClients) {
  Client connection(port());
  EXPECT_EQ(connection.request(get("/v1/events", bearer(kReader))).status, 200);
  EXPECT_EQ(connection.request(get("/v1/events")).status, 401);
  EXPECT_EQ(connection.request(get("/v1/events", bearer(kPublisher))).status, 403);
  EXPECT_EQ(connection.request(get("/v1/events", bearer(kReader))).status, 200);
  EXPECT_EQ(connection.request(get("/healthz")).status, 200);
  EXPECT_EQ(connection.request(get("/v1/events")).status, 401);
}

TEST_F(AccessTest, ReplacedClientsHoldAtOnceAndStreamsEnd) {
  Client connection(port()), stream(port());
  EXPECT_EQ(connection.request(get("/v1/events", bearer(kReader))).status, 200);
  ASSERT_EQ(publish_as(kPublisher, event("user.mfa.enabled")).status, 202);
  stream.send(get("/v1/events/stream?after=0", bearer(kReader)));
  stream.read_until("user.mfa.enabled");
  auto options = options_.http;
  options.clients.erase(options.clients.begin() + 1);
  ASSERT_TRUE(server_->replace_clients(options).has_value());
  EXPECT_EQ(connection.request(get("/v1/events", bearer(kReader))).status, 401);
  EXPECT_TRUE(stream.ended());
  options.clients[0].rate = "nonsense";
  EXPECT_FALSE(server_->replace_clients(options).has_value());
  EXPECT_EQ(publish_as(kPublisher, event("user.mfa.enabled")).status, 202);
}

TEST_F(AccessTest, AStreamGoesOnWhenTheSameClientsAreReadAgain) {
  Client stream(port());
  ASSERT_EQ(publish_as(kPublisher, event("user.mfa.enabled")).status, 202);
  stream.send(get("/v1/events/stream?after=0", bearer(kReader)));
  stream.read_until("user.mfa.enabled");
  ASSERT_TRUE(server_->replace_clients(options_.http).has_value());
  ASSERT_EQ(publish_as(kPublisher, event("user.mfa.disabled")).status, 202);
  stream.read_until("user.mfa.disabled");
}

TEST_F(AccessTest, DenialsAreCounted) {
  (void)ask(get("/v1/events"));
  (void)get_as(kPublisher, "/v1/events");
  const auto metrics = get_as(kReader, "/metrics").body;
  EXPECT_NE(metrics.find("user_events_http_denied_total{reason=\"unauthenticated\"} 1\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("user_events_http_denied_total{reason=\"forbidden\"} 1\n"), std::string::npos);
  EXPECT_NE(metrics.find("user_events_client_forbidden_total{client=\"publisher\"} 1\n"), std::string::npos);
  EXPECT_NE(metrics.find("user_events_client_requests_total{client=\"reader\"} 1\n"), std::string::npos);
}

TEST_F(AccessTest, MetricsCanBeOpenToAll) {
  options_.http.open_metrics = true;
  restart();
  EXPECT_EQ(ask(get("/metrics")).status, 200);
  EXPECT_EQ(ask(get("/v1/status")).status, 401);
}

TEST(Listen, OtherThanLoopbackNeedsTlsAndClientsOrAWord) {
  HttpOptions options;
  const auto is_allowed = [&] { return parse_listen(options).has_value(); };
  EXPECT_TRUE(is_allowed());
  for (const char* address : {"0.0.0.0:80", "192.0.2.1:80", "[::]:80", "[2001:db8::1]:80"}) {
    options = {};
    options.listen = address;
    EXPECT_FALSE(is_allowed()) << address;
    options.clients.resize(1);
    EXPECT_FALSE(is_allowed()) << address;
    options.tls.certificate_file = "a";
    EXPECT_TRUE(is_allowed()) << address;
    options.clients.clear();
    EXPECT_FALSE(is_allowed()) << address;
    options.insecure = true;
    EXPECT_TRUE(is_allowed()) << address;
  }
  for (const char* text : {"example.com:80", "127.0.0.1", "127.0.0.1:99999", ":80"}) {
    options.listen = text;
    EXPECT_FALSE(is_allowed()) << text;
  }
  EXPECT_TRUE(Guard({}, "192.0.2.1:80").check_host("192.0.2.1:80").has_value());
  EXPECT_FALSE(Guard({}, "0.0.0.0:80").check_host("0.0.0.0:80").has_value());
}

}  // namespace
}  // namespace user_events::server::testing
