// Every body that is refused: how, where and why.
#include <gtest/gtest.h>

#include <algorithm>

#include "support.h"
#include "user_events/events.h"

namespace user_events::formation {
namespace {

using test::Bench;
using test::expand;

constexpr auto kEvents = BodyForm::events;
constexpr auto kOne = BodyForm::cloudevent;
constexpr auto kBatch = BodyForm::cloudevent_batch;

struct Malformed {
  BodyForm form;
  std::string_view body;
  std::string_view code;
};

using namespace std::string_view_literals;

constexpr Malformed kMalformed[] = {
    {kEvents, "", "empty-body"},
    {kEvents, " \t\r\n", "empty-body"},
    {kOne, "", "empty-body"},
    {kBatch, "", "empty-body"},
    {kEvents, "{", "malformed-json"},
    {kEvents, "}", "malformed-json"},
    {kEvents, "[", "malformed-json"},
    {kEvents, "]", "malformed-json"},
    {kEvents, "{@E", "malformed-json"},
    {kEvents, "{@E}}", "malformed-json"},
    {kEvents, "{@E}{@E}", "malformed-json"},
    {kEvents, "{@E}\n{@E}", "malformed-json"},
    {kEvents, "{@E},", "malformed-json"},
    {kEvents, "{@E,}", "malformed-json"},
    {kEvents, "{,@E}", "malformed-json"},
    {kEvents, "{@E} x", "malformed-json"},
    {kEvents, "{@E}\0"sv, "malformed-json"},
    {kEvents, "{'type':1}", "malformed-json"},
    {kEvents, "{type:1}", "malformed-json"},
    {kEvents, "{\"type\" 1}", "malformed-json"},
    {kEvents, "{\"type\":}", "malformed-json"},
    {kEvents, "{\"type\"}", "malformed-json"},
    {kEvents, "{1:2}", "malformed-json"},
    {kEvents, "{\"a\":tru}", "malformed-json"},
    {kEvents, "{\"a\":nul}", "malformed-json"},
    {kEvents, "{\"a\":True}", "malformed-json"},
    {kEvents, "{\"a\":NaN}", "malformed-json"},
    {kEvents, "{\"a\":Infinity}", "malformed-json"},
    {kEvents, "{\"a\":01}", "malformed-json"},
    {kEvents, "{\"a\":+1}", "malformed-json"},
    {kEvents, "{\"a\":1.}", "malformed-json"},
    {kEvents, "{\"a\":.5}", "malformed-json"},
    {kEvents, "{\"a\":1e}", "malformed-json"},
    {kEvents, "{\"a\":0x1}", "malformed-json"},
    {kEvents, "{\"a\":1e999}", "malformed-json"},
    {kEvents, "{\"a\":\"\\x\"}", "malformed-json"},
    {kEvents, "{\"a\":\"\\u12\"}", "malformed-json"},
    {kEvents, "{\"a\":\"b\nc\"}", "malformed-json"},
    {kEvents, "{\"a\":\"b", "malformed-json"},
    {kEvents, "{\"a\":\"b\\\"}", "malformed-json"},
    {kEvents, "{@E} // end", "malformed-json"},
    {kEvents, "/* a */ {@E}", "malformed-json"},
    {kEvents, "hello", "malformed-json"},
    {kEvents, "type=user.created&data=1", "malformed-json"},
    {kEvents, "<event/>", "malformed-json"},
    {kEvents, "{\"a\":\"\xff\"}", "invalid-utf8"},
    {kEvents, "{\"a\":\"\xc3\"}", "invalid-utf8"},
    {kEvents, "{\"a\":\"\xed\xa0\x80\"}", "invalid-utf8"},
    {kEvents, "{\"a\":\"\xc0\xaf\"}", "invalid-utf8"},
    {kEvents, "\xff\xfe{\0}\0"sv, "byte-order-mark"},
    {kEvents, "[{@E}", "malformed-json"},
    {kEvents, "[{@E},]", "malformed-json"},
    {kEvents, "[,{@E}]", "malformed-json"},
    {kEvents, "[{@E}{@E}]", "malformed-json"},
    {kEvents, "[{@E}]]", "malformed-json"},
    {kEvents, "[{@E}] x", "malformed-json"},
    {kEvents, "[{@E}},{@E}]", "malformed-json"},
    {kEvents, "[{@E}, \"\xff\"]", "invalid-utf8"},
    {kEvents, "[{\"type\":\"unknown\"}, {]", "malformed-json"},  // also behind an event that is refused
    {kOne, "{@C", "malformed-json"},
    {kOne, "[{@C}", "malformed-json"},
    {kBatch, "[{@C},{@C]", "malformed-json"},
    {kBatch, "{@C}}", "malformed-json"},
    {kBatch, "[{@C}] 1", "malformed-json"},
};

TEST(Refusals, BodiesThatAreNoJsonAreMalformed) {
  for (const Malformed& c : kMalformed) {
    Bench bench;
    const auto result = bench.body(expand(c.body), c.form);
    ASSERT_FALSE(result.has_value()) << c.body;
    EXPECT_EQ(result.error().kind, ErrorKind::malformed) << c.body;
    EXPECT_EQ(result.error().code, c.code) << c.body;
    EXPECT_FALSE(result.error().message.empty());
    EXPECT_TRUE(bench.batch.empty()) << c.body;
  }
}

struct Invalid {
  BodyForm form;
  std::string_view body;
  std::string_view pointer, code;
};

constexpr Invalid kInvalid[] = {
    // The shape of a body.
    {kEvents, "1", "", "type"},
    {kEvents, "null", "", "type"},
    {kEvents, "\"text\"", "", "type"},
    {kEvents, "[1]", "/0", "type"},
    {kEvents, "[[]]", "/0", "type"},
    {kEvents, "[{@E},null]", "/1", "type"},
    {kOne, "[]", "", "type"},
    {kOne, "[{@C}]", "", "type"},
    {kBatch, "{@C}", "", "type"},
    {kBatch, "7", "", "type"},
    {kBatch, "[[{@C}]]", "/0", "type"},
    // Members of a native event.
    {kEvents, R"({"data":@D})", "/type", "required"},
    {kEvents, R"({"type":"user.created"})", "/data", "required"},
    {kEvents, R"({"type":7,"data":@D})", "/type", "type"},
    {kEvents, R"({"type":null,"data":@D})", "/type", "type"},
    {kEvents, R"({"type":"","data":@D})", "/type", "unknown-type"},
    {kEvents, R"({"type":"user.create","data":@D})", "/type", "unknown-type"},
    {kEvents, R"({"type":"User.Created","data":@D})", "/type", "unknown-type"},
    {kEvents, R"({"type":"user.created\u0000","data":@D})", "/type", "unknown-type"},
    {kEvents, R"({@E,"version":2})", "/version", "unknown-version"},
    {kEvents, R"({@E,"version":4294967295})", "/version", "unknown-version"},
    {kEvents, R"({@E,"version":0})", "/version", "type"},
    {kEvents, R"({@E,"version":-1})", "/version", "type"},
    {kEvents, R"({@E,"version":1.0})", "/version", "type"},
    {kEvents, R"({@E,"version":"1"})", "/version", "type"},
    {kEvents, R"({@E,"version":4294967296})", "/version", "type"},
    {kEvents, R"({@E,"id":7})", "/id", "type"},
    {kEvents, R"({@E,"id":null})", "/id", "type"},
    {kEvents, R"({@E,"id":""})", "/id", "min-length"},
    {kEvents, R"({@E,"id":"a\nb"})", "/id", "control-character"},
    {kEvents, R"({@E,"id":"a\u0000b"})", "/id", "control-character"},
    {kEvents, R"({@E,"id":"a\u0085b"})", "/id", "control-character"},
    {kEvents, R"({@E,"time":"yesterday"})", "/time", "format"},
    {kEvents, R"({@E,"time":""})", "/time", "format"},
    {kEvents, R"({@E,"time":"2026-11-24 09:00:00Z"})", "/time", "format"},
    {kEvents, R"({@E,"time":1795510800000})", "/time", "type"},
    {kEvents, R"({@E,"traceparent":"00-0-0-0"})", "/traceparent", "format"},
    {kEvents, R"({@E,"traceparent":7})", "/traceparent", "type"},
    {kEvents, R"({@E,"tracestate":"a=1"})", "/tracestate", "format"},
    {kEvents,
     R"({@E,"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","tracestate":"A"})",
     "/tracestate", "format"},
    {kEvents, R"({@E,"source":"/crm"})", "/source", "unknown-field"},
    {kEvents, R"({@E,"specversion":"1.0"})", "/specversion", "unknown-field"},
    {kEvents, R"({@E,"a/b~c":1})", "/a~1b~0c", "unknown-field"},
    {kEvents, R"({@E,"":1})", "/", "unknown-field"},
    {kEvents, R"({@E,"password":"x"})", "/password", "forbidden-name"},
    {kEvents, R"({@E,"Access-Token":"x"})", "/Access-Token", "forbidden-name"},
    {kEvents, R"({@E,"type":"user.created"})", "/type", "duplicate-key"},
    {kEvents, R"({"id":"a","id":"a",@E})", "/id", "duplicate-key"},
    {kEvents, R"({@E,"data":@D})", "/data", "duplicate-key"},
    {kEvents, R"({@E,"version":1,"version":1})", "/version", "duplicate-key"},
    // Data.
    {kEvents, R"({"type":"user.created","data":null})", "/data", "type"},
    {kEvents, R"({"type":"user.created","data":[]})", "/data", "type"},
    {kEvents, R"({"type":"user.created","data":"{}"})", "/data", "type"},
    {kEvents, R"({"type":"user.created","data":{"email":"ada@example.com","status":"a"}})", "/data/userId",
     "required"},
    {kEvents, R"({"type":"user.created","data":{"userId":"u-1","status":"a"}})", "/data/email", "required"},
    {kEvents, R"({"type":"user.created","data":{"userId":"","email":"ada@example.com","status":"a"}})",
     "/data/userId", "min-length"},
    {kEvents, R"({"type":"user.created","data":{"userId":7,"email":"ada@example.com","status":"a"}})",
     "/data/userId", "type"},
    {kEvents, R"({"type":"user.created","data":{"userId":"a\tb","email":"ada@example.com","status":"a"}})",
     "/data/userId", "control-character"},
    {kEvents, R"({"type":"user.created","data":{"userId":"u-1","email":"ada","status":"a"}})", "/data/email",
     "format"},
    {kEvents,
     R"({"type":"user.created","data":{"userId":"u-1","email":"ada@example.com","status":"a","plan":"x"}})",
     "/data/plan", "unknown-field"},
    {kEvents,
     R"({"type":"user.created","data":{"userId":"u-1","email":"ada@example.com","status":"a","pwd":"x"}})",
     "/data/pwd", "forbidden-name"},
    {kEvents,
     R"({"type":"user.created","data":{"userId":"u-1","userId":"u-1","email":"ada@example.com","status":"a"}})",
     "/data/userId", "duplicate-key"},
    {kEvents,
     R"({"type":"user.created","data":{"userId":"u-1","email":"ada@example.com","status":"a","registrationTimestamp":"x"}})",
     "/data/registrationTimestamp", "format"},
    {kEvents, R"({"type":"user.updated","data":{"userId":"u-1","changes":{"profile":{"passwordHash":"x"}}}})",
     "/data/changes/profile/passwordHash", "forbidden-name"},
    {kEvents, R"({"type":"user.updated","data":{"userId":"u-1","changes":{"a":[{"otp":1}]}}})",
     "/data/changes/a/0/otp", "forbidden-name"},
    {kEvents, R"({"type":"user.updated","data":{"userId":"u-1","changes":{"a":{"b":1,"b":2}}}})",
     "/data/changes/a/b", "duplicate-key"},
    {kEvents, R"({"type":"user.login.failed","data":{"ipAddress":"::1","reasonForFailure":"x"}})", "/data",
     "required"},
    {kEvents,
     R"({"type":"user.login.failed","data":{"email":"ada@example.com","ipAddress":"somewhere","reasonForFailure":"x"}})",
     "/data/ipAddress", "format"},
    {kEvents, R"({"type":"user.role.assigned","data":{"userId":"u-1"}})", "/data", "required"},
    {kEvents, R"([{@E},{@E},{"type":"user.created","data":{"userId":"u-1","email":"ada","status":"a"}}])",
     "/2/data/email", "format"},
    {kEvents, R"([{@E},{@E,"id":""}])", "/1/id", "min-length"},
    // CloudEvents.
    {kOne, R"({"id":"e-1","source":"/crm","type":"user.created","data":@D})", "/specversion", "required"},
    {kOne, R"({"specversion":"1.0","source":"/crm","type":"user.created","data":@D})", "/id", "required"},
    {kOne, R"({"specversion":"1.0","id":"e-1","type":"user.created","data":@D})", "/source", "required"},
    {kOne, R"({"specversion":"1.0","id":"e-1","source":"/crm","data":@D})", "/type", "required"},
    {kOne, R"({"specversion":"1.0","id":null,"source":"/crm","type":"user.created","data":@D})", "/id",
     "required"},
    {kOne, R"({"specversion":"1.0","id":"e-1","source":"/crm","type":"user.created"})", "/data", "required"},
    {kOne, R"({"specversion":"1.0","id":"e-1","source":"/crm","type":"user.created","data":null})", "/data",
     "required"},
    {kOne, R"({"specversion":"0.3","id":"e-1","source":"/crm","type":"user.created","data":@D})",
     "/specversion", "unsupported"},
    {kOne, R"({"specversion":1.0,"id":"e-1","source":"/crm","type":"user.created","data":@D})",
     "/specversion", "type"},
    {kOne, R"({"specversion":"1.0","id":"","source":"/crm","type":"user.created","data":@D})", "/id",
     "min-length"},
    {kOne, R"({"specversion":"1.0","id":"e-1","source":"","type":"user.created","data":@D})", "/source",
     "min-length"},
    {kOne, R"({"specversion":"1.0","id":"e-1","source":"not a uri","type":"user.created","data":@D})",
     "/source", "format"},
    {kOne, R"({"specversion":"1.0","id":"e-1","source":"/a\nb","type":"user.created","data":@D})", "/source",
     "control-character"},
    {kOne, R"({@C,"datacontenttype":"application/xml"})", "/datacontenttype", "unsupported"},
    {kOne, R"({@C,"datacontenttype":""})", "/datacontenttype", "unsupported"},
    {kOne, R"({@C,"data_base64":"e30="})", "/data_base64", "unsupported"},
    {kOne, R"({@C,"dataschema":"urn:user-events:schema:user.created:2"})", "/dataschema", "unknown-version"},
    {kOne, R"({@C,"dataschema":"urn:user-events:schema:user.updated:1"})", "/dataschema", "format"},
    {kOne, R"({@C,"dataschema":"urn:user-events:schema:user.created"})", "/dataschema", "format"},
    {kOne, R"({@C,"dataschema":""})", "/dataschema", "format"},
    {kOne, R"({@C,"dataschema":"not a uri"})", "/dataschema", "format"},
    {kOne, R"({@C,"dataschema":7})", "/dataschema", "type"},
    {kOne, R"({@C,"subject":"u-2"})", "/subject", "subject"},
    {kOne, R"({@C,"subject":""})", "/subject", "subject"},
    {kOne, R"({@C,"time":"24.11.2026"})", "/time", "format"},
    {kOne, R"({@C,"Tenant":"a"})", "/Tenant", "attribute-name"},
    {kOne, R"({@C,"ten_ant":"a"})", "/ten_ant", "attribute-name"},
    {kOne, R"({@C,"ten_ant":null})", "/ten_ant", "attribute-name"},
    {kOne, R"({@C,"":"a"})", "/", "attribute-name"},
    {kOne, R"({@C,"secret":"a"})", "/secret", "forbidden-name"},
    {kOne, R"({@C,"tenant":{}})", "/tenant", "type"},
    {kOne, R"({@C,"tenant":[]})", "/tenant", "type"},
    {kOne, R"({@C,"tenant":1.5})", "/tenant", "type"},
    {kOne, R"({@C,"tenant":2147483648})", "/tenant", "range"},
    {kOne, R"({@C,"tenant":-2147483649})", "/tenant", "range"},
    {kOne, R"({@C,"tenant":18446744073709551615})", "/tenant", "range"},
    {kOne, R"({@C,"tenant":"a\u0007"})", "/tenant", "control-character"},
    {kOne, R"({@C,"tenant":"a","tenant":"a"})", "/tenant", "duplicate-key"},
    {kOne, R"({@C,"id":"e-1"})", "/id", "duplicate-key"},
    {kOne, R"({@C,"sequence":"1","sequence":"2"})", "/sequence", "duplicate-key"},
    {kOne,
     R"({"specversion":"1.0","id":"e","source":"/a","type":"user.login.failed","subject":"ada@example.com","data":{"email":"ada@example.com","ipAddress":"::1","reasonForFailure":"x"}})",
     "/subject", "subject"},
    {kBatch, R"([{@C},{@C,"Tenant":"a"}])", "/1/Tenant", "attribute-name"},
};

TEST(Refusals, EventsThatTheRulesRefuseNameTheirPlaceAndRule) {
  for (const Invalid& c : kInvalid) {
    Bench bench;
    const auto result = bench.body(expand(c.body), c.form);
    ASSERT_FALSE(result.has_value()) << c.body;
    const Error& error = result.error();
    EXPECT_EQ(error.kind, ErrorKind::invalid) << c.body << error.message;
    ASSERT_EQ(error.fields.size(), 1u) << c.body << " " << error.fields[0].pointer << " " << error.message;
    EXPECT_EQ(error.fields[0].pointer, c.pointer) << c.body;
    EXPECT_EQ(error.fields[0].code, c.code) << c.body;
    EXPECT_FALSE(error.fields[0].detail.empty());
    EXPECT_TRUE(bench.batch.empty()) << c.body;
  }
}

TEST(Refusals, NoMessageHoldsAValue) {
  constexpr std::string_view kMark = "mArKeR";
  const std::string mark(kMark);
  for (const std::string& body :
       {R"({"type":")" + mark + R"(","data":{}})", R"({@E,"id":")" + mark + R"(\n"})",
        R"({@E,"time":")" + mark + R"("})", R"({@E,"password":")" + mark + R"("})",
        R"({@E,"traceparent":")" + mark + R"("})",
        R"({"type":"user.created","data":{"userId":"u","email":")" + mark + R"(","status":"a"}})",
        R"({"type":"user.created","data":{"userId":")" + mark + R"(\t","email":"a@b.c","status":"a"}})",
        R"({"a":")" + mark}) {
    Bench bench;
    const auto result = bench.body(expand(body));
    ASSERT_FALSE(result.has_value()) << body;
    std::string all = describe(result.error());
    for (const FieldError& field : result.error().fields) all += field.pointer + field.code + field.detail;
    EXPECT_EQ(all.find(kMark), std::string::npos) << all;
  }
}

TEST(Refusals, AnUnknownTypeIsToldTheNearestOne) {
  Bench bench;
  const auto result = bench.body(R"({"type":"user.create","data":{}})");
  ASSERT_FALSE(result.has_value());
  EXPECT_NE(result.error().fields[0].detail.find("`user.created`"), std::string::npos)
      << result.error().fields[0].detail;
}

TEST(Refusals, EveryFindingOfABodyIsReported) {
  Bench bench;
  const auto result =
      bench.body(expand(R"([{@E,"id":""},{"type":"user.created","data":{"email":"x"},"extra":1}])"));
  ASSERT_FALSE(result.has_value());
  std::vector<std::string> pointers;
  for (const FieldError& field : result.error().fields) pointers.push_back(field.pointer);
  for (const char* pointer : {"/0/id", "/1/extra", "/1/data/email", "/1/data/userId", "/1/data/status"})
    EXPECT_NE(std::ranges::find(pointers, pointer), pointers.end()) << pointer;
}

TEST(Refusals, AtMostThirtyTwoFindingsAreReported) {
  Bench bench;
  std::string body = "[";
  for (int i = 0; i < 100; ++i) body += std::string(i == 0 ? "" : ",") + R"({"type":"nothing"})";
  const auto result = bench.body(body + "]");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().fields.size(), 32u);
}

TEST(Refusals, ARefusedBodyLeavesTheBatchAsItWas) {
  Bench bench;
  ASSERT_TRUE(bench.body(expand("{@E,\"id\":\"first\"}")).has_value());
  const std::string before = bench.cloudevent(0);
  EXPECT_FALSE(bench.body(expand("[{@E},{@E},{@E,\"id\":\"\"}]")).has_value());
  EXPECT_FALSE(bench.body(expand("[{@E},{@E},{@E]")).has_value());
  EXPECT_FALSE(bench.former.form(UserCreated{}, {}, {}, bench.batch).has_value());
  EXPECT_FALSE(bench.former
                   .form_event({.type = "user.created",
                                .data = "{",
                                .id = {},
                                .time = {},
                                .source = {},
                                .traceparent = {},
                                .tracestate = {}},
                               {}, bench.batch)
                   .has_value());
  ASSERT_EQ(bench.batch.size(), 1u);
  EXPECT_EQ(bench.cloudevent(0), before);
  ASSERT_TRUE(bench.body(expand("{@E,\"id\":\"second\"}")).has_value());
  EXPECT_EQ(bench.batch.id(1), "second");
  EXPECT_EQ(bench.cloudevent(0), before);
}

// ---- the other ways in ----

TEST(Refusals, OptionsOfTypedEventsAreChecked) {
  struct Case {
    PublishOptions options;
    const char* pointer;
    const char* code;
  };
  const auto far = Timestamp(std::chrono::milliseconds(253'402'300'800'000));
  for (const Case& c :
       {Case{{.id = "a\n", .time = {}, .traceparent = {}, .tracestate = {}}, "/id", "control-character"},
        Case{{.id = std::string(256, 'i'), .time = {}, .traceparent = {}, .tracestate = {}},
             "/id",
             "max-length"},
        Case{{.id = "\xff", .time = {}, .traceparent = {}, .tracestate = {}}, "/id", "utf-8"},
        Case{{.id = {}, .time = far, .traceparent = {}, .tracestate = {}}, "/time", "format"},
        Case{{.id = {}, .time = {}, .traceparent = "x", .tracestate = {}}, "/traceparent", "format"},
        Case{{.id = {}, .time = {}, .traceparent = {}, .tracestate = "a=1"}, "/tracestate", "format"}}) {
    Bench bench;
    const auto result = bench.former.form(UserPasswordChanged{.user_id = "u-1"}, c.options, {}, bench.batch);
    ASSERT_FALSE(result.has_value()) << c.pointer;
    EXPECT_EQ(result.error().kind, ErrorKind::invalid);
    ASSERT_EQ(result.error().fields.size(), 1u);
    EXPECT_EQ(result.error().fields[0].pointer, c.pointer);
    EXPECT_EQ(result.error().fields[0].code, c.code);
    EXPECT_TRUE(bench.batch.empty());
  }
}

TEST(Refusals, FieldsOfTypedEventsAreCheckedAsThoseOfJson) {
  Bench bench;
  const auto result = bench.former.form(
      UserCreated{.user_id = "a\tb", .email = "ada@example.com", .status = "active"}, {}, {}, bench.batch);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().fields.at(0).pointer, "/data/userId");
  EXPECT_EQ(result.error().fields.at(0).code, "control-character");
  const auto missing =
      bench.former.form(UserCreated{.user_id = "u-1", .email = "nobody", .status = ""}, {}, {}, bench.batch);
  ASSERT_FALSE(missing.has_value());
  ASSERT_EQ(missing.error().fields.size(), 2u);
  EXPECT_EQ(missing.error().fields[0].pointer, "/data/email");
  EXPECT_EQ(missing.error().fields[1].pointer, "/data/status");
}

