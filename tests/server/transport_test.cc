#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "server_fixture.h"

namespace user_events::server::testing {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;

class Transport : public ServerTest {};

TEST_F(Transport, MalformedRequestsAreRefusedAndTheServerLivesOn) {
  const std::string head =
      "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  const std::string requests[] = {
      "\x16\x03\x01\x02\x01\x01\xfc\x03\x03",  // a TLS hello
      "hello\r\n\r\n",
      " GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET\r\n\r\n",
      "GET /\r\n\r\n",
      "GET / \r\n\r\n",
      "GET / HTTP\r\n\r\n",
      "GET / HTTP/1\r\n\r\n",
      "GET / HTTP/1.\r\n\r\n",
      "GET / HTTP/2.0\r\nHost: localhost\r\n\r\n",
      "GET / HTTP/0.9\r\nHost: localhost\r\n\r\n",
      "GET / HTTP/1.11\r\nHost: localhost\r\n\r\n",
      "GET / http/1.1\r\nHost: localhost\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n",
      "GET / HTTP/1.1\nHost: localhost\n\n",
      "G\x01T / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "G(T / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /a\0b HTTP/1.1\r\nHost: localhost\r\n\r\n"s,
      "GET /\x7f HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /%c3%28 HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /v1/events/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /healthz#x HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET http:///healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /healthz HTTP/1.1\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost localhost\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n",
      "GET /healthz HTTP/1.1\r\n: localhost\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX\x01: y\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\x01z\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\0z\r\n\r\n"s,
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\rX: y\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: ,,(\r\n\r\n",
      head + "Content-Length: -1\r\n\r\n",
      head + "Content-Length: +5\r\n\r\n{}",
      head + "Content-Length: 0x10\r\n\r\n",
      head + "Content-Length: 1e3\r\n\r\n",
      head + "Content-Length: 5 5\r\n\r\n",
      head + "Content-Length: \r\n\r\n",
      head + "Content-Length: 18446744073709551616\r\n\r\n",
      head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
      head + "Content-Length: 2, 3\r\n\r\n{}",
      head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      head + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
      head + "Transfer-Encoding: gzip\r\n\r\n",
      head + "Transfer-Encoding: identity\r\n\r\n",
      head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      head + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
      head + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
      head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      head + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
      "POST /v1/events HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\n\r\n0\r\n\r\n",
      head + "Transfer-Encoding: chunked\r\n\r\nx\r\n\r\n",
      head + "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
      head + "Transfer-Encoding: chunked\r\n\r\n 2\r\n{}\r\n0\r\n\r\n",
      head + "Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n",
      head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n",
      head + "Transfer-Encoding: chunked\r\n\r\n2;\x01\r\n{}\r\n0\r\n\r\n",
      head + "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n{}\r\n0\r\n\r\n",
      head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}\r\n0\r\n\r\n",
      head + "Transfer-Encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n",
      "GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + std::string(17'000, 'x') + ": 1\r\n\r\n",
      std::string(20'000, 'A'),
  };
  static_assert(std::size(requests) >= 60);
  for (const auto& request : requests) {
    Client client(port());
    client.send(request);
    client.close_sending();
    const auto answer = client.receive();
    EXPECT_GE(answer.status, 400) << request.substr(0, 200);
    EXPECT_LT(answer.status, 500) << request.substr(0, 200);
    EXPECT_NE(answer.problem().substr(0, 1), "<") << request.substr(0, 200) << answer.body;
    EXPECT_TRUE(client.ended()) << request.substr(0, 200);
  }
  EXPECT_TRUE(alive());
  EXPECT_EQ(publisher_->last_sequence(), 0u);
}

TEST_F(Transport, AnAmbiguousLengthIsRefusedAndNothingBehindItIsTakenForARequest) {
  for (const char* fields : {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                             "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                             "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
                             "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: identity\r\n",
                             "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5, 6\r\n"}) {
    Client client(port());
    client.send(
        fmt::format("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{}\r\n",
                    fields) +
        "0\r\n\r\n" + post("application/json", kEvent));
    const auto answer = client.receive();
    EXPECT_EQ(answer.status, 400) << fields;
    EXPECT_EQ(answer.problem(), "ambiguous-length") << fields;
    client.close_sending();
    EXPECT_EQ(client.receive().status, 0) << fields;
  }
  EXPECT_EQ(publisher_->last_sequence(), 0u);
}

TEST_F(Transport, MalformedBodiesAreRefusedAndTheConnectionLivesOn) {
  const std::string deep(100, '[');
  const std::string bodies[] = {
      "",
      " ",
      "{",
      "}",
      "[",
      "]",
      "{}",
      "[]x",
      "{]",
      "[}",
      "null",
      "true",
      "1",
      "-",
      "\"",
      "\"x\"",
      "nul",
      "tru",
      "{\"type\"}",
      "{\"type\":}",
      "{\"type\":1}",
      "{\"type\":\"\"}",
      "{\"type\":\"user.created\"",
      "{\"type\":\"user.created\",}",
      "{type:\"user.created\"}",
      "{'type':'user.created'}",
      "{\"type\":\"user.created\" \"data\":{}}",
      "{\"type\":\"user.created\",\"data\":null}",
      "{\"type\":\"user.created\",\"data\":[]}",
      "{\"type\":\"user.created\",\"data\":\"x\"}",
      "{\"type\":\"user.created\",\"data\":{}}",
      "{\"type\":null,\"data\":{}}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"u\"}}x",
      "{}{}",
      "[1]",
      "[null]",
      "[[]]",
      "[{}]",
      "[{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"u\"}},]",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"\xff\"}}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"\xc3\"}}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"\xed\xa0\x80\"}}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"\\ud800\"}}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"\\x\"}}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"a\nb\"}}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"a\0b\"}}"s,
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"u\",\"userId\":\"v\"}}",
      "{\"type\":\"a\",\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"u\"}}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":1}}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"u\"},\"version\":9}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"u\"},\"version\":-1}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"u\"},\"time\":\"yesterday\"}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"u\"},\"id\":5}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"u\"},\"more\":1}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"u\",\"password\":\"x\"}}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"u\",\"mfaType\":01}}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"u\",\"mfaType\":1e999}}",
      "{\"type\":\"user.mfa.enabled\",\"data\":{\"userId\":\"u\",\"mfaType\":NaN}}",
      "\xef\xbb\xbf",
      "\xff\xfe{\0}\0"s,
      "{\"a\":" + deep + "}",
      deep,
      deep + std::string(100, ']'),
      "// x\n{}",
      "{/**/}",
      "a=b&c=d",
      "<xml/>",
  };
  static_assert(std::size(bodies) >= 60);
  Client client(port());
  for (const auto& body : bodies) {
    const auto answer = client.request(post("application/json", body));
    EXPECT_TRUE(answer.status == 400 || answer.status == 422) << body << " " << answer.status;
    EXPECT_NE(answer.problem().substr(0, 1), "<") << body;
  }
  EXPECT_EQ(client.request(post("application/json", kEvent)).status, 202);
  EXPECT_EQ(publisher_->last_sequence(), 1u);
}

