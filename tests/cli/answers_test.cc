#include "cli/answers.h"

#include <gtest/gtest.h>

namespace user_events::cli {
namespace {

TEST(Answers, AProblemKeepsItsWordsItsPlacesAndItsKind) {
  const Error error = parse_problem(
      422, R"({"type":"urn:user-events:problem:invalid-event","title":"Invalid event","status":422,
      "detail":"the event is refused","hint":"look at the schema","errors":[{"pointer":"/data/email","code":"format","detail":"no email"}]})");
  EXPECT_EQ(error.kind, ErrorKind::invalid);
  EXPECT_EQ(error.code, "invalid-event");
  EXPECT_EQ(error.message, "the event is refused");
  EXPECT_EQ(error.hint, "look at the schema");
  ASSERT_EQ(error.fields.size(), 1u);
  EXPECT_EQ(error.fields[0].pointer, "/data/email");
}

TEST(Answers, EveryHttpStatusOfAnErrorEndsTheCommandWith1) {
  for (const int status :
       {400, 401, 403, 404, 405, 408, 409, 413, 415, 417, 422, 429, 431, 500, 502, 503, 504}) {
    EXPECT_EQ(traits(parse_problem(status, "").kind).exit_status, 1) << status;
  }
}

TEST(Answers, WhatIsNoProblemDocumentIsAnErrorAllTheSame) {
  for (const char* body : {"", "<html>", "{}", "[]", "{\"detail\":5}"}) {
    const Error error = parse_problem(502, body);
    EXPECT_EQ(error.message, "the daemon answered with HTTP status 502") << body;
    EXPECT_FALSE(error.hint.empty());
  }
}

TEST(Answers, AReceiptNeedsIdAndNumber) {
  const auto receipt = parse_receipt(R"({"id":"a","sequence":7,"duplicate":true})");
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->id, "a");
  EXPECT_EQ(receipt->sequence, 7u);
  EXPECT_TRUE(receipt->duplicate);
  for (const char* body : {"", "[]", "{}", R"({"id":"a"})", R"({"sequence":7})", R"({"id":5,"sequence":7})"})
    EXPECT_FALSE(parse_receipt(body)) << body;
}

TEST(Answers, APageKeepsEachEventOnOneLine) {
  const auto page =
      parse_page("{\"events\":[{\"id\":\"a\",\n \"data\":{\"n\":1}},{\"id\":\"b\"}],\"next\":9}");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->events, (std::vector<std::string>{R"({"id":"a","data":{"n":1}})", R"({"id":"b"})"}));
  EXPECT_EQ(page->next, 9u);
  EXPECT_FALSE(parse_page("{}"));
}

TEST(Answers, AnEventShowsItsNumberWithoutZeros) {
  const auto event = parse_event(
      R"({"sequence":"00000000000000000120","type":"user.created","time":"t","data":{"a":[1, 2]}})");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->sequence, "120");
  EXPECT_EQ(event->subject, "");
  EXPECT_EQ(event->data, R"({"a":[1,2]})");
}

TEST(Answers, AStatusTellsHowADestinationLags) {
  const auto status = parse_status(
      R"({"journalId":"j","uptimeSeconds":1.5,"destinations":[{"name":"d","lagEvents":4,"lagBytes":2048,"lagAgeSeconds":2.250,)"
      R"("lagCapUsed":0.875,"lagAlarm":"near","lostToRetention":3,)"
      R"("gaps":[{"first":4,"last":9,"events":5,"at":"2026-01-01T00:00:01.000Z","reason":"r"}],"notes":["n"]}]})");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->uptime.count(), 1'500);
  ASSERT_EQ(status->destinations.size(), 1u);
  const auto& one = status->destinations[0];
  EXPECT_EQ(one.lag_events, 4u);
  EXPECT_EQ(one.lag_bytes, 2'048u);
  EXPECT_EQ(one.lag_age.count(), 2'250);
  EXPECT_DOUBLE_EQ(one.lag_cap_used, 0.875);
  EXPECT_EQ(one.lag_alarm, "near");
  EXPECT_EQ(one.lost_to_retention, 3u);
  ASSERT_EQ(one.gaps.size(), 1u);
  EXPECT_EQ(one.gaps[0].first + one.gaps[0].last * 10 + one.gaps[0].events * 100, 594u);
  EXPECT_EQ(one.gaps[0].reason, "r");
  EXPECT_EQ(one.notes, std::vector<std::string>{"n"});
}

TEST(Answers, TheLinesOfAStreamAreToldApart) {
  using Kind = LineAnswer::Kind;
  const auto kind = [](std::string_view line) { return parse_line_answer(line)->kind; };
  EXPECT_EQ(kind(R"({"line":1,"id":"a","sequence":1,"duplicate":false})"), Kind::receipt);
  EXPECT_EQ(kind(R"({"line":2,"problem":{"status":400,"detail":"no JSON"}})"), Kind::problem);
  EXPECT_EQ(kind(R"({"problem":{"status":503,"detail":"stopping"}})"), Kind::broken_off);
  EXPECT_EQ(kind(R"({"summary":{"lines":1}})"), Kind::summary);
  for (const char* line : {"", "[]", "{}", R"({"line":1})", R"({"id":"a"})", R"({"line":1,"id":""})"})
    EXPECT_FALSE(parse_line_answer(line)) << line;
}

TEST(Answers, DataLosesItsWhiteSpaceAndNothingElse) {
  EXPECT_EQ(*compact_object("{ \"a\" : [ 1.50, 1e2 ],\n\"a\": \"x  y\" }"), R"({"a":[1.50,1e2],"a":"x  y"})");
  for (const char* bad : {"", "{", "[]", "1", "{} {}", "{\"a\":\"\xff\"}"})
    EXPECT_FALSE(compact_object(bad)) << bad;
}

}  // namespace
}  // namespace user_events::cli