TEST(Refusals, AttributesOfDynamicEventsAreChecked) {
  using Pair = std::pair<std::string_view, std::string_view>;
  struct Case {
    Pair extension;
    const char* pointer;
    const char* code;
  };
  for (const Case& c :
       {Case{{"Tenant", "a"}, "/Tenant", "attribute-name"}, Case{{"tenant", "\xff"}, "/tenant", "utf-8"},
        Case{{"tenant", "\x01"}, "/tenant", "control-character"},
        Case{{"token", "a"}, "/token", "forbidden-name"}, Case{{"id", "a"}, "/id", "duplicate-key"},
        Case{{"data", "a"}, "/data", "attribute-name"},
        Case{{"specversion", "0.3"}, "/specversion", "unsupported"},
        Case{{"subject", "u-2"}, "/subject", "subject"},
        Case{{"datacontenttype", "text/xml"}, "/datacontenttype", "unsupported"}}) {
    Bench bench;
    const auto result = bench.former.form_event({.type = "user.password.changed",
                                                 .data = R"({"userId":"u-1"})",
                                                 .id = "e-1",
                                                 .time = {},
                                                 .source = {},
                                                 .traceparent = {},
                                                 .tracestate = {},
                                                 .extensions = {c.extension}},
                                                {}, bench.batch);
    ASSERT_FALSE(result.has_value()) << c.pointer;
    ASSERT_EQ(result.error().fields.size(), 1u);
    EXPECT_EQ(result.error().fields[0].pointer, c.pointer);
    EXPECT_EQ(result.error().fields[0].code, c.code);
  }
}

