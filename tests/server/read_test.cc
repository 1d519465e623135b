#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "server_fixture.h"

namespace user_events::server::testing {
namespace {

class Read : public ServerTest {};

TEST_F(Read, EventsComeInPagesThatContinueAtNext) {
  publish(5);
  const auto first = ask(get("/v1/events?limit=3"));
  ASSERT_EQ(first.status, 200);
  EXPECT_EQ(first.at("/events/0/sequence"), "00000000000000000001");
  EXPECT_EQ(first.at("/events/2/sequence"), "00000000000000000003");
  EXPECT_EQ(first.at("/events/3"), "<none>");
  EXPECT_EQ(first.at("/next"), "3");
  const auto second = ask(get("/v1/events?limit=3&after=" + first.at("/next")));
  EXPECT_EQ(second.at("/events/1/sequence"), "00000000000000000005");
  EXPECT_EQ(second.at("/next"), "5");
  const auto last = ask(get("/v1/events?after=5"));
  EXPECT_EQ(last.body, R"({"events":[],"next":5})");
}

TEST_F(Read, PagesAreFilteredByTypeAndUser) {
  publish(1, "u-1");
  publish(1, "a b+c");
  ASSERT_EQ(ask(post("application/json", R"({"type":"user.mfa.disabled","data":{"userId":"u-1"}})")).status,
            202);
  EXPECT_EQ(ask(get("/v1/events?user=u-1")).at("/events/1/type"), "user.mfa.disabled");
  EXPECT_EQ(ask(get("/v1/events?user=a+b%2Bc")).at("/events/0/sequence"), "00000000000000000002");
  const auto both = ask(get("/v1/events?type=user.mfa.disabled,user.created&type=user.nothing"));
  EXPECT_EQ(both.at("/events/0/sequence"), "00000000000000000003");
  EXPECT_EQ(both.at("/events/1"), "<none>");
  EXPECT_EQ(both.at("/next"), "3");
}

TEST_F(Read, WrongParametersAreRefused) {
  for (const char* query : {"after=x", "after=-1", "after=18446744073709551616", "after=", "limit=0",
                            "limit=1001", "limit=ten", "limit=1e2"})
    EXPECT_EQ(ask(get(fmt::format("/v1/events?{}", query))).problem(), "bad-parameter") << query;
  EXPECT_EQ(ask(get("/v1/events?afer=1")).problem(), "unknown-parameter");
  EXPECT_EQ(ask(get("/v1/status?x=1")).problem(), "unknown-parameter");
  EXPECT_EQ(ask(get("/v1/events?user=%ff")).problem(), "bad-target");
  EXPECT_EQ(ask(get("/v1/events?user=%zz")).problem(), "bad-target");
  EXPECT_EQ(ask(get("/v1/events?type=*.*")).status, 400);
  EXPECT_EQ(ask(get("/v1/events?limit=1000")).status, 200);
}

TEST_F(Read, OneEventIsFoundByItsId) {
  ASSERT_EQ(ask(post("application/json", R"({"type":"user.mfa.enabled","id":"x/y","data":{"userId":"u-1"}})"))
                .status,
            202);
  const auto found = ask(get("/v1/events/x%2Fy"));
  EXPECT_EQ(found.status, 200);
  EXPECT_EQ(found.field("content-type"), "application/cloudevents+json");
  EXPECT_EQ(found.at("/specversion"), "1.0");
  EXPECT_EQ(found.at("/sequence"), "00000000000000000001");
  EXPECT_EQ(ask(get("/v1/events/nothing")).status, 404);
}

TEST_F(Read, SchemasAreListedAndShown) {
  const auto list = ask(get("/v1/schemas"));
  ASSERT_EQ(list.status, 200);
  EXPECT_EQ(list.at("/schemas/0/version"), "1");
  const auto one = ask(get("/v1/schemas/user.created"));
  EXPECT_EQ(one.status, 200);
  EXPECT_EQ(one.field("content-type"), "application/schema+json");
  EXPECT_EQ(one.at("/type"), "object");
  EXPECT_EQ(ask(get("/v1/schemas/user.created/1")).body, one.body);
  for (const char* path : {"/v1/schemas/user.nothing", "/v1/schemas/user.created/2",
                           "/v1/schemas/user.created/x", "/v1/schemas/user.created/0"})
    EXPECT_EQ(ask(get(path)).status, 404) << path;
}

TEST_F(Read, StatusHealthReadinessAndMetricsAnswer) {
  publish(2);
  const auto status = ask(get("/v1/status"));
  EXPECT_EQ(status.status, 200);
  EXPECT_EQ(status.at("/lastSequence"), "2");
  EXPECT_EQ(status.at("/accepting"), "true");
  EXPECT_EQ(status.at("/destinations"), "[]");
  EXPECT_EQ(ask(get("/healthz")).body, R"({"status":"ok"})");
  EXPECT_EQ(ask(get("/readyz")).body, R"({"status":"ready"})");
  const auto metrics = ask(get("/metrics"));
  EXPECT_TRUE(metrics.field("content-type").starts_with("text/plain; version=0.0.4"));
  EXPECT_NE(metrics.body.find("user_events_journal_last_sequence 2"), std::string::npos);
  EXPECT_NE(metrics.body.find("user_events_http_requests_total{status=\"2xx\"} 3"), std::string::npos);
  EXPECT_NE(metrics.body.find("user_events_http_connections "), std::string::npos);
}

TEST_F(Read, EveryGetAlsoAnswersHeadWithoutABody) {
  publish(1);
  for (const char* path : {"/v1/events", "/v1/events/stream", "/v1/schemas", "/v1/schemas/user.created",
                           "/v1/status", "/healthz", "/readyz", "/metrics"}) {
    Client client(port());
    EXPECT_EQ(client.request(fmt::format("HEAD {} HTTP/1.1\r\nHost: localhost\r\n\r\n", path)).status, 200)
        << path;
    EXPECT_EQ(client.request(get("/healthz")).body, R"({"status":"ok"})") << path;
  }
}

TEST_F(Read, UnknownPathsAreNotFoundAndWrongMethodsNameTheRightOnes) {
  for (const char* path :
       {"/", "/v1", "/v1/", "/v1/event", "/v1/events/", "/v1/events/a/b", "/v1/dead-letters/1/2",
        "/.well-known/jwks", "/asyncapi.json/", "/healthz/", "//v1/events", "/v1/schemas/a/1/b/c"})
    EXPECT_EQ(ask(get(path)).problem(), "no-such-path") << path;
  for (const char* method : {"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"}) {
    const auto events = ask(fmt::format("{} /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n", method));
    EXPECT_EQ(events.status, 405) << method;
    EXPECT_EQ(events.field("allow"), "GET, HEAD, POST");
    EXPECT_EQ(ask(fmt::format("{} /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", method)).field("allow"),
              "GET, HEAD");
  }
  EXPECT_EQ(ask("POST /v1/status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}").status, 405);
}

class Stream : public ServerTest {
 protected:
  static int count(const std::string& text, std::string_view what) {
    int found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++found;
    return found;
  }
};

TEST_F(Stream, WhatIsThereComesFirstAndThenWhatIsPublished) {
  publish(2);
  Client client(port());
  client.send(get("/v1/events/stream"));
  auto text = client.read_until("id: 2\n");
  EXPECT_NE(text.find("HTTP/1.1 200 OK"), std::string::npos);
  EXPECT_NE(text.find("Content-Type: text/event-stream"), std::string::npos);
  EXPECT_NE(text.find("id: 1\nevent: user.mfa.enabled\ndata: {\"specversion\":\"1.0\""), std::string::npos)
      << text;
  publish(1);
  EXPECT_NE(client.read_until("id: 3\n").find("id: 3\nevent: user.mfa.enabled\ndata: {"), std::string::npos);
}

TEST_F(Stream, LastEventIdResumesAndWinsOverAfter) {
  publish(5);
  Client client(port());
  client.send(get("/v1/events/stream?after=1", "Last-Event-ID: 3\r\n"));
  const auto text = client.read_until("id: 5\n");
  EXPECT_EQ(text.find("id: 3\n"), std::string::npos);
  EXPECT_NE(text.find("id: 4\n"), std::string::npos);
  EXPECT_EQ(ask(get("/v1/events/stream", "Last-Event-ID: abc\r\n")).problem(), "bad-last-event-id");
}

TEST_F(Stream, AfterNowBeginsWithTheNextEvent) {
  publish(3);
  Client client(port());
  client.send(get("/v1/events/stream?after=now"));
  client.read_until("\r\n\r\n");
  publish(1);
  const auto text = client.read_until("id: 4\n");
  EXPECT_NE(text.find("id: 4\n"), std::string::npos);
  EXPECT_EQ(text.find("id: 3\n"), std::string::npos);
}

TEST_F(Stream, FiltersLetOnlyTheirEventsThrough) {
  Client client(port());
  client.send(get("/v1/events/stream?type=user.mfa.*&user=u-2"));
  client.read_until("\r\n\r\n");
  publish(3, "u-1");
  publish(1, "u-2");
  const auto text = client.read_until("id: 4\n");
  EXPECT_NE(text.find("id: 4\n"), std::string::npos);
  EXPECT_EQ(text.find("id: 2\n"), std::string::npos);
}

TEST_F(Stream, AFilterThatMatchesNothingForLongReadsOnToWhatItMatches) {
  const auto large =
      fmt::format(R"({{"type":"user.updated","data":{{"userId":"u-1","changes":{{"bio":"{}"}}}}}})",
                  std::string(200'000, 'x'));
  constexpr int kLarge = 120;  // more than one read of the journal takes
  Client publisher(port());
  for (int i = 0; i < kLarge; ++i) ASSERT_EQ(publisher.request(post("application/json", large)).status, 202);
  publish(1);
  const auto page = ask(get("/v1/events?type=user.mfa.enabled"));
  EXPECT_EQ(page.at("/events"), "[]");
  EXPECT_LT(std::stoi(page.at("/next")), kLarge);
  Client client(port());
  client.send(get("/v1/events/stream?type=user.mfa.enabled"));
  const auto last = fmt::format("id: {}\nevent: user.mfa.enabled\n", kLarge + 1);
  EXPECT_NE(client.read_until(last, std::chrono::seconds(5)).find(last), std::string::npos);
}

TEST_F(Stream, ABadFilterIsAProblemNotAStream) {
  EXPECT_EQ(ask(get("/v1/events/stream?type=*x*")).status, 400);
  EXPECT_EQ(ask(get("/v1/events/stream?limit=5")).problem(), "unknown-parameter");
}

TEST_F(Stream, ASlowReaderGetsEverythingAtItsOwnPace) {
  constexpr int kEvents = 50'000;
  Client client(port());
  client.set_receive_buffer(256 << 10);
  client.send(get("/v1/events/stream"));
  std::string array = "[";
  for (int i = 0; i < 1'000; ++i) array += std::string(i == 0 ? "" : ",") + std::string(kEvent);
  array += "]";
  for (int i = 0; i < kEvents / 1'000; ++i) ASSERT_EQ(ask(post("application/json", array)).status, 202);
  EXPECT_TRUE(alive());
  const auto text = client.read_until(fmt::format("id: {}\n", kEvents), std::chrono::seconds(60));
  EXPECT_EQ(count(text, "\nevent: user.mfa.enabled\n"), kEvents);
}

TEST_F(Stream, ManyReadersAllGetWhatIsPublished) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 30; ++i) {
    clients.push_back(std::make_unique<Client>(port()));
    clients.back()->send(get("/v1/events/stream"));
  }
  for (int i = 1; i <= 20; ++i) publish(1);
  for (const auto& client : clients) EXPECT_EQ(count(client->read_until("id: 20\n"), "\nevent: "), 20);
}

TEST_F(Stream, AReaderThatHasClosedItsSideStillGetsEvents) {
  Client client(port());
  client.send(get("/v1/events/stream"));
  client.close_sending();
  publish(1);
  EXPECT_NE(client.read_until("id: 1\n").find("id: 1\n"), std::string::npos);
  EXPECT_NE(client.read_until(": heartbeat", std::chrono::seconds(5)).find(": heartbeat\nid: 1\n\n"),
            std::string::npos);
}

TEST_F(Stream, ReadersThatGoAwayAreNoticedAndTheirPlacesGiven) {
  options_.http.max_connections = 4;  // two of them may be streams
  restart();
  for (int i = 0; i < 6; ++i) {
    std::string text;
    for (int attempt = 0; attempt < 100 && text.find("200 OK") == std::string::npos; ++attempt) {
      Client client(port());
      client.send(get("/v1/events/stream"));
      text = client.read_until("\r\n\r\n");
      if (text.find("200 OK") == std::string::npos)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    ASSERT_NE(text.find("200 OK"), std::string::npos) << i << text;
  }
}

TEST_F(Stream, MoreThanHalfTheConnectionsCannotBeStreams) {
  options_.http.max_connections = 8;
  restart();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<Client>(port()));
    clients.back()->send(get("/v1/events/stream"));
    clients.back()->read_until("\r\n\r\n");
  }
  const auto fifth = ask(get("/v1/events/stream"));
  EXPECT_EQ(fifth.status, 503);
  EXPECT_EQ(fifth.problem(), "too-many-streams");
  EXPECT_EQ(fifth.field("retry-after"), "1");
  EXPECT_TRUE(alive());
}

TEST_F(Stream, StoppingTheServerEndsTheStreamProperly) {
  publish(1);
  Client client(port());
  client.send(get("/v1/events/stream"));
  client.read_until("id: 1\n");
  server_->stop(std::chrono::seconds(5));
  EXPECT_TRUE(client.read_until("\r\n0\r\n\r\n").ends_with("\r\n0\r\n\r\n"));
}

}  // namespace
}  // namespace user_events::server::testing
