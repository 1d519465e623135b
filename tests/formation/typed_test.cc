// A typed event and its JSON text are one event: same key, same bytes, same request.
#include <gtest/gtest.h>
#include <simdjson.h>

#include "base/json_text.h"
#include "base/time_text.h"
#include "catalogue/typed_data.h"
#include "cloudevent_rules.h"
#include "support.h"
#include "user_events/event_list.inc"
#include "user_events/events.h"

namespace user_events::formation {
namespace {

using test::Bench;

/// Random field values, ordinary and odd ones, all of which the catalogue takes.
class Filler {
 public:
  explicit Filler(std::uint32_t seed) : random_(seed) {}

  bool maybe() { return random_() % 2 == 0; }

  std::string text() {
    constexpr std::string_view kPieces[] = {"a",    "Z9", "\"", "\\",  "/",   "é",
                                            "日本", "😀", " ",  "<&>", "u-1", "\u00ad"};
    std::string out = "x";
    for (std::size_t n = random_() % 12; n > 0; --n) out += kPieces[random_() % std::size(kPieces)];
    return out;
  }

  /// A text that may hold control characters: any field but one that becomes an attribute.
  std::string free_text() { return text() + (maybe() ? "\n\t\x01" : ""); }

  Changes changes() {
    Changes out;
    for (std::size_t n = random_() % 5; n > 0; --n) out[text()] = value();
    return out;
  }

  template <class Event>
  Event event() {
    Event e;
    const auto set = [this](auto& field, std::string given) {
      if constexpr (requires { field.has_value(); }) {
        if (maybe()) field = std::move(given);
      } else {
        field = std::move(given);
      }
    };
#define UE_SET(field, given) \
  if constexpr (requires { e.field; }) set(e.field, given)
    UE_SET(user_id, text());
    UE_SET(email, maybe() ? "Ada.Lovelace+x@example.com" : "o'hara@sub.example.org");
    UE_SET(username, free_text());
    UE_SET(status, text());
    UE_SET(profile_id, text());
    UE_SET(address_id, text());
    UE_SET(ip_address, maybe() ? "192.0.2.7" : "2001:db8::1");
    UE_SET(user_agent, free_text());
    UE_SET(reason_for_failure, free_text());
    UE_SET(new_status, text());
    UE_SET(previous_status, text());
    UE_SET(reason, free_text());
    UE_SET(role_id, text());
    UE_SET(role_name, text());
    UE_SET(mfa_type, text());
#undef UE_SET
    if constexpr (requires { e.changes; }) e.changes = changes();
    if constexpr (requires { e.address; }) e.address = address();
    if constexpr (std::is_same_v<Event, UserLoginFailed>)
      if (!e.email && !e.username) e.username = "ada";
    if constexpr (std::is_same_v<Event, UserRoleAssigned> || std::is_same_v<Event, UserRoleRemoved>)
      if (!e.role_id && !e.role_name) e.role_id = "admin";
    set_times(e);
    return e;
  }

  PublishOptions options() {
    PublishOptions out;
    if (maybe()) out.id = text();
    if (maybe()) out.time = time();
    if (maybe()) out.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    if (!out.traceparent.empty() && maybe()) out.tracestate = "vendor=\"x\",b=2";
    return out;
  }

 private:
  Value value() {
    switch (random_() % 6) {
      case 0:
        return nullptr;
      case 1:
        return maybe();
      case 2:
        return static_cast<std::int64_t>(random_()) - INT32_MAX;
      case 3:
        return static_cast<double>(random_()) / 7.0;
      case 4:
        return RawJson{R"( { "a" : [ 1 , "two" , null ] } )"};
      default:
        return free_text();
    }
  }
  Address address() {
    Address out{.line1 = text(), .city = text(), .country = "DE"};
    if (maybe()) out.line2 = free_text();
    if (maybe()) out.postal_code = "12345";
    return out;
  }
  Timestamp time() {
    return Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(random_()) * 1'000));
  }

  template <class Event>
  void set_times(Event& e) {
#define UE_SET_TIME(field)             \
  if constexpr (requires { e.field; }) \
    if (maybe()) e.field = time()
    UE_SET_TIME(registration_timestamp);
    UE_SET_TIME(timestamp);
    UE_SET_TIME(update_timestamp);
    UE_SET_TIME(login_timestamp);
    UE_SET_TIME(attempt_timestamp);
    UE_SET_TIME(change_timestamp);
    UE_SET_TIME(request_timestamp);
    UE_SET_TIME(verification_timestamp);
    UE_SET_TIME(password_change_timestamp);
#undef UE_SET_TIME
  }