TEST(Refusals, DataOfADynamicEventThatIsNoJsonIsMalformed) {
  for (const std::string_view data : {"", "{", "{} {}", "\xff"}) {
    Bench bench;
    const auto result = bench.former.form_event({.type = "user.password.changed",
                                                 .data = data,
                                                 .id = {},
                                                 .time = {},
                                                 .source = {},
                                                 .traceparent = {},
                                                 .tracestate = {}},
                                                {}, bench.batch);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, ErrorKind::malformed);
    EXPECT_NE(result.error().message.find("/data"), std::string::npos);
  }
}

TEST(Refusals, AFindingForTheWholeBodyNamesTheBody) {
  Bench bench;
  const auto refused = bench.body("7");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the body is refused: an event is a JSON object");
  EXPECT_EQ(bench.body("[7]").error().message, "the event is refused at `/0`: an event is a JSON object");
}

TEST(Refusals, ABodyWithAByteOrderMarkIsToldSo) {
  using namespace std::string_view_literals;
  Bench bench;
  const std::string event = expand("{@E}");
  for (const auto& [mark, name] : {std::pair{"\xef\xbb\xbf"sv, "UTF-8"},
                                   {"\xfe\xff"sv, "UTF-16"},
                                   {"\xff\xfe"sv, "UTF-16"},
                                   {"\xff\xfe\0\0"sv, "UTF-32"},
                                   {"\0\0\xfe\xff"sv, "UTF-32"}}) {
    for (const std::string& text : {event, "[" + event + "]"}) {
      const auto refused = bench.body(std::string(mark) + text);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().kind, ErrorKind::malformed);
      EXPECT_EQ(refused.error().code, "byte-order-mark");
      EXPECT_EQ(refused.error().message, std::string("the body begins with the byte order mark of ") + name);
    }
  }
  DynamicEvent dynamic;
  dynamic.type = "user.created";
  const std::string marked = "\xef\xbb\xbf" + expand("@D");
  dynamic.data = marked;
  EXPECT_EQ(bench.former.form_event(dynamic, {}, bench.batch).error().code, "byte-order-mark");
  EXPECT_TRUE(bench.batch.empty());
}

