#include "cli/delivery_answers.h"

#include <gtest/gtest.h>

#include "cli/letter_filter.h"
#include "cli/time_switch.h"

namespace user_events::cli {
namespace {

TEST(DeliveryAnswers, LettersKeepTheirWordsAndTheLineTheyCameIn) {
  const auto page = parse_letters(
      R"({"letters":[{"number":7,"destination":"kafka","state":"held","journalId":"j","sequence":3,"id":"e","type":"t", "reason":"r","attempts":2,)"
      R"("replays":1,"since":"2026-01-01T00:00:01.000Z"}],"next":7})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next, 7u);
  ASSERT_EQ(page->lines.size(), 1u);
  const auto& letter = page->lines[0].value;
  EXPECT_EQ(letter.number, 7u);
  EXPECT_EQ(letter.state, DeadLetterState::held);
  EXPECT_EQ(letter.user, "");
  EXPECT_EQ(letter.attempts, 2u);
  EXPECT_EQ(time_text(letter.since), "2026-01-01T00:00:01.000Z");
  EXPECT_NE(page->lines[0].json.find(R"("type":"t","reason":"r")"), std::string::npos);
}

TEST(DeliveryAnswers, WhatIsNoneIsRefused) {
  for (const char* body : {"", "{}", "[]", R"({"letters":[{"number":0,"state":"dead"}]})", R"({"letters":[{"number":1,"state":"deda"}]})"})
    EXPECT_FALSE(parse_letters(body)) << body;
  for (const char* body : {"", "{}", R"({"number":1})", R"({"state":"done"})"}) EXPECT_FALSE(parse_replay(body)) << body;
  EXPECT_FALSE(parse_letter(R"({"number":1,"state":"dead"})")) << "there is no event";
  EXPECT_FALSE(parse_discarded("{}"));
  EXPECT_FALSE(parse_discarded_page(R"({"discarded":[{"number":1}]})")) << "there is no reason";
  EXPECT_FALSE(parse_discarded_letter("{}"));
  EXPECT_FALSE(parse_rewind("{}"));
  EXPECT_FALSE(parse_destinations("{}"));
}

TEST(DeliveryAnswers, AReplayTellsHowFarItIs) {
  const auto replay = parse_replay(
      R"({"number":3,"destination":"d","state":"running","total":10,"delivered":4,"deadAgain":1,"remaining":5,"rate":100,"requestedBy":"ada","finished":null})");
  ASSERT_TRUE(replay);
  EXPECT_EQ(replay->total, 10u);
  EXPECT_EQ(replay->delivered, 4u);
  EXPECT_EQ(replay->dead_again, 1u);
  EXPECT_EQ(replay->remaining, 5u);
  EXPECT_FALSE(replay->finished);
}

TEST(DeliveryAnswers, ReplaysKeepTheLineTheyCameIn) {
  const auto replays = parse_replays(R"({"replays": [{"number": 3, "state": "done", "total": 10}, {"number":4,"state":"running"}]})");
  ASSERT_TRUE(replays);
  ASSERT_EQ(replays->lines.size(), 2u);
  EXPECT_EQ(replays->lines[0].value.total, 10u);
  EXPECT_EQ(replays->lines[0].json, R"({"number":3,"state":"done","total":10})");
  EXPECT_EQ(replays->lines[1].json, R"({"number":4,"state":"running"})");
  EXPECT_FALSE(parse_replays(R"({"replays":[{"number":0,"state":"done"}]})"));
}

DeadLetterArguments arguments_with(std::vector<std::uint64_t> numbers, bool all) {
  DeadLetterArguments out;
  out.numbers = std::move(numbers);
  out.all = all;
  return out;
}

TEST(LetterChoice, IsAFilterOrAllAndNeverNothing) {
  auto arguments = arguments_with({1, 2}, false);
  arguments.filter = {.destination = "k", .user = "a\"b", .cause = "too large", .since = "2026-01-01T00:00:00Z", .until = {}, .types = {"user.*"}, .states = {"dead"}};
  EXPECT_EQ(letter_choice(arguments).value(),
            R"("filter":{"destination":"k","numbers":[1,2],"types":["user.*"],"user":"a\"b","reason":"too large","states":["dead"],)"
            R"("since":"2026-01-01T00:00:00.000Z"})");
  EXPECT_EQ(letter_choice(arguments_with({}, true)).value(), R"("all":true)");
  EXPECT_EQ(letter_choice(arguments_with({}, false)).error().kind, ErrorKind::usage);
  EXPECT_EQ(letter_choice(arguments_with({1}, true)).error().kind, ErrorKind::usage);
}

}  // namespace
}  // namespace user_events::cli