  std::mt19937 random_;
};

/// The native JSON body that says what `event` and `options` say.
template <class Event>
std::string body_of(const Event& event, const PublishOptions& options) {
  std::string data, submitted;
  std::vector<FieldError> findings;
  EXPECT_TRUE(catalogue::write_data(event, {.now_ms = 0}, data, findings, &submitted))
      << Event::kType << (findings.empty() ? "" : findings[0].pointer + findings[0].code);
  std::string body =
      R"({"type":")" + std::string(Event::kType) + R"(","version":)" + std::to_string(Event::kVersion);
  const auto add = [&body](std::string_view name, std::string_view text) {
    if (text.empty()) return;
    body.append(",\"").append(name).append("\":");
    base::append_json_string(text, body);
  };
  add("id", options.id);
  std::string time;
  if (options.time) base::append_time(options.time->time_since_epoch().count(), time);
  add("time", time);
  add("traceparent", options.traceparent);
  add("tracestate", options.tracestate);
  return body + ",\"data\":" + submitted + "}";
}

template <class Event>
void expect_typed_equals_json(std::uint32_t seed) {
  Filler filler(seed);
  const Event event = filler.event<Event>();
  const PublishOptions options = filler.options();
  Bench typed, json;
  const auto formed = typed.former.form(event, options, {}, typed.batch);
  ASSERT_TRUE(formed.has_value()) << Event::kType << " " << describe(formed.error());
  const std::string body = body_of(event, options);
  const auto parsed = json.body(body);
  ASSERT_TRUE(parsed.has_value()) << body << describe(parsed.error());
  const journal::RecordDraft a = typed.batch.draft(0), b = json.batch.draft(0);
  ASSERT_EQ(typed.cloudevent(0), json.cloudevent(0)) << body;
  ASSERT_EQ(a.payload, b.payload);
  ASSERT_EQ(a.key, b.key);
  ASSERT_EQ(a.scope, b.scope);
  ASSERT_EQ(a.id_from_caller, b.id_from_caller);
  ASSERT_EQ(a.request_mac, b.request_mac) << body;
  test::expect_valid_cloudevent(typed.cloudevent(0));
}

// NOLINTNEXTLINE(bugprone-macro-parentheses): a type
#define UE_TYPED_EQUALS_JSON(Event, name)               \
  TEST(Typed, Event##IsTheSameAsItsJson) {              \
    for (std::uint32_t seed = 1; seed <= 100; ++seed) { \
      SCOPED_TRACE(seed);                               \
      expect_typed_equals_json<Event>(seed);            \
      if (HasFatalFailure()) return;                    \
    }                                                   \
  }
UE_FOR_EACH_EVENT(UE_TYPED_EQUALS_JSON)
#undef UE_TYPED_EQUALS_JSON

TEST(Typed, ChangesOfEveryKindAreWrittenAsJsonWritesThem) {
  Bench bench;
  const UserUpdated event{.user_id = "u-1",
                          .changes = {{"age", std::int64_t{7}},
                                      {"bio", nullptr},
                                      {"name", "Ada"},
                                      {"score", 0.5},
                                      {"tags", RawJson{"[ 1, 2 ]"}},
                                      {"vip", true}}};
  ASSERT_TRUE(bench.former.form(event, {}, {}, bench.batch).has_value());
  EXPECT_EQ(
      bench.envelope(0).data,
      R"({"userId":"u-1","changes":{"age":7,"bio":null,"name":"Ada","score":0.5,"tags":[1,2],"vip":true},)"
      R"("updatedFields":["age","bio","name","score","tags","vip"],"updateTimestamp":"2026-11-24T09:00:00.000Z"})");
}

TEST(Typed, TheSameEventWithTheSameIdIsTheSameRequest) {
  Bench bench;
  const UserPasswordChanged event{.user_id = "u-1"};
  const PublishOptions options{.id = "e-1", .time = {}, .traceparent = {}, .tracestate = {}};
  ASSERT_TRUE(bench.former.form(event, options, {}, bench.batch).has_value());
  bench.clock.now_ms += 5'000;
  ASSERT_TRUE(bench.former.form(event, options, {}, bench.batch).has_value());
  EXPECT_EQ(bench.batch.draft(0).request_mac, bench.batch.draft(1).request_mac);
  ASSERT_TRUE(bench.former.form(UserPasswordChanged{.user_id = "u-2"}, options, {}, bench.batch).has_value());
  EXPECT_NE(bench.batch.draft(0).request_mac, bench.batch.draft(2).request_mac);
}

}  // namespace
}  // namespace user_events::formation