TEST(Refusals, NoncharactersAreInNoAttributeAndInNoKey) {
  Bench bench;
  const auto refused_at = [&](std::string_view body, BodyForm form) {
    const auto formed = bench.body(expand(body), form);
    return formed || formed.error().fields.size() != 1 || formed.error().fields[0].code != "noncharacter"
               ? std::string("not refused so")
               : formed.error().fields[0].pointer;
  };
  EXPECT_EQ(refused_at(R"({@E,"id":"a\uffff"})", kEvents), "/id");
  EXPECT_EQ(refused_at("{@C,\"ext\":\"\xf0\x9f\xbf\xbe\"}", kOne), "/ext");
  EXPECT_EQ(refused_at(R"({"type":"user.mfa.enabled","data":{"userId":"u\ufdd0"}})", kEvents),
            "/data/userId");
  EXPECT_EQ(
      bench
          .body(
              R"({"specversion":"1.0","id":"e","source":"/a\ufffe","type":"user.mfa.enabled","data":{"userId":"u"}})",
              kOne)
          .error()
          .fields[0]
          .pointer,
      "/source");
  EXPECT_EQ(bench.body(expand(R"({@C,"datacontenttype":"application/json; charset=utf-16"})"), kOne)
                .error()
                .fields[0]
                .pointer,
            "/datacontenttype");
  DynamicEvent dynamic;
  dynamic.type = "user.created";
  const std::string data = expand("@D");
  dynamic.data = data;
  dynamic.extensions = {{"ext", "\xef\xbf\xbf"}};
  EXPECT_EQ(bench.former.form_event(dynamic, {}, bench.batch).error().fields[0].code, "noncharacter");
  EXPECT_TRUE(bench.batch.empty());
}

}  // namespace
}  // namespace user_events::formation
