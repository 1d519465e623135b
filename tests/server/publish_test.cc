#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "server_fixture.h"

namespace user_events::server::testing {
namespace {

class Publish : public ServerTest {
 protected:
  /// A file in a folder that does not exist, `name` in the data directory.
  DestinationOptions& add_destination_that_is_down(const std::string& name) {
    auto& one = options_.destinations.emplace_back();
    one.name = name;
    one.kind = "file";
    one.topic = options_.data_dir + "/" + name + "/events.ndjson";
    return one;
  }
};

TEST_F(Publish, OneEventIsAnsweredWithItsReceiptOnceItCanBeRead) {
  const auto answer =
      ask(post("application/json", R"({"type":"user.mfa.enabled","id":"e-1","data":{"userId":"u-1"}})"));
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.field("content-type"), "application/json");
  EXPECT_EQ(answer.body, R"({"id":"e-1","sequence":1,"duplicate":false})");
  EXPECT_EQ(publisher_->last_sequence(), 1u);
  EXPECT_TRUE(publisher_->find("e-1").has_value());
}

TEST_F(Publish, AnEventWithoutAnIdGetsOne) {
  const auto answer = ask(post("application/json; charset=UTF-8", kEvent));
  ASSERT_EQ(answer.status, 202);
  EXPECT_EQ(answer.at("/id").size(), 36u);
}

TEST_F(Publish, AnArrayIsAnsweredWithAnArrayInItsOrder) {
  const auto answer = ask(post("application/json", fmt::format("[{0},{0}]", kEvent)));
  ASSERT_EQ(answer.status, 202);
  EXPECT_EQ(answer.at("/0/sequence"), "1");
  EXPECT_EQ(answer.at("/1/sequence"), "2");
  EXPECT_EQ(ask(post("application/json", fmt::format("\n [{}]", kEvent))).at("/0/sequence"), "3");
}

TEST_F(Publish, AnArrayWithOneBadEventIsRefusedAsAWhole) {
  const auto answer =
      ask(post("application/json", fmt::format(R"([{},{{"type":"user.mfa.enabled","data":{{}}}}])", kEvent)));
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.at("/errors/0/pointer").substr(0, 2), "/1");
  EXPECT_EQ(publisher_->last_sequence(), 0u);
}

TEST_F(Publish, AStructuredCloudEventIsAccepted) {
  const auto answer = ask(post(
      "application/cloudevents+json",
      R"({"specversion":"1.0","id":"c-1","source":"urn:a","type":"user.mfa.enabled","data":{"userId":"u"}})"));
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.at("/id"), "c-1");
}

TEST_F(Publish, ACloudEventBatchIsAnsweredWithAnArray) {
  const auto answer = ask(post(
      "application/cloudevents-batch+json",
      R"([{"specversion":"1.0","id":"c-1","source":"urn:a","type":"user.mfa.enabled","data":{"userId":"u"}}])"));
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.at("/0/id"), "c-1");
}

constexpr std::string_view kBinaryFields =
    "ce-specversion: 1.0\r\nce-source: urn:a\r\nce-type: user.mfa.enabled\r\n";

TEST_F(Publish, BinaryModeTakesTheAttributesFromHeadersAndDecodesThem) {
  const auto answer =
      ask(post("application/json", R"({"userId":"u-1"})", {},
               fmt::format("{}CE-ID: \"a%20b%E2%82%AC\"\r\nce-comexample: x%25y\r\n", kBinaryFields)));
  ASSERT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(answer.at("/id"), "a b\u20ac");
  const auto stored = ask(get("/v1/events/a%20b%E2%82%AC"));
  EXPECT_EQ(stored.at("/source"), "urn:a");
  EXPECT_EQ(stored.at("/comexample"), "x%y");
  EXPECT_EQ(stored.at("/data/userId"), "u-1");
}

