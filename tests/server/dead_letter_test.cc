#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <thread>

#include "journal/journal.h"
#include "ports/clock.h"
#include "ports/file_system.h"
#include "ports/random.h"
#include "server_fixture.h"
#include "state/state.h"

namespace user_events::server::testing {
namespace {

using namespace std::chrono_literals;

std::string post_to(std::string_view target, std::string_view body, std::string_view type = "application/json") {
  return fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}", target, type, body.size(),
                     body);
}

/// Five events are in the journal; of destination `lines` the first is a dead letter with two held behind it, the fourth is skipped.
class DeadLetters : public ServerTest {
 protected:
  void SetUp() override {
    start();
    publish(3, "u-1");
    publish(2, "u-2");
    stop();
    store_letters();
    path_ = options_.data_dir + "/lines.ndjson";
    DestinationOptions lines;
    lines.name = "lines";
    lines.kind = "file";
    lines.start = "now";
    lines.settings = {{"path", path_}};
    options_.destinations.push_back(std::move(lines));
    start();
  }

  void store_letters() {
    journal::Options options;
    options.directory = options_.data_dir + "/journal";
    auto journal = journal::Journal::open(ports::posix_file_system(), ports::system_clock(), ports::system_random(), options);
    ASSERT_TRUE(journal.has_value()) << describe(journal.error());
    std::vector<state::Letter> letters;
    auto reader = (*journal)->reader(0);
    for (auto chunk = reader.next(); chunk && !chunk->empty(); chunk = reader.next())
      for (std::size_t i = 0; i < chunk->size() && letters.size() < 4; ++i) letters.push_back(letter_of((*chunk)[i], (*journal)->id()));
    ASSERT_EQ(letters.size(), 4u);
    auto state = state::State::open(options_.data_dir + "/state.db");
    ASSERT_TRUE(state.has_value()) << describe(state.error());
    ASSERT_TRUE((*state)->store_letters("lines", letters).has_value());
  }

  static state::Letter letter_of(const journal::RecordView& record, std::string journal_id) {
    state::Letter letter;
    letter.state = record.sequence == 1 ? DeadLetterState::dead : record.sequence == 4 ? DeadLetterState::skipped : DeadLetterState::held;
    letter.in_line = record.sequence != 4;
    letter.journal_id = std::move(journal_id);
    letter.sequence = record.sequence;
    letter.id = record.id;
    letter.type = record.type;
    letter.key = record.key;
    letter.reason = record.sequence == 2 || record.sequence == 3 ? "" : "Message too large";
    letter.attempts = 1;
    letter.since_ms = 1'767'225'600'000 + static_cast<std::int64_t>(record.sequence) * 1'000;  // 2026-01-01T00:00:01.000Z, …
    letter.payload = record.payload;
    return letter;
  }

  std::string numbers(const std::string& query) {
    const auto answer = ask(get("/v1/dead-letters" + query));
    std::string out;
    for (int i = 0; answer.at(fmt::format("/letters/{}/number", i)) != "<none>"; ++i) out += answer.at(fmt::format("/letters/{}/number", i));
    return answer.status == 200 ? out : answer.problem();
  }

  /// Sequences in the destination's file, in order.
  std::string delivered() {
    std::ifstream in(path_);
    std::string out;
    for (std::string line; std::getline(in, line);) out += json_at(line, "/sequence").back();
    return out;
  }

  [[nodiscard]] static bool holds_soon(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(5ms);
    return condition();
  }

  /// Codes of the findings of a refused order, by pointer.
  std::string findings(std::string_view target, std::string_view body) {
    const auto answer = ask(post_to(target, body));
    if (answer.status != 400) return fmt::format("status {}: {}", answer.status, answer.body);
    std::string out = answer.problem();
    for (int i = 0; answer.at(fmt::format("/errors/{}/pointer", i)) != "<none>"; ++i)
      out += fmt::format(" {}={}", answer.at(fmt::format("/errors/{}/pointer", i)), answer.at(fmt::format("/errors/{}/code", i)));
    return out;
  }

  std::string path_;
};

constexpr std::string_view kReplay = "/v1/dead-letters/replay", kDiscard = "/v1/dead-letters/discard";