TEST_F(Transport, AHeaderUpToTheLimitIsTakenAndALargerOneIsNot) {
  const auto with = [&](std::size_t bytes) {
    return ask(get("/healthz", "X: " + std::string(bytes, 'x') + "\r\n"));
  };
  EXPECT_EQ(with(16'000).status, 200);
  EXPECT_EQ(with(16'400).status, 431);
  std::string fields;
  for (int i = 0; i < 2'000; ++i) fields += "X: yyyyyyyyy\r\n";
  EXPECT_EQ(ask(get("/healthz", fields)).problem(), "header-too-large");
  std::string attributes;
  for (int i = 0; i < 64; ++i) attributes += fmt::format("ce-x{}: 1\r\n", i);
  EXPECT_EQ(ask(get("/healthz", attributes)).status, 200);
  EXPECT_EQ(ask(get("/healthz", attributes + "ce-one: 1\r\n")).status, 431);
}

TEST_F(Transport, AHeaderInSmallPiecesCannotGrowBeyondTheLimit) {
  Client client(port());
  client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n");
  std::string pieces;
  for (int i = 0; i < 400 && client.send("X-Padding: 0123456789012345678901234567890123456789\r\n"); ++i)
    if (i % 50 == 0) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(client.receive().status, 431);
}

TEST_F(Transport, ARequestByteByByteIsARequest) {
  Client client(port());
  for (const char c : post("application/json", kEvent)) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.receive().status, 202);
}

TEST_F(Transport, EmptyLinesBeforeARequestAreIgnored) {
  Client client(port());
  EXPECT_EQ(client.request("\r\n\r\n" + get("/healthz")).status, 200);
  EXPECT_EQ(client.request("\r\n" + get("/healthz")).status, 200);
}

TEST_F(Transport, ASlowHeaderIsTimedOut) {
  options_.http.read_timeout = milliseconds(200);
  restart();
  Client client(port());
  client.send("GET /healthz HT");
  const auto answer = client.receive();
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.problem(), "request-timeout");
  EXPECT_TRUE(client.ended());
}

TEST_F(Transport, ABodyThatTricklesIsTimedOut) {
  options_.http.read_timeout = milliseconds(200);
  restart();
  Client client(port());
  client.send(
      "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
      "5000\r\n\r\n");
  std::atomic<bool> done{false};
  std::thread trickle([&] {
    while (!done && client.send(" ")) std::this_thread::sleep_for(milliseconds(20));
  });
  const auto answer = client.receive();
  done = true;
  trickle.join();
  EXPECT_EQ(answer.status, 408);
}

TEST_F(Transport, AnIdleConnectionIsClosedWithoutAWord) {
  options_.http.idle_timeout = milliseconds(200);
  restart();
  Client never(port()), used(port());
  EXPECT_EQ(used.request(get("/healthz")).status, 200);
  EXPECT_EQ(never.receive().status, 0);
  EXPECT_TRUE(used.ended());
}

TEST_F(Transport, AClientThatClosesItsSideStillGetsItsAnswer) {
  Client client(port());
  client.send(post("application/json", kEvent) + get("/healthz"));
  client.close_sending();
  EXPECT_EQ(client.receive().status, 202);
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(client.ended());
}

TEST_F(Transport, ARequestCutOffByTheClientIsAProblem) {
  Client client(port());
  client.send(
      "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
      "100\r\n\r\n{");
  client.close_sending();
  EXPECT_EQ(client.receive().problem(), "incomplete-request");
  EXPECT_EQ(publisher_->last_sequence(), 0u);
}

TEST_F(Transport, ClientsThatVanishLeaveNothingBehind) {
  for (int i = 0; i < 200; ++i) {
    Client client(port());
    client.send(i % 3 == 0   ? post("application/json", kEvent)
                : i % 3 == 1 ? get("/v1/events/stream")
                             : std::string("POST /v1/ev"));
  }
  EXPECT_TRUE(alive());
  std::string metrics;
  for (int i = 0; i < 100; ++i) {
    metrics = ask(get("/metrics")).body;
    if (metrics.find("user_events_http_connections 1\n") != std::string::npos) break;
    std::this_thread::sleep_for(milliseconds(100));
  }
  EXPECT_NE(metrics.find("user_events_http_connections 1\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("user_events_http_event_streams 0\n"), std::string::npos);
}

TEST_F(Transport, AnEarlyRefusalCanBeReadAfterTheWholeBodyIsSent) {
  Client client(port());
  client.send(
      "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: "
      "40000000\r\n\r\n");
  EXPECT_TRUE(client.send(std::string(40'000'000, 'x'))) << "the server must not reset the connection";
  EXPECT_EQ(client.receive().problem(), "unsupported-media-type");
  client.close_sending();
  EXPECT_TRUE(client.ended());
}

TEST_F(Transport, ConnectionsOverTheLimitAreToldSo) {
  options_.http.max_connections = 3;
  restart();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<Client>(port()));
    EXPECT_EQ(clients.back()->request(get("/healthz")).status, 200);
  }
  Client fourth(port());
  const auto answer = fourth.receive();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.problem(), "too-many-connections");
  EXPECT_EQ(answer.field("retry-after"), "1");
  clients.pop_back();
  for (int i = 0; i < 100 && !alive(); ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_TRUE(alive());
}

TEST_F(Transport, OnlyNamesOfThisMachineAreAnsweredTo) {
  options_.http.allowed_hosts = {"Events.example"};
  restart();
  const auto with_host = [&](std::string_view host) {
    return ask(fmt::format("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", host));
  };
  for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:9", "127.1.2.3", "[::1]",
                           "[::1]:80", "events.EXAMPLE:443"})
    EXPECT_EQ(with_host(host).status, 200) << host;
  for (const char* host :
       {"attacker.example", "localhost.attacker.example", "127.0.0.1.attacker.example", "192.168.0.1",
        "0.0.0.0", "[::]", "events.example.attacker", "xlocalhost", "localhost:x", "::1", "2130706433"}) {
    const auto answer = with_host(host);
    EXPECT_EQ(answer.status, 403) << host;
    EXPECT_EQ(answer.problem(), "host-not-allowed") << host;
  }
  EXPECT_EQ(ask("GET http://attacker.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").problem(),
            "host-not-allowed");
  EXPECT_EQ(ask("GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
  EXPECT_EQ(ask("POST /v1/events HTTP/1.1\r\nHost: attacker.example\r\nContent-Type: "
                "application/json\r\nContent-Length: 2\r\n\r\n{}")
                .status,
            403);
}

TEST_F(Transport, PagesOfOtherSitesAreRefused) {
  options_.http.allowed_hosts = {"events.example"};
  restart();
  const auto with_origin = [&](std::string_view origin) {
    return ask(post("application/json", kEvent, {}, fmt::format("Origin: {}\r\n", origin)));
  };
  for (const char* origin : {"http://localhost:3000", "http://127.0.0.1:8080", "https://events.example"})
    EXPECT_EQ(with_origin(origin).status, 202) << origin;
  for (const char* origin : {"https://attacker.example", "null", "http://localhost.attacker.example",
                             "localhost", "http://", "file://"})
    EXPECT_EQ(with_origin(origin).problem(), "origin-not-allowed") << origin;
}

TEST_F(Transport, Http10IsAnsweredAndClosedUnlessItAsksOtherwise) {
  Client plain(port());
  const auto answer = plain.request("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_TRUE(plain.ended());
  Client kept(port());
  EXPECT_EQ(kept.request("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").field("connection"),
            "keep-alive");
  EXPECT_EQ(kept.request("GET /healthz HTTP/1.0\r\n\r\n").status, 200);
}

TEST_F(Transport, ConnectionCloseIsHonoured) {
  Client client(port());
  const auto answer = client.request(get("/healthz", "Connection: close\r\n"));
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_TRUE(client.ended());
}

TEST_F(Transport, ABodyOfAGetIsThrownAway) {
  Client client(port());
  EXPECT_EQ(client
                .request("GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30\r\n\r\n" +
                         get("/x").substr(0, 30))
                .status,
            200);
  EXPECT_EQ(client.request(get("/healthz")).status, 200);
}

TEST_F(Transport, StoppingFinishesTheRequestsUnderWay) {
  Client half(port()), idle(port());
  EXPECT_EQ(idle.request(get("/healthz")).status, 200);
  const auto whole = post("application/json", kEvent);
  half.send(whole.substr(0, whole.size() - 10));
  EXPECT_TRUE(alive());  // what was sent before is with the server now
  std::thread stopper([&] { server_->stop(std::chrono::seconds(10)); });
  EXPECT_TRUE(idle.ended());
  const auto answer = half.request(whole.substr(whole.size() - 10));
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.field("connection"), "close");
  stopper.join();
  EXPECT_THROW(Client{port()}, std::runtime_error);
  EXPECT_EQ(publisher_->last_sequence(), 1u);
}

TEST_F(Transport, StoppingEndsAnNdjsonStreamWithWhatWasPublished) {
  Client client(port());
  client.send(
      "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.send(fmt::format("{:x}\r\n{}\n\r\n", kEvent.size() + 1, kEvent));
  client.read_until("\"sequence\":1");
  server_->stop(std::chrono::seconds(10));
  const auto answer = client.receive();
  EXPECT_FALSE(answer.whole);
  EXPECT_NE(answer.body.find("urn:user-events:problem:stopping"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("\"accepted\":1"), std::string::npos) << answer.body;
}

TEST_F(Transport, StoppingGivesUpOnAClientThatNeverFinishesAtTheDeadline) {
  Client half(port());
  half.send("POST /v1/events HTTP/1.1\r\n");
  EXPECT_TRUE(alive());
  const auto begin = std::chrono::steady_clock::now();
  server_->stop(milliseconds(200));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_TRUE(half.ended());
}

TEST_F(Transport, SeveralThreadsServeAsOneDoes) {
  options_.http.threads = 3;
  restart();
  std::vector<std::thread> clients;
  std::atomic<int> accepted{0};
  for (int i = 0; i < 12; ++i)
    clients.emplace_back([&] {
      Client client(port());
      for (int round = 0; round < 50; ++round)
        if (client.request(post("application/json", kEvent)).status == 202) ++accepted;
    });
  for (auto& client : clients) client.join();
  EXPECT_EQ(accepted, 600);
  EXPECT_EQ(publisher_->last_sequence(), 600u);
}

TEST_F(Transport, ListeningIsRefusedWhereStrangersCouldReachIt) {
  for (const char* where : {"0.0.0.0:8080", "192.168.1.5:80", "[::]:8080", "example.com:80",
                            "127.0.0.1:70000", "127.0.0.1", ":8080", "8080", ""}) {
    auto options = options_.http;
    options.listen = where;
    const auto server = HttpServer::start(*publisher_, options);
    ASSERT_FALSE(server.has_value()) << where;
    EXPECT_EQ(server.error().kind, ErrorKind::usage) << where;
    EXPECT_FALSE(server.error().hint.empty());
  }
  for (const char* where : {"localhost:0", "[::1]:0", "127.0.0.2:0"}) {
    auto options = options_.http;
    options.listen = where;
    EXPECT_TRUE(HttpServer::start(*publisher_, options).has_value()) << where;
  }
}

TEST_F(Transport, APortInUseIsSaid) {
  auto options = options_.http;
  options.listen = fmt::format("127.0.0.1:{}", port());
  const auto second = HttpServer::start(*publisher_, options);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, "address-in-use");
}

}  // namespace
}  // namespace user_events::server::testing