TEST_F(Publish, BinaryModeRefusesWhatCloudEventsDoesNotAllow) {
  const auto with = [&](std::string_view fields) {
    return ask(post("application/json", R"({"userId":"u-1"})", {}, fields));
  };
  const auto code = [&](std::string_view fields) {
    return with(fmt::format("{}{}", kBinaryFields, fields)).at("/errors/0/code");
  };
  const auto missing = with(kBinaryFields);
  EXPECT_EQ(missing.status, 422);
  EXPECT_EQ(missing.at("/errors/0/pointer"), "/id");
  EXPECT_EQ(missing.at("/errors/0/code"), "required");
  EXPECT_EQ(with("ce-type: user.mfa.enabled\r\n").at("/errors/2/pointer"), "/source");
  EXPECT_EQ(with("ce-specversion: 0.3\r\nce-id: 1\r\nce-source: a\r\nce-type: user.mfa.enabled\r\n")
                .at("/errors/0/pointer"),
            "/specversion");
  EXPECT_EQ(code("ce-id: 50%\r\n"), "encoding");
  EXPECT_EQ(code("ce-id: %FF\r\n"), "encoding");
  EXPECT_EQ(code("ce-id: a%00b\r\n"), "encoding");
  EXPECT_EQ(code("ce-id: 1\r\nce-my_name: 1\r\n"), "attribute-name");
  EXPECT_EQ(code("ce-id: 1\r\nce-id: 2\r\n"), "duplicate-key");
  EXPECT_EQ(publisher_->last_sequence(), 0u);
}

TEST_F(Publish, ARepeatedIdIsAnsweredWithTheFirstReceipt) {
  constexpr std::string_view kBody = R"({"type":"user.mfa.enabled","id":"e-1","data":{"userId":"u-1"}})";
  ASSERT_EQ(ask(post("application/json", kBody)).status, 202);
  const auto again = ask(post("application/json", kBody));
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.body, R"({"id":"e-1","sequence":1,"duplicate":true})");
}

TEST_F(Publish, TheSameIdWithOtherContentIsAConflict) {
  ASSERT_EQ(ask(post("application/json", R"({"type":"user.mfa.enabled","id":"e-1","data":{"userId":"u-1"}})"))
                .status,
            202);
  const auto other =
      ask(post("application/json", R"({"type":"user.mfa.enabled","id":"e-1","data":{"userId":"u-2"}})"));
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(other.problem(), "id-conflict");
  EXPECT_EQ(publisher_->last_sequence(), 1u);
}

TEST_F(Publish, WhatTheCatalogueRefusesIsNamedByPointerAndNeverRepeated) {
  const auto answer = ask(post(
      "application/json",
      R"({"type":"user.created","data":{"userId":"u","email":"sesame-not-an-address","status":"active"}})"));
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.field("content-type"), "application/problem+json");
  EXPECT_EQ(answer.at("/status"), "422");
  EXPECT_EQ(answer.at("/errors/0/pointer"), "/data/email");
  EXPECT_EQ(answer.body.find("sesame"), std::string::npos);
}

TEST_F(Publish, MediaTypesOtherThanTheFiveAreRefused) {
  for (const char* type : {"text/plain", "application/xml", "application/x-www-form-urlencoded",
                           "multipart/form-data; boundary=x", "application/jsonx", "json", ""}) {
    const auto answer = ask(post(type, kEvent));
    EXPECT_EQ(answer.status, 415) << type;
    EXPECT_EQ(answer.problem(), "unsupported-media-type") << type;
  }
  EXPECT_EQ(ask(post("application/json; charset=latin1", kEvent)).status, 415);
  EXPECT_EQ(ask(post("application/json", kEvent, {}, "Content-Encoding: gzip\r\n")).status, 415);
  EXPECT_EQ(ask("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").status, 415);
  EXPECT_EQ(ask(post("APPLICATION/JSON ; charset=\"utf-8\"", kEvent)).status, 202);
}

