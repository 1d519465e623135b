// What a good event becomes.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <set>
#include <thread>

#include "base/uuid.h"
#include "support.h"
#include "user_events/events.h"

namespace user_events::formation {
namespace {

using test::Bench;
using test::kNow;

constexpr std::string_view kCreated =
    R"({"type":"user.created","data":{"userId":"u-1","email":"ada@example.com","status":"active"}})";
constexpr std::string_view kFailed =
    R"({"type":"user.login.failed","data":{"email":"Ada@Example.com","ipAddress":"192.0.2.1","reasonForFailure":"bad-password"}})";
constexpr std::string_view kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string with_id(std::string_view id, std::string_view more = "") {
  return R"({"id":")" + std::string(id) + R"(",)" + std::string(more) + std::string(kCreated.substr(1));
}

void expect_ok(const Result<void>& result) {
  EXPECT_TRUE(result.has_value()) << (result ? "" : describe(result.error()));
}

TEST(Form, ANativeEventGetsAllThatItDidNotBring) {
  Bench bench;
  expect_ok(bench.body(kCreated));
  ASSERT_EQ(bench.batch.size(), 1u);
  const journal::RecordDraft draft = bench.batch.draft(0);
  EXPECT_EQ(base::uuid7_time_ms(draft.id), kNow);
  EXPECT_EQ(bench.batch.id(0), draft.id);
  EXPECT_EQ(draft.type, "user.created");
  EXPECT_EQ(draft.key, "u-1");
  EXPECT_EQ(draft.scope, "urn:example:user-service\n");
  EXPECT_FALSE(draft.id_from_caller);
  EXPECT_EQ(draft.request_mac, journal::RequestMac{});
  EXPECT_EQ(draft.form, journal::PayloadForm::clear);
  const encoding::Envelope envelope = bench.envelope(0);
  EXPECT_EQ(envelope.source, test::kSource);
  EXPECT_EQ(envelope.version, 1u);
  EXPECT_TRUE(envelope.subject_is_key);
  EXPECT_EQ(envelope.time_ms, kNow);
  EXPECT_EQ(
      envelope.data,
      R"({"userId":"u-1","email":"ada@example.com","status":"active","registrationTimestamp":"2026-11-24T09:00:00.000Z"})");
}

TEST(Form, ANativeEventKeepsWhatItBrought) {
  Bench bench;
  bench.context.principal = "crm";
  expect_ok(
      bench.body(with_id("order-7", R"("time":"2026-11-24T10:00:00+02:00","version":1,"traceparent":")" +
                                        std::string(kParent) + R"(","tracestate":"a=1",)")));
  const journal::RecordDraft draft = bench.batch.draft(0);
  EXPECT_EQ(draft.id, "order-7");
  EXPECT_TRUE(draft.id_from_caller);
  EXPECT_NE(draft.request_mac, journal::RequestMac{});
  EXPECT_EQ(draft.scope, "urn:example:user-service\ncrm");
  const encoding::Envelope envelope = bench.envelope(0);
  EXPECT_EQ(envelope.time_ms, kNow - 3'600'000);
  EXPECT_EQ(envelope.traceparent, kParent);
  EXPECT_EQ(envelope.tracestate, "a=1");
}

TEST(Form, AnArrayIsSeveralEventsInOrder) {
  Bench bench;
  expect_ok(bench.body("[" + std::string(kCreated) + " , " + with_id("second") + "]"));
  ASSERT_EQ(bench.batch.size(), 2u);
  EXPECT_EQ(bench.batch.id(1), "second");
  expect_ok(bench.body(kCreated));
  EXPECT_EQ(bench.batch.size(), 3u);
}

TEST(Form, AnEmptyArrayIsNoEventAndNoError) {
  Bench bench;
  expect_ok(bench.body("[]"));
  expect_ok(bench.body(" [ ] ", BodyForm::cloudevent_batch));
  EXPECT_TRUE(bench.batch.empty());
}

TEST(Form, WhiteSpaceAroundABodyMeansNothing) {
  Bench bench;
  expect_ok(bench.body("\r\n\t " + std::string(kCreated) + " \n"));
  EXPECT_EQ(bench.batch.size(), 1u);
}

TEST(Form, AnEventWithoutAUserIsKeyedByATokenAndHasNoSubject) {
  Bench bench;
  expect_ok(bench.body(kFailed));
  const std::string_view key = bench.batch.draft(0).key;
  EXPECT_EQ(key, bench.former.token("ada@example.com"));
  EXPECT_EQ(key.substr(0, 4), "tok_");
  EXPECT_EQ(key.size(), 36u);
  EXPECT_FALSE(bench.envelope(0).subject_is_key);
  // Outside the data the identifier is nowhere.
  std::string event = bench.cloudevent(0);
  event.resize(event.find(R"("data":)"));
  EXPECT_EQ(event.find("xample.com"), std::string::npos);
  EXPECT_EQ(event.find("subject"), std::string::npos);
}

TEST(Form, TokensIgnoreCaseAndDependOnTheSecret) {
  Bench bench, same, other({}, {std::byte{9}});
  EXPECT_EQ(bench.former.token("ADA@example.COM"), bench.former.token("ada@example.com"));
  EXPECT_EQ(bench.former.token("ada"), same.former.token("ada"));
  EXPECT_NE(bench.former.token("ada"), bench.former.token("adb"));
  EXPECT_NE(bench.former.token("ada"), other.former.token("ada"));
}

TEST(Form, TheEmailKeysAFailedLoginThatHasBothNames) {
  Bench bench;
  expect_ok(bench.body(
      R"({"type":"user.login.failed","data":{"username":"ada","email":"ada@example.com","ipAddress":"::1","reasonForFailure":"x"}})"));
  EXPECT_EQ(bench.batch.draft(0).key, bench.former.token("ada@example.com"));
}

TEST(Form, ACloudEventKeepsItsAttributesAndExtensions) {
  Bench bench;
  expect_ok(bench.body(
      R"({"specversion":"1.0","id":"e-1","source":"/crm","type":"user.created","subject":"u-1","time":"2026-11-24T08:00:00Z",)"
      R"("datacontenttype":"application/json; charset=utf-8","dataschema":"urn:user-events:schema:user.created:1",)"
      R"("tenant":"a \"b\"","attempt":-3,"dryrun":true,"absent":null,"traceparent":")" +
          std::string(kParent) + R"(","data":{"userId":"u-1","email":"ada@example.com","status":"active"}})",
      BodyForm::cloudevent));
  ASSERT_EQ(bench.batch.size(), 1u);
  EXPECT_EQ(bench.batch.draft(0).scope, "/crm\n");
  EXPECT_TRUE(bench.batch.draft(0).id_from_caller);
  const encoding::Envelope envelope = bench.envelope(0);
  EXPECT_EQ(envelope.source, "/crm");
  EXPECT_EQ(envelope.extensions, R"("tenant":"a \"b\"","attempt":-3,"dryrun":true)");
  EXPECT_EQ(envelope.time_ms, kNow - 3'600'000);
  EXPECT_EQ(envelope.traceparent, kParent);
}

TEST(Form, TheCallersSequenceJournalAndKeyAreReplaced) {
  Bench bench;
  expect_ok(bench.body(
      R"({"specversion":"1.0","id":"e-1","source":"/crm","type":"user.created","sequence":"7","journalid":"mine","partitionkey":"k",)"
      R"("data":{"userId":"u-1","email":"ada@example.com","status":"active"}})",
      BodyForm::cloudevent));
  const std::string event = bench.cloudevent(0);
  EXPECT_NE(event.find(R"("partitionkey":"u-1","sequence":"00000000000000000001","journalid":"0197a1b2)"),
            std::string::npos)
      << event;
  EXPECT_EQ(event.find("mine"), std::string::npos);
}

TEST(Form, NullAttributesOfACloudEventCountAsAbsent) {
  Bench bench;
  expect_ok(bench.body(
      R"({"specversion":"1.0","id":"e-1","source":"/crm","type":"user.created","subject":null,"time":null,"dataschema":null,)"
      R"("datacontenttype":null,"data_base64":null,"traceparent":null,"data":{"userId":"u-1","email":"ada@example.com","status":"active"}})",
      BodyForm::cloudevent));
  EXPECT_EQ(bench.envelope(0).time_ms, kNow);
}

TEST(Form, AForeignDataSchemaChoosesNothing) {
  Bench bench;
  expect_ok(bench.body(
      R"({"specversion":"1.0","id":"e-1","source":"/crm","type":"user.created","dataschema":"https://example.com/s/9",)"
      R"("data":{"userId":"u-1","email":"ada@example.com","status":"active"}})",
      BodyForm::cloudevent));
  EXPECT_NE(bench.cloudevent(0).find(R"("dataschema":"urn:user-events:schema:user.created:1")"),
            std::string::npos);
}

TEST(Form, ABatchOfCloudEventsIsAnArray) {
  Bench bench;
  const std::string one =
      R"({"specversion":"1.0","id":"e-1","source":"/crm","type":"user.password.changed","data":{"userId":"u-1"}})";
  expect_ok(bench.body("[" + one + "," + one + "]", BodyForm::cloudevent_batch));
  EXPECT_EQ(bench.batch.size(), 2u);
}

TEST(Form, ADynamicEventIsTheSameAsItsCloudEvent) {
  Bench text, dynamic;
  expect_ok(text.body(
      R"({"specversion":"1.0","id":"e-1","source":"/crm","type":"user.created","tenant":"a\"b","time":"2026-11-24T08:00:00Z",)"
      R"("data":{ "userId":"u-1", "email":"ada@example.com","status":"active"}})",
      BodyForm::cloudevent));
  expect_ok(dynamic.former.form_event(
      {.type = "user.created",
       .data = R"({"userId":"u-1","email":"ada@example.com", "status":"active" })",
       .id = "e-1",
       .time = "2026-11-24T08:00:00Z",
       .source = "/crm",
       .traceparent = {},
       .tracestate = {},
       .extensions = {{"tenant", "a\"b"}, {"specversion", "1.0"}, {"subject", "u-1"}, {"sequence", "9"}}},
      {}, dynamic.batch));
  EXPECT_EQ(dynamic.cloudevent(0), text.cloudevent(0));
  EXPECT_EQ(dynamic.batch.draft(0).request_mac, text.batch.draft(0).request_mac);
  EXPECT_EQ(dynamic.batch.draft(0).scope, text.batch.draft(0).scope);
}

