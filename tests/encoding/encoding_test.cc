#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "encoding/envelope.h"

namespace user_events::encoding {
namespace {

Envelope small_envelope() {
  return {.id = "0197a1b2-0000-7000-8000-000000000001",
          .source = "urn:example:user-service",
          .type = "user.created",
          .partition_key = "u-1",
          .time_ms = 1'795'510'800'000,
          .data = R"({"userId":"u-1"})"};
}

Envelope full_envelope() {
  Envelope envelope = small_envelope();
  envelope.version = 7;
  envelope.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  envelope.tracestate = "vendor=a,other=\"b\"";
  envelope.extensions = R"("tenant":"a \"b\" \\ c, d","attempt":-3,"dryrun":true)";
  return envelope;
}

constexpr Position kPosition{"0197a1b2-0000-7000-8000-00000000000a", 42};

std::string body_of(Format format, const Envelope& envelope, const Position& position = kPosition) {
  std::string out;
  append_body(format, envelope, position, out);
  return out;
}

std::vector<std::pair<std::string, std::string>> attributes_of(const Envelope& envelope) {
  std::vector<std::pair<std::string, std::string>> all;
  for_each_attribute(envelope, kPosition,
                     [&](std::string_view name, std::string_view value) { all.emplace_back(name, value); });
  return all;
}

TEST(CloudEventsJson, HasEveryAttributeInItsPlace) {
  EXPECT_EQ(
      body_of(Format::cloudevents, small_envelope()),
      R"({"specversion":"1.0","id":"0197a1b2-0000-7000-8000-000000000001","source":"urn:example:user-service",)"
      R"("type":"user.created","subject":"u-1","time":"2026-11-24T09:00:00.000Z","datacontenttype":"application/json",)"
      R"("dataschema":"urn:user-events:schema:user.created:1","partitionkey":"u-1","sequence":"00000000000000000042",)"
      R"("journalid":"0197a1b2-0000-7000-8000-00000000000a","data":{"userId":"u-1"}})");
  EXPECT_EQ(
      body_of(Format::cloudevents, full_envelope()),
      R"({"specversion":"1.0","id":"0197a1b2-0000-7000-8000-000000000001","source":"urn:example:user-service",)"
      R"("type":"user.created","subject":"u-1","time":"2026-11-24T09:00:00.000Z","datacontenttype":"application/json",)"
      R"("dataschema":"urn:user-events:schema:user.created:7","partitionkey":"u-1","sequence":"00000000000000000042",)"
      R"("journalid":"0197a1b2-0000-7000-8000-00000000000a",)"
      R"("traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","tracestate":"vendor=a,other=\"b\"",)"
      R"("tenant":"a \"b\" \\ c, d","attempt":-3,"dryrun":true,"data":{"userId":"u-1"}})");
}

TEST(CloudEventsJson, AnEventWithoutAUserHasNoSubject) {
  Envelope envelope = small_envelope();
  envelope.subject_is_key = false;
  const std::string body = body_of(Format::cloudevents, envelope);
  EXPECT_EQ(body.find("subject"), std::string::npos);
  EXPECT_NE(body.find(R"("partitionkey":"u-1")"), std::string::npos);
}

TEST(CloudEventsJson, EscapesWhatTheCallerChose) {
  Envelope envelope = small_envelope();
  envelope.id = R"(a"b\c)";
  envelope.partition_key = R"(u"1)";
  const std::string body = body_of(Format::cloudevents, envelope);
  EXPECT_NE(body.find(R"("id":"a\"b\\c")"), std::string::npos);
  EXPECT_NE(body.find(R"("subject":"u\"1")"), std::string::npos);
  EXPECT_NE(body.find(R"("partitionkey":"u\"1")"), std::string::npos);
}

TEST(CloudEventsJson, TheLargestSequenceFitsItsTwentyDigits) {
  const Position last{kPosition.journal_id, UINT64_MAX};
  EXPECT_NE(body_of(Format::cloudevents, small_envelope(), last).find(R"("sequence":"18446744073709551615")"),
            std::string::npos);
}

TEST(Plain, IsExactlyTypeTimestampAndData) {
  EXPECT_EQ(body_of(Format::plain, full_envelope()),
            R"({"type":"user.created","timestamp":"2026-11-24T09:00:00.000Z","data":{"userId":"u-1"}})");
}

TEST(Binary, TheBodyIsTheDataAlone) {
  EXPECT_EQ(body_of(Format::cloudevents_binary, full_envelope()), R"({"userId":"u-1"})");
}

TEST(Binary, AttributesComeInOrderAsText) {
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"specversion", "1.0"},
      {"id", "0197a1b2-0000-7000-8000-000000000001"},
      {"source", "urn:example:user-service"},
      {"type", "user.created"},
      {"subject", "u-1"},
      {"time", "2026-11-24T09:00:00.000Z"},
      {"dataschema", "urn:user-events:schema:user.created:7"},
      {"partitionkey", "u-1"},
      {"sequence", "00000000000000000042"},
      {"journalid", "0197a1b2-0000-7000-8000-00000000000a"},
      {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
      {"tracestate", "vendor=a,other=\"b\""},
      {"tenant", R"(a "b" \ c, d)"},
      {"attempt", "-3"},
      {"dryrun", "true"}};
  EXPECT_EQ(attributes_of(full_envelope()), expected);
}

TEST(Binary, AbsentAttributesAreLeftOut) {
  Envelope envelope = small_envelope();
  envelope.subject_is_key = false;
  for (const auto& [name, value] : attributes_of(envelope)) {
    EXPECT_FALSE(value.empty()) << name;
    EXPECT_NE(name, "subject");
  }
  EXPECT_EQ(attributes_of(envelope).size(), 9u);
}

TEST(Binary, TheLongestTypeStillHasItsSchema) {
  Envelope envelope = small_envelope();
  const std::string type(kMaxTypeBytes, 't');
  envelope.type = type;
  envelope.version = UINT32_MAX;
  EXPECT_EQ(AttributeTexts(envelope, kPosition).data_schema(), data_schema_uri(type, UINT32_MAX));
}

TEST(Payload, ReadsBackWhatWasWritten) {
  for (const Envelope& envelope : {small_envelope(), full_envelope()}) {
    std::string payload;
    append_payload(envelope, payload);
    const auto read = view(envelope.id, envelope.type, envelope.partition_key, payload);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(read->source, envelope.source);
    EXPECT_EQ(read->traceparent, envelope.traceparent);
    EXPECT_EQ(read->tracestate, envelope.tracestate);
    EXPECT_EQ(read->extensions, envelope.extensions);
    EXPECT_EQ(read->data, envelope.data);
    EXPECT_EQ(read->version, envelope.version);
    EXPECT_EQ(read->time_ms, envelope.time_ms);
    EXPECT_EQ(body_of(Format::cloudevents, *read), body_of(Format::cloudevents, envelope));
  }
}

TEST(Payload, KeepsTimesBeforeTheEpochAndMissingSubjects) {
  Envelope envelope = small_envelope();
  envelope.time_ms = -1;
  envelope.subject_is_key = false;
  std::string payload;
  append_payload(envelope, payload);
  const auto read = view(envelope.id, envelope.type, envelope.partition_key, payload);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->time_ms, -1);
  EXPECT_FALSE(read->subject_is_key);
}