TEST_F(DeadLetters, AreListedWithoutTheirUsers) {
  const auto list = ask(get("/v1/dead-letters"));
  ASSERT_EQ(list.status, 200);
  EXPECT_EQ(list.at("/letters/0/state"), "dead");
  EXPECT_EQ(list.at("/letters/0/destination"), "lines");
  EXPECT_EQ(list.at("/letters/0/sequence"), "1");
  EXPECT_EQ(list.at("/letters/0/type"), "user.mfa.enabled");
  EXPECT_EQ(list.at("/letters/0/reason"), "Message too large");
  EXPECT_EQ(list.at("/letters/0/since"), "2026-01-01T00:00:01.000Z");
  EXPECT_EQ(list.at("/letters/1/state"), "held");
  EXPECT_EQ(list.at("/letters/3/state"), "skipped");
  EXPECT_EQ(list.at("/next"), "0");
  EXPECT_EQ(list.body.find("u-1"), std::string::npos) << list.body;
  EXPECT_EQ(ask(get("/v1/dead-letters?users=true")).at("/letters/0/user"), "u-1");
}

TEST_F(DeadLetters, AreFilteredAndComeInPages) {
  EXPECT_EQ(numbers(""), "1234");
  EXPECT_EQ(numbers("?state=held"), "23");
  EXPECT_EQ(numbers("?state=dead,skipped"), "14");
  EXPECT_EQ(numbers("?user=u-2"), "4");
  EXPECT_EQ(numbers("?reason=TOO+large"), "14");
  EXPECT_EQ(numbers("?destination=other"), "");
  EXPECT_EQ(numbers("?type=user.created"), "");
  EXPECT_EQ(numbers("?type=user.mfa.*&number=2,3,4"), "234");
  EXPECT_EQ(numbers("?since=2026-01-01T00:00:02Z&until=2026-01-01T00:00:04Z"), "23");
  const auto page = ask(get("/v1/dead-letters?limit=3"));
  EXPECT_EQ(page.at("/next"), "3");
  EXPECT_EQ(numbers("?limit=3&after=" + page.at("/next")), "4");
}

TEST_F(DeadLetters, WrongParametersAreRefused) {
  for (const char* query : {"?state=deda", "?since=yesterday", "?number=0", "?number=x", "?type=*.*", "?limit=0", "?limit=1001", "?after=-1",
                            "?users=yes", "?user=", "?destination="})
    EXPECT_EQ(numbers(query), "bad-parameter") << query;
  EXPECT_EQ(numbers("?usr=u-1"), "unknown-parameter");
}

TEST_F(DeadLetters, OneIsShownWithItsEventAndWhatItWaitsFor) {
  const auto held = ask(get("/v1/dead-letters/3"));
  ASSERT_EQ(held.status, 200);
  EXPECT_EQ(held.at("/behind"), "1");
  EXPECT_EQ(held.at("/user"), "u-1");
  EXPECT_EQ(held.at("/event/specversion"), "1.0");
  EXPECT_EQ(held.at("/event/data/userId"), "u-1");
  EXPECT_EQ(held.at("/event/id"), held.at("/id"));
  EXPECT_EQ(ask(get("/v1/dead-letters/1")).at("/behind"), "0");
  for (const char* path : {"/v1/dead-letters/99", "/v1/dead-letters/0", "/v1/dead-letters/x", "/v1/dead-letters/replays/1",
                           "/v1/dead-letters/replays/x"})
    EXPECT_EQ(ask(get(path)).status, 404) << path;
}

TEST_F(DeadLetters, AReplaySendsTheLetterAndWhatWaitedBehindItInOrder) {
  const auto asked = ask(post_to(kReplay, R"({"filter":{"numbers":[1]},"rate":1000,"by":"ada"})"));
  ASSERT_EQ(asked.status, 202) << asked.body;
  EXPECT_EQ(asked.at("/replays/0/destination"), "lines");
  EXPECT_EQ(asked.at("/replays/0/total"), "3");
  EXPECT_EQ(asked.at("/replays/0/rate"), "1000");
  EXPECT_EQ(asked.at("/replays/0/requestedBy"), "ada");
  const auto path = "/v1/dead-letters/replays/" + asked.at("/replays/0/number");
  ASSERT_TRUE(holds_soon([&] { return ask(get(path)).at("/state") == "done"; })) << ask(get(path)).body;
  const auto done = ask(get(path));
  EXPECT_EQ(done.at("/delivered"), "3");
  EXPECT_EQ(done.at("/deadAgain"), "0");
  EXPECT_EQ(done.at("/remaining"), "0");
  EXPECT_NE(done.at("/finished"), "null");
  EXPECT_EQ(delivered(), "123");
  EXPECT_EQ(numbers(""), "4");
  EXPECT_EQ(ask(get("/v1/dead-letters/replays")).at("/replays/0/state"), "done");
  EXPECT_EQ(ask(post_to(kReplay, R"({"all":true})")).status, 202);
  EXPECT_TRUE(holds_soon([&] { return numbers("").empty(); }));
  EXPECT_EQ(ask(post_to(kReplay, R"({"all":true})")).status, 404);
}