TEST(Form, ADynamicEventWithOnlyTypeAndDataIsANativeOne) {
  Bench text, dynamic;
  expect_ok(text.body(kFailed));
  expect_ok(dynamic.former.form_event(
      {.type = "user.login.failed",
       .data = R"({"email":"Ada@Example.com","ipAddress":"192.0.2.1","reasonForFailure":"bad-password"})",
       .id = {},
       .time = {},
       .source = {},
       .traceparent = {},
       .tracestate = {}},
      {}, dynamic.batch));
  EXPECT_EQ(dynamic.cloudevent(0), text.cloudevent(0));
}

TEST(Form, TheRequestMacCoversWhatWasSubmittedAndNothingThatWasFilledIn) {
  Bench bench;
  const auto mac_of = [&](std::string_view body) {
    bench.batch.clear();
    expect_ok(bench.body(body));
    return bench.batch.draft(0).request_mac;
  };
  const auto first = mac_of(with_id("e-1"));
  bench.clock.now_ms += 1'000;  // another default time
  EXPECT_EQ(mac_of(with_id("e-1")), first);
  EXPECT_EQ(
      mac_of(
          R"({ "type" : "user.created", "id":"e-1", "data" : { "userId" : "u-1", "email":"\u0061da@example.com", "status":"active" } })"),
      first);
  EXPECT_EQ(mac_of(with_id("e-1", R"("traceparent":")" + std::string(kParent) + R"(",)")), first);
  EXPECT_NE(mac_of(with_id("e-1", R"("version":1,)")), first);
  EXPECT_NE(mac_of(with_id("e-1", R"("time":"2026-11-24T09:00:00Z",)")), first);
  EXPECT_NE(
      mac_of(
          R"({"type":"user.created","id":"e-1","data":{"userId":"u-1","email":"ada@example.com","status":"actives"}})"),
      first);
  EXPECT_NE(
      mac_of(
          R"({"type":"user.registered","id":"e-1","data":{"userId":"u-1","email":"ada@example.com","status":"active"}})"),
      first);
  EXPECT_NE(
      mac_of(
          R"({"type":"user.created","id":"e-1","data":{"userId":"u-1","email":"ada@example.com","status":"active","registrationTimestamp":"2026-11-24T09:00:00.000Z"}})"),
      first);
}