TEST(Payload, HasTheLayoutThatIsDocumented) {
  std::string payload;
  append_payload(small_envelope(), payload);
  // docs/payload-format.md, "Example".
  const unsigned char head[] = {1,    1,    24, 0, 1, 0, 0, 0, 0x80, 0x8e, 0xc8, 0x0c,
                                0xa2, 0x01, 0,  0, 0, 0, 0, 0, 0,    0,    0,    0};
  EXPECT_EQ(payload.substr(0, sizeof head), std::string(reinterpret_cast<const char*>(head), sizeof head));
  EXPECT_EQ(payload.substr(sizeof head), R"(urn:example:user-service{"userId":"u-1"})");
}

TEST(Payload, EveryCutIsDamage) {
  std::string payload;
  append_payload(full_envelope(), payload);
  for (std::size_t size = 0; size < payload.size(); ++size) {
    const auto read = view("id", "user.created", "u-1", std::string_view(payload).substr(0, size));
    ASSERT_FALSE(read.has_value()) << size;
    ASSERT_EQ(read.error().kind, ErrorKind::damaged);
  }
}

TEST(Payload, UnknownLayoutAndFlagsAreDamage) {
  std::string payload;
  append_payload(small_envelope(), payload);
  for (const std::size_t at : {0u, 1u}) {
    std::string other = payload;
    other[at] = 2;
    EXPECT_FALSE(view("id", "user.created", "u-1", other).has_value()) << at;
  }
}

TEST(CloudEvents, AReplayIsMarkedAndTheFirstTimeIsNot) {
  Envelope envelope;
  envelope.id = "1";
  envelope.type = "user.created";
  envelope.data = "{}";
  const auto marks = [&](std::uint32_t replay) {
    std::string json, attribute;
    append_cloudevents_json(envelope, {"j", 7, replay}, json);
    for_each_attribute(envelope, {"j", 7, replay}, [&](std::string_view name, std::string_view value) {
      if (name == "replay") attribute = value;
    });
    return std::pair{json.contains(R"(,"replay":"3","data")"), attribute};
  };
  EXPECT_EQ(marks(0), (std::pair{false, std::string()}));
  EXPECT_EQ(marks(3), (std::pair{true, std::string("3")}));
}

TEST(OverheadBound, IsNeverTooSmallAndNotMuchTooLarge) {
  std::mt19937 random(3);
  const auto text = [&](std::size_t max) {
    std::string out(1 + random() % max, ' ');
    for (char& c : out) c = "abc\"\\\x01é"[random() % 6];
    return out;
  };
  for (int i = 0; i < 2'000; ++i) {
    const std::string id = text(255), source = text(100), type = text(40), key = text(255), state = text(100),
                      journal = std::string(40, 'j');
    Envelope envelope{.id = id,
                      .source = source,
                      .type = type,
                      .version = static_cast<std::uint32_t>(random()),
                      .partition_key = key,
                      .subject_is_key = random() % 2 == 0,
                      .time_ms = 0,
                      .data = "{}"};
    if (random() % 2 == 0) envelope.tracestate = state;
    if (random() % 2 == 0) envelope.extensions = R"("a":"b")";
    const std::size_t bound = overhead_bound_bytes(envelope);
    const Position position{journal, random(), static_cast<std::uint32_t>(-1), static_cast<std::uint32_t>(-1)};
    const std::size_t structured = body_of(Format::cloudevents, envelope, position).size() - 2;
    ASSERT_LE(structured, bound);
    ASSERT_LE(body_of(Format::plain, envelope, position).size() - 2, bound);
    ASSERT_LE(bound, structured + 80 + (envelope.subject_is_key ? 0 : key.size() * 6));
  }
}

}  // namespace
}  // namespace user_events::encoding