TEST_F(DeadLetters, AHeldOneIsNotReplayedByItself) {
  const auto refused = ask(post_to(kReplay, R"({"filter":{"numbers":[2]}})"));
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.at("/hint"), "<none>");
}

TEST_F(DeadLetters, AReplayOfAPausedDestinationCanBeCancelled) {
  ASSERT_EQ(ask(post_to("/v1/destinations/lines/pause", "")).at("/paused"), "true");
  const auto asked = ask(post_to(kReplay, R"({"all":true})"));
  ASSERT_EQ(asked.status, 202) << asked.body;
  const auto cancelled = ask(post_to("/v1/dead-letters/replays/" + asked.at("/replays/0/number") + "/cancel", ""));
  EXPECT_EQ(cancelled.status, 200);
  EXPECT_EQ(cancelled.at("/state"), "cancelled");
  EXPECT_EQ(numbers("?state=dead,held,skipped"), "1234");
  EXPECT_EQ(delivered(), "");
  EXPECT_EQ(ask(post_to("/v1/dead-letters/replays/99/cancel", "")).status, 404);
}

TEST_F(DeadLetters, AnOrderThatNamesNothingNeverMeansAll) {
  for (const auto target : {kReplay, kDiscard}) {
    const std::string reason = target == kDiscard ? R"(,"reason":"r")" : "";
    for (const char* body : {R"({"filter":{})", R"({"all":false)", R"({"filter":{"numbers":[]})", R"({"filter":{"user":""})",
                             R"({"filter":{"types":[]})", R"({"filter":{"destination":"lines"},"all":true)", R"({"filter":null)",
                             R"({"filter":{"usr":"u-1"})", R"({"filter":[])", R"({"all":"true")", R"({"all":1)"})
      EXPECT_TRUE(findings(target, body + reason + "}").starts_with("bad-order /")) << body << findings(target, body + reason + "}");
  }
  EXPECT_EQ(findings(kReplay, "{}"), "bad-order /filter=required");
  EXPECT_EQ(numbers(""), "1234");
  EXPECT_EQ(delivered(), "");
}

TEST_F(DeadLetters, WhatIsWrongInAnOrderIsNamedByItsPlace) {
  EXPECT_EQ(findings(kReplay, R"({"filter":{"numbers":[1,0,"x"],"states":["dead","deda"],"types":["*.*"],"since":"now"},"rate":-1,"speed":2})"),
            "bad-order /speed=unknown-field /filter/since=time /filter/numbers/1=item /filter/numbers/2=item /filter/types/0=item "
            "/filter/states/1=item /rate=number");
  EXPECT_EQ(findings(kReplay, R"({"filter":{"user":"a","user":"b"}})"), "bad-order /filter/user=duplicate-key");
  EXPECT_EQ(findings(kDiscard, R"({"filter":{"numbers":[1]}})"), "bad-order /reason=required");
  EXPECT_EQ(findings(kDiscard, R"({"filter":{"numbers":[1]},"reason":" "})"), "bad-order /reason=text");
  EXPECT_EQ(findings("/v1/destinations/lines/replay", "{}"), "bad-order /sequence=required");
  EXPECT_EQ(findings("/v1/destinations/lines/replay", R"({"sequence":1,"time":"2026-01-01T00:00:00Z"})"), "bad-order /sequence=required");
  EXPECT_EQ(findings(kReplay, "nonsense"), "malformed-json");
  EXPECT_EQ(findings(kReplay, "[]"), "bad-order");
}