TEST(Form, IdsOfLaterMillisecondsSortLaterAndNoneComesTwice) {
  Bench bench;
  std::set<std::string, std::less<>> seen;
  std::string last;
  for (int i = 0; i < 2'000; ++i) {
    if (i % 4 == 0) {
      ++bench.clock.now_ms;
      last = seen.empty() ? "" : *seen.rbegin();
    }
    bench.batch.clear();
    expect_ok(bench.body(kCreated));
    const std::string id(bench.batch.id(0));
    EXPECT_TRUE(seen.insert(id).second);
    EXPECT_LT(last, id);
  }
}

TEST(Form, TheSameClockRandomnessAndInputGiveTheSameBytes) {
  Bench a, b;
  for (Bench* bench : {&a, &b}) {
    expect_ok(bench->body(kCreated));
    expect_ok(bench->body(kFailed));
    expect_ok(bench->former.form(UserLoggedIn{.user_id = "u-2", .ip_address = "::1", .user_agent = "x"}, {},
                                 {}, bench->batch));
  }
  for (std::size_t i = 0; i < a.batch.size(); ++i) EXPECT_EQ(a.cloudevent(i), b.cloudevent(i));
}

TEST(Form, TruncatedAndClearedBatchesCanBeFilledAgain) {
  Bench bench;
  expect_ok(bench.body(with_id("one")));
  const std::string first = bench.cloudevent(0);
  expect_ok(bench.body(with_id("two")));
  bench.batch.truncate(5);
  EXPECT_EQ(bench.batch.size(), 2u);
  bench.batch.truncate(1);
  EXPECT_EQ(bench.batch.size(), 1u);
  EXPECT_EQ(bench.cloudevent(0), first);
  bench.batch.clear();
  EXPECT_TRUE(bench.batch.empty());
  expect_ok(bench.body(with_id("one")));
  EXPECT_EQ(bench.cloudevent(0), first);
}

TEST(Form, ThreadsShareOneFormer) {
  Bench bench;
  std::vector<std::thread> threads;
  std::array<FormedBatch, 4> batches;
  for (FormedBatch& batch : batches)
    threads.emplace_back([&bench, &batch] {
      for (int i = 0; i < 500; ++i)
        expect_ok(bench.former.form_body(with_id("e-" + std::to_string(i)), BodyForm::events, {}, batch));
    });
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < 500; ++i)
    for (const FormedBatch& batch : batches) {
      ASSERT_EQ(batch.draft(i).payload, batches[0].draft(i).payload);
      ASSERT_EQ(batch.draft(i).request_mac, batches[0].draft(i).request_mac);
    }
}

}  // namespace
}  // namespace user_events::formation
