#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "server_fixture.h"

namespace user_events::server::testing {
namespace {

class Ndjson : public ServerTest {
 protected:
  static std::string event(int number) {
    return fmt::format(R"({{"type":"user.mfa.enabled","id":"n-{}","data":{{"userId":"u-{}"}}}})", number,
                       number % 7);
  }
  static std::vector<std::string> lines_of(const std::string& body) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < body.size();) {
      const auto end = std::min(body.find('\n', begin), body.size());
      lines.push_back(body.substr(begin, end - begin));
      begin = end + 1;
    }
    return lines;
  }
  static std::string chunk(std::string_view text) { return fmt::format("{:x}\r\n{}\r\n", text.size(), text); }
  static constexpr std::string_view kChunkedHead =
      "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
};

TEST_F(Ndjson, EachLineIsAnsweredInOrderAndTheLastLineSumsUp) {
  const auto answer = ask(post("application/x-ndjson", event(1) + "\n" + event(2) + "\r\n\n" + event(3)));
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("content-type"), "application/x-ndjson");
  EXPECT_TRUE(answer.whole);
  const auto lines = lines_of(answer.body);
  ASSERT_EQ(lines.size(), 4u) << answer.body;
  EXPECT_EQ(lines[0], R"({"line":1,"id":"n-1","sequence":1,"duplicate":false})");
  EXPECT_EQ(lines[1], R"({"line":2,"id":"n-2","sequence":2,"duplicate":false})");
  EXPECT_EQ(lines[2], R"({"line":4,"id":"n-3","sequence":3,"duplicate":false})");
  EXPECT_EQ(
      lines[3],
      R"({"summary":{"lines":4,"accepted":3,"duplicates":0,"rejected":0,"lastSequence":3,"stopped":false}})");
}

TEST_F(Ndjson, ABadLineDoesNotStopTheOthers) {
  const auto answer =
      ask(post("application/x-ndjson", event(1) + "\nnot json\n" + R"({"type":"user.nothing","data":{}})" +
                                           "\n" + event(1) + "\n" + event(4) + "\n"));
  const auto lines = lines_of(answer.body);
  ASSERT_EQ(lines.size(), 6u) << answer.body;
  EXPECT_EQ(json_at(lines[1], "/line"), "2");
  EXPECT_EQ(json_at(lines[1], "/problem/status"), "400");
  EXPECT_EQ(json_at(lines[2], "/problem/status"), "422");
  EXPECT_EQ(json_at(lines[3], "/duplicate"), "true");
  EXPECT_EQ(json_at(lines[4], "/id"), "n-4");
  EXPECT_EQ(json_at(lines[5], "/summary/accepted"), "3");
  EXPECT_EQ(json_at(lines[5], "/summary/duplicates"), "1");
  EXPECT_EQ(json_at(lines[5], "/summary/rejected"), "2");
}

TEST_F(Ndjson, AConflictIsTheProblemOfItsLineOnly) {
  ASSERT_EQ(ask(post("application/x-ndjson", event(1))).status, 200);
  const auto answer =
      ask(post("application/x-ndjson",
               event(2) + "\n" + R"({"type":"user.mfa.disabled","id":"n-1","data":{"userId":"x"}})" + "\n" +
                   event(3)));
  const auto lines = lines_of(answer.body);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(json_at(lines[0], "/id"), "n-2");
  EXPECT_EQ(json_at(lines[1], "/problem/status"), "409");
  EXPECT_EQ(json_at(lines[2], "/id"), "n-3");
}