TEST_F(Publish, ABodyOfExactlyTheLimitIsTakenAndOneMoreByteIsNot) {
  options_.http.max_body_bytes = 2'000;
  restart();
  const auto of_size = [](std::size_t size) {
    return std::string(kEvent) + std::string(size - kEvent.size(), ' ');
  };
  EXPECT_EQ(ask(post("application/json", of_size(2'000))).status, 202);
  const auto over = ask(post("application/json", of_size(2'001)));
  EXPECT_EQ(over.status, 413);
  EXPECT_EQ(over.problem(), "body-too-large");
  // Chunked: refused as soon as the chunks say so, though the body would go on.
  Client client(port());
  client.send(
      "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\n\r\n");
  client.send("7d0\r\n" + of_size(2'000) + "\r\n1\r\n");
  EXPECT_EQ(client.receive().status, 413);
  Client exact(port());
  EXPECT_EQ(exact
                .request("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n7d0\r\n" +
                         of_size(2'000) + "\r\n0\r\n\r\n")
                .status,
            202);
}

TEST_F(Publish, AHugeContentLengthIsRefusedBeforeAnythingOfTheBodyIsSent) {
  Client client(port());
  const auto answer = client.request(
      "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
      "99999999999\r\n\r\n");
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.field("connection"), "close");
}

TEST_F(Publish, EventsAndArraysOverTheirLimitsAreRefused) {
  options_.limits.max_event_bytes = 1'000;
  options_.limits.max_batch_events = 3;
  restart();
  const auto padded =
      fmt::format(R"({{"type":"user.mfa.enabled","data":{{"userId":"{}"}}}})", std::string(1'000, 'u'));
  EXPECT_EQ(ask(post("application/json", padded)).status, 413);
  EXPECT_EQ(ask(post("application/json", fmt::format("[{0},{0},{0}]", kEvent))).status, 202);
  EXPECT_EQ(ask(post("application/json", fmt::format("[{0},{0},{0},{0}]", kEvent))).status, 413);
}

TEST_F(Publish, AFullJournalIsUnavailableAndSaysWhenToTryAgain) {
  options_.journal.max_bytes = 200'000;
  options_.journal.segment_bytes = 50'000;
  restart();
  Client client(port());
  Answer answer;
  std::uint64_t accepted = 0;
  for (int i = 0; i < 10'000; ++i) {
    answer = client.request(post("application/json", kEvent));
    if (answer.status != 202) break;
    ++accepted;
  }
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.field("retry-after"), "1");
  EXPECT_EQ(answer.at("/title"), "Journal full");
  EXPECT_GT(accepted, 100u);
  EXPECT_EQ(publisher_->last_sequence(), accepted);
  const auto line = ask(post("application/x-ndjson", kEvent));
  EXPECT_EQ(line.status, 200);
  EXPECT_NE(line.body.find("\"status\":503"), std::string::npos) << line.body;
  EXPECT_EQ(ask(get("/v1/events?limit=1")).status, 200);
}

TEST_F(Publish, ExpectContinueIsAnsweredBeforeTheBodyComes) {
  Client client(port());
  client.send(
      fmt::format("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                  "application/json\r\nContent-Length: {}\r\n"
                  "Expect: 100-continue\r\n\r\n",
                  kEvent.size()));
  EXPECT_NE(client.read_until("\r\n\r\n").find("HTTP/1.1 100 Continue"), std::string::npos);
  EXPECT_EQ(client.request(kEvent).status, 202);
  EXPECT_EQ(client.continues, 1);
}

TEST_F(Publish, ExpectContinueIsNotAnsweredWhenTheBodyIsNotWanted) {
  Client client(port());
  const auto answer = client.request(
      "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: "
      "5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(answer.status, 415);
  EXPECT_EQ(client.continues, 0);
  EXPECT_EQ(ask(post("application/json", kEvent, {}, "Expect: something-else\r\n")).status, 417);
}

TEST_F(Publish, WaitingWithoutDestinationsIsDoneAtOnce) {
  const auto answer = ask(post("application/json", kEvent, "?wait=delivered&timeout=5s"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.at("/destinations"), "[]");
  const auto many = ask(post("application/json", fmt::format("[{0},{0}]", kEvent), "?wait=delivered"));
  EXPECT_EQ(many.status, 200);
  EXPECT_EQ(many.at("/1/destinations"), "[]");
}

TEST_F(Publish, WaitingTellsTheStateOfEachDestination) {
  options_.data_dir.clear();
  DestinationOptions file;
  file.name = "out";
  file.kind = "file";
  file.topic = std::string(::testing::TempDir()) + "/ue-server-wait.ndjson";
  options_.destinations = {file};
  restart();
  const auto answer = ask(post("application/json", kEvent, "?wait=delivered&timeout=10s"));
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.at("/destinations/0/name"), "out");
  EXPECT_EQ(answer.at("/destinations/0/state"), "delivered");
  stop();
  std::filesystem::remove(file.topic);
}

TEST_F(Publish, WaitingInVainIsAnsweredWith202AndTheStateSoFar) {
  add_destination_that_is_down("nobody");
  restart();
  const auto answer = ask(post("application/json", kEvent, "?wait=delivered&timeout=300ms"));
  EXPECT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(answer.at("/sequence"), "1");
  EXPECT_EQ(answer.at("/destinations/0/name"), "nobody");
  EXPECT_EQ(answer.at("/destinations/0/state"), "pending");
  server_.reset();
  EXPECT_FALSE(publisher_->close(std::chrono::milliseconds(0)).has_value());
}

TEST_F(Publish, ADestinationOverItsLagCapIsNamedInA503UntilItHasCaughtUp) {
  add_destination_that_is_down("late").max_lag_age = std::chrono::milliseconds(300);
  restart();
  const auto status_of_publish = [&] { return ask(post("application/json", kEvent)).status; };
  const auto eventually = [&](int status) {
    for (int i = 0; i < 1'000 && status_of_publish() != status; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return status_of_publish() == status;
  };
  ASSERT_EQ(status_of_publish(), 202);
  ASSERT_TRUE(eventually(503));
  const auto refused = ask(post("application/json", kEvent));
  EXPECT_EQ(refused.problem(), "lag-cap");
  EXPECT_EQ(refused.at("/detail"), "destination 'late' is over its lag cap (max_lag_age)");
  EXPECT_FALSE(refused.field("retry-after").empty());
  EXPECT_EQ(ask(get("/readyz")).status, 503);
  EXPECT_EQ(ask(get("/v1/status")).at("/destinations/0/lagAlarm"), "refusing");
  std::filesystem::create_directory(options_.data_dir + "/late");
  ASSERT_TRUE(eventually(202));
  EXPECT_EQ(ask(get("/readyz")).status, 200);
}

TEST_F(Publish, AWaitThatDoesNotExistIsRefused) {
  EXPECT_EQ(ask(post("application/json", kEvent, "?wait=sent")).problem(), "bad-parameter");
  EXPECT_EQ(ask(post("application/json", kEvent, "?wait=delivered&timeout=10")).problem(), "bad-parameter");
  EXPECT_EQ(ask(post("application/json", kEvent, "?wait=delivered&timeout=2m")).problem(), "bad-parameter");
  EXPECT_EQ(ask(post("application/json", kEvent, "?on_error=stop")).problem(), "unknown-parameter");
  EXPECT_EQ(publisher_->last_sequence(), 0u);
}

TEST_F(Publish, PipelinedRequestsAreAnsweredInTheirOrder) {
  Client client(port());
  std::string all;
  for (int i = 0; i < 50; ++i)
    all += i % 5 == 4
               ? post("application/json", "not json")
               : post("application/json",
                      fmt::format(R"({{"type":"user.mfa.enabled","id":"p-{}","data":{{"userId":"u"}}}})", i));
  client.send(all);
  for (int i = 0; i < 50; ++i) {
    const auto answer = client.receive();
    EXPECT_EQ(answer.status, i % 5 == 4 ? 400 : 202) << i;
    if (answer.status == 202) {
      EXPECT_EQ(answer.at("/id"), fmt::format("p-{}", i));
    }
  }
}

TEST_F(Publish, ManyConnectionsAtOnceGetEachItsOwnReceipt) {
  constexpr int kClients = 64, kRounds = 10;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(std::make_unique<Client>(port()));
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < kClients; ++i)
      clients[static_cast<std::size_t>(i)]->send(post(
          "application/json",
          fmt::format(R"({{"type":"user.mfa.enabled","id":"m-{}-{}","data":{{"userId":"u"}}}})", i, round)));
    for (int i = 0; i < kClients; ++i)
      EXPECT_EQ(clients[static_cast<std::size_t>(i)]->receive().at("/id"), fmt::format("m-{}-{}", i, round));
  }
  EXPECT_EQ(publisher_->last_sequence(), static_cast<std::uint64_t>(kClients * kRounds));
}

}  // namespace
}  // namespace user_events::server::testing