TEST_F(DeadLetters, OrdersHaveMethodsTypesAndALimit) {
  EXPECT_EQ(ask(post_to(kReplay, R"({"all":true})", "text/plain")).status, 415);
  EXPECT_EQ(ask(post_to(kReplay, std::string(300'000, ' '))).status, 413);
  EXPECT_EQ(ask(get(kReplay)).status, 405);
  EXPECT_EQ(ask(get(kReplay)).field("allow"), "POST");
  EXPECT_EQ(ask(post_to("/v1/dead-letters", "{}")).field("allow"), "GET, HEAD");
  EXPECT_EQ(ask(post_to("/v1/dead-letters/replay?all=true", "{}")).problem(), "unknown-parameter");
}

TEST_F(DeadLetters, ADiscardedOneLetsThoseBehindItGo) {
  const auto done = ask(post_to(kDiscard, R"({"filter":{"numbers":[1]},"reason":"sent by hand","by":"ada"})"));
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.body, R"({"discarded":1})");
  EXPECT_TRUE(holds_soon([&] { return numbers("") == "4"; })) << numbers("");
  EXPECT_EQ(delivered(), "23");
  EXPECT_EQ(ask(post_to(kDiscard, R"({"filter":{"numbers":[1]},"reason":"again"})")).status, 404);
}

TEST_F(DeadLetters, TheRecordSaysWhoGaveOneUpWhenAndWhy) {
  EXPECT_EQ(ask(get("/v1/dead-letters/discarded")).body, R"({"discarded":[],"next":0})");
  EXPECT_EQ(ask(get("/v1/dead-letters/discarded/1")).problem(), "no-dead-letter");
  ASSERT_EQ(ask(post_to(kDiscard, R"({"filter":{"numbers":[1,4]},"reason":"sent by hand","by":"ada"})")).status, 200);
  const auto list = ask(get("/v1/dead-letters/discarded?limit=1"));
  ASSERT_EQ(list.status, 200) << list.body;
  const auto one = ask(get("/v1/dead-letters/discarded/1"));
  EXPECT_EQ(list.body, R"({"discarded":[)" + one.body + R"(],"next":1})");
  EXPECT_EQ(one.at("/destination") + one.at("/sequence") + one.at("/type"), "lines1user.mfa.enabled");
  EXPECT_EQ(one.at("/cause"), "Message too large");
  EXPECT_EQ(one.at("/reason"), "sent by hand");
  EXPECT_EQ(one.at("/by"), "ada");
  EXPECT_EQ(one.at("/at").substr(0, 2), "20");
  EXPECT_EQ(one.body.find("u-1\""), std::string::npos) << "no user: " << one.body;
  EXPECT_EQ(ask(get("/v1/dead-letters/1")).problem(), "discarded");
  EXPECT_EQ(ask(get("/v1/dead-letters/discarded?after=1")).at("/discarded/0/number"), "4");
  EXPECT_EQ(ask(get("/v1/dead-letters/discarded?user=u-1")).problem(), "unknown-parameter");
  EXPECT_EQ(ask(get("/v1/dead-letters/discarded?limit=0")).problem(), "bad-parameter");
}

TEST_F(DeadLetters, AreCountedInStatus) {
  const auto status = ask(get("/v1/status"));
  EXPECT_EQ(status.at("/destinations/0/deadLetters"), "4");
  EXPECT_EQ(status.at("/destinations/0/letters/dead"), "1");
  EXPECT_EQ(status.at("/destinations/0/letters/held"), "2");
  EXPECT_EQ(status.at("/destinations/0/letters/skipped"), "1");
  EXPECT_EQ(status.at("/destinations/0/letters/oldest"), "2026-01-01T00:00:01.000Z");
  EXPECT_EQ(status.at("/destinations/0/paused"), "false");
}

TEST_F(DeadLetters, APausedDestinationWaitsAndGoesOnWhenResumed) {
  ASSERT_EQ(ask(post_to("/v1/destinations/lines/pause", "")).status, 200);
  restart();
  EXPECT_EQ(ask(get("/v1/destinations")).at("/destinations/0/paused"), "true");
  const auto waited = ask(post("application/json", R"({"type":"user.mfa.enabled","data":{"userId":"u-9"}})", "?wait=delivered&timeout=50ms"));
  EXPECT_EQ(waited.status, 202);
  EXPECT_EQ(waited.at("/destinations/0/state"), "pending");
  const auto resumed = ask(post_to("/v1/destinations/lines/resume", ""));
  EXPECT_EQ(resumed.at("/paused"), "false");
  EXPECT_TRUE(holds_soon([&] { return delivered() == "6"; })) << delivered();
  EXPECT_EQ(ask(post_to("/v1/destinations/liens/pause", "")).status, 404);
}

TEST_F(DeadLetters, APublisherWhoWaitsIsToldThatItsEventIsHeld) {
  const auto waited = ask(post("application/json", R"({"type":"user.mfa.enabled","data":{"userId":"u-1"}})", "?wait=delivered&timeout=10s"));
  EXPECT_EQ(waited.status, 202);
  EXPECT_EQ(waited.at("/destinations/0/name"), "lines");
  EXPECT_EQ(waited.at("/destinations/0/state"), "held");
}

TEST_F(DeadLetters, ADestinationGetsAStretchOfTheJournalAgain) {
  publish(2, "u-3");
  ASSERT_TRUE(holds_soon([&] { return delivered() == "67"; })) << delivered();
  const auto replay = ask(post_to("/v1/destinations/lines/replay", R"({"sequence":7})"));
  EXPECT_EQ(replay.status, 202) << replay.body;
  EXPECT_EQ(replay.body, R"({"from":7,"until":7,"replay":1})");
  EXPECT_TRUE(holds_soon([&] { return delivered() == "677"; })) << delivered();
  EXPECT_EQ(ask(post_to("/v1/destinations/lines/replay", R"({"sequence":99})")).status, 422);
}

}  // namespace
}  // namespace user_events::server::testing