TEST_F(Ndjson, WithStopNothingAfterTheFirstBadLineIsPublished) {
  std::string body;
  for (int i = 1; i <= 40; ++i) body += event(i) + "\n";
  body += "{\"type\":\"user.nothing\",\"data\":{}}\n";
  for (int i = 50; i < 2'000; ++i) body += event(i) + "\n";
  const auto answer = ask(post("application/x-ndjson", body, "?on_error=stop"));
  const auto lines = lines_of(answer.body);
  ASSERT_EQ(lines.size(), 42u);
  EXPECT_EQ(json_at(lines[40], "/line"), "41");
  EXPECT_EQ(json_at(lines[40], "/problem/status"), "422");
  EXPECT_EQ(
      lines[41],
      R"({"summary":{"lines":41,"accepted":40,"duplicates":0,"rejected":1,"lastSequence":40,"stopped":true}})");
  EXPECT_EQ(publisher_->last_sequence(), 40u);
}

TEST_F(Ndjson, WithStopAndNoBadLineEverythingIsPublishedInOrder) {
  std::string body;
  for (int i = 1; i <= 3'000; ++i) body += event(i) + "\n";
  const auto answer = ask(post("application/x-ndjson", body, "?on_error=stop"));
  const auto lines = lines_of(answer.body);
  ASSERT_EQ(lines.size(), 3'001u);
  for (int i = 0; i < 3'000; ++i)
    ASSERT_EQ(json_at(lines[static_cast<std::size_t>(i)], "/sequence"), std::to_string(i + 1));
  EXPECT_EQ(json_at(lines.back(), "/summary/stopped"), "false");
}

TEST_F(Ndjson, OnlyProblemsCanBeAskedFor) {
  const auto answer =
      ask(post("application/x-ndjson", event(1) + "\nx\n" + event(2) + "\n", "?results=problems"));
  const auto lines = lines_of(answer.body);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(json_at(lines[0], "/line"), "2");
  EXPECT_EQ(json_at(lines[1], "/summary/accepted"), "2");
}

TEST_F(Ndjson, ALineCutByChunksAnywhereIsOneLine) {
  const auto body = event(1) + "\n" + event(2) + "\n";
  for (std::size_t cut = 1; cut < body.size(); cut += 3) {
    Client client(port());
    client.send(std::string(kChunkedHead) + chunk(body.substr(0, cut)));
    const auto answer = client.request(chunk(body.substr(cut)) + "0\r\n\r\n");
    ASSERT_EQ(json_at(lines_of(answer.body).back(), "/summary/accepted"), "2") << cut;
  }
}

TEST_F(Ndjson, ALineSentByteByByteIsOneLine) {
  Client client(port());
  client.send(kChunkedHead);
  for (const char c : event(1) + "\n") client.send(chunk({&c, 1}));
  client.send("0\r\n\r\n");
  EXPECT_EQ(lines_of(client.receive().body)[0], R"({"line":1,"id":"n-1","sequence":1,"duplicate":false})");
}

TEST_F(Ndjson, ResultsComeWhileTheRequestIsStillOpen) {
  Client client(port());
  client.send(std::string(kChunkedHead) + chunk(event(1) + "\n"));
  EXPECT_NE(client.read_until("\"id\":\"n-1\"").find("\"sequence\":1"), std::string::npos);
  client.send(chunk(event(2) + "\n"));
  EXPECT_NE(client.read_until("\"id\":\"n-2\"").find("\"sequence\":2"), std::string::npos);
  client.send("0\r\n\r\n");
  EXPECT_NE(client.read_until("summary").find("summary"), std::string::npos);
}

TEST_F(Ndjson, ALineOfExactlyTheLimitIsTakenAndALongerOneIsItsOwnProblem) {
  options_.limits.max_event_bytes = 500;
  restart();
  const auto of_size = [](std::size_t size) {
    return std::string(kEvent) + std::string(size - kEvent.size(), ' ');
  };
  const auto answer = ask(post("application/x-ndjson", of_size(500) + "\n" + of_size(501) + "\n" + event(1) +
                                                           "\n" + std::string(400'000, 'x') + "\n" +
                                                           event(2) + "\n" + std::string(900, 'y')));
  const auto lines = lines_of(answer.body);
  ASSERT_EQ(lines.size(), 7u) << answer.body;
  EXPECT_EQ(json_at(lines[0], "/sequence"), "1");
  EXPECT_EQ(json_at(lines[1], "/problem/status"), "413");
  EXPECT_EQ(json_at(lines[2], "/id"), "n-1");
  EXPECT_EQ(json_at(lines[3], "/problem/status"), "413");
  EXPECT_EQ(json_at(lines[4], "/id"), "n-2");
  EXPECT_EQ(json_at(lines[5], "/problem/status"), "413");
  EXPECT_EQ(json_at(lines[6], "/summary/rejected"), "3");
}

TEST_F(Ndjson, BlankLinesAloneAreAnEmptyStream) {
  const auto answer = ask(post("application/x-ndjson", "\n\r\n \n\n"));
  EXPECT_EQ(answer.body,
            "{\"summary\":{\"lines\":4,\"accepted\":0,\"duplicates\":0,\"rejected\":0,\"lastSequence\":0,"
            "\"stopped\":false}}\n");
  EXPECT_EQ(json_at(ask(post("application/x-ndjson", "")).body, "/summary/lines"), "0");
}

TEST_F(Ndjson, TheConnectionCanBeUsedAgain) {
  Client client(port());
  EXPECT_EQ(client.request(post("application/x-ndjson", event(1))).status, 200);
  EXPECT_EQ(client.request(post("application/x-ndjson", event(2) + "\nbad")).status, 200);
  EXPECT_EQ(client.request(get("/healthz")).status, 200);
}

TEST_F(Ndjson, TheBodyIsNotLimitedAsAWhole) {
  options_.http.max_body_bytes = 10'000;
  restart();
  std::string body;
  for (int i = 1; i <= 20'000; ++i) body += event(i) + "\n";
  Client client(port());
  std::thread sender([&] { client.send(post("application/x-ndjson", body)); });
  const auto answer = client.receive();
  sender.join();
  const auto lines = lines_of(answer.body);
  ASSERT_EQ(lines.size(), 20'001u);
  for (std::size_t i = 0; i < 20'000; ++i) ASSERT_EQ(json_at(lines[i], "/sequence"), std::to_string(i + 1));
}

TEST_F(Ndjson, ALongStreamIsCommittedInLargePieces) {
  constexpr int kLines = 20'000;
  std::string body;
  for (int i = 1; i <= kLines; ++i) body += event(i) + "\n";
  Client client(port());
  std::thread sender([&] { client.send(post("application/x-ndjson", body)); });
  client.receive();
  sender.join();
  ASSERT_EQ(publisher_->last_sequence(), static_cast<std::uint64_t>(kLines));
  const auto metrics = publisher_->metrics();
  constexpr std::string_view kName = "\nuser_events_journal_syncs_total ";
  const auto at = metrics.find(kName);
  ASSERT_NE(at, std::string::npos);
  EXPECT_LT(std::stoi(metrics.substr(at + kName.size())), kLines / 250);
}

TEST_F(Ndjson, AClientThatDoesNotReadIsNotReadFrom) {
  Client client(port());
  client.set_receive_buffer(256 << 10);
  std::string body;
  for (int i = 0; i < 100'000; ++i) body += std::string(300, 'x') + "\n";
  std::atomic<bool> sent{false};
  std::thread sender([&] {
    client.send(post("application/x-ndjson", body));
    sent = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(1'000));
  EXPECT_FALSE(sent);
  EXPECT_TRUE(alive());
  const auto answer = client.receive(false, std::chrono::seconds(60));
  sender.join();
  EXPECT_EQ(json_at(lines_of(answer.body).back(), "/summary/rejected"), "100000");
}

TEST_F(Ndjson, AClientThatClosesItsSideEarlyLearnsWhatWasPublished) {
  Client client(port());
  client.send(std::string(kChunkedHead) + chunk(event(1) + "\n" + event(2)));
  client.close_sending();
  const auto answer = client.receive();
  EXPECT_FALSE(answer.whole);
  const auto lines = lines_of(answer.body);
  ASSERT_EQ(lines.size(), 3u) << answer.body;
  EXPECT_EQ(json_at(lines[0], "/id"), "n-1");
  EXPECT_EQ(json_at(lines[1], "/problem/status"), "400");
  EXPECT_EQ(json_at(lines[2], "/summary/accepted"), "1");
  EXPECT_EQ(publisher_->last_sequence(), 1u) << "half a line is no event";
}

TEST_F(Ndjson, AMalformedChunkEndsTheStreamWithAProblem) {
  Client client(port());
  client.send(std::string(kChunkedHead) + chunk(event(1) + "\n") + "zz\r\n");
  const auto answer = client.receive();
  EXPECT_FALSE(answer.whole);
  EXPECT_EQ(json_at(lines_of(answer.body)[1], "/problem/type"), "urn:user-events:problem:bad-chunk");
  EXPECT_TRUE(client.ended());
}

TEST_F(Ndjson, SilenceWithinALineEndsTheStreamAndSilenceBetweenLinesIsAllowedLonger) {
  options_.http.read_timeout = std::chrono::milliseconds(100);
  options_.http.idle_timeout = std::chrono::milliseconds(1'500);
  restart();
  Client within(port()), between(port());
  within.send(std::string(kChunkedHead) + chunk(event(1) + "\n{"));
  between.send(std::string(kChunkedHead) + chunk(event(2) + "\n"));
  const auto answer = within.receive();
  EXPECT_EQ(json_at(lines_of(answer.body)[1], "/problem/status"), "408") << answer.body;
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  between.send(chunk(event(3) + "\n") + "0\r\n\r\n");
  EXPECT_EQ(json_at(lines_of(between.receive().body).back(), "/summary/accepted"), "2");
}

TEST_F(Ndjson, WrongParametersAreRefusedBeforeAnythingIsPublished) {
  EXPECT_EQ(ask(post("application/x-ndjson", event(1), "?on_error=maybe")).problem(), "bad-parameter");
  EXPECT_EQ(ask(post("application/x-ndjson", event(1), "?wait=delivered")).problem(), "bad-parameter");
  EXPECT_EQ(ask(post("application/x-ndjson", event(1), "?results=none")).problem(), "bad-parameter");
  EXPECT_EQ(ask(post("application/x-ndjson", event(1), "?nothing=1")).problem(), "unknown-parameter");
  EXPECT_EQ(publisher_->last_sequence(), 0u);
}

TEST_F(Ndjson, AnHttp10ClientGetsTheStreamUntilTheConnectionCloses) {
  Client client(port());
  const auto answer = client.request(fmt::format(
      "POST /v1/events HTTP/1.0\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n{}",
      event(1).size(), event(1)));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("transfer-encoding"), "");
  EXPECT_EQ(lines_of(answer.body).size(), 2u);
}

}  // namespace
}  // namespace user_events::server::testing
