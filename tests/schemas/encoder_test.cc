// Event data in Avro and Protobuf binary. What other implementations read in it: tests/e2e/test_encodings.py.
#include "schemas/encoder.h"

#include "random_event.h"
#include "support.h"

namespace user_events::schemas {
namespace {

using test::model_of;
using test::model_with;

constexpr Encoding kBoth[] = {Encoding::avro, Encoding::protobuf};

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    text += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

/// In hexadecimal; of a refusal the code, pointer and reason.
std::string encode(const Model& model, Encoding encoding, std::string_view data) {
  auto encoder = Encoder::compile(model, encoding);
  if (!encoder) return encoder.error().message;
  std::string out = "before";
  const auto done = encoder->encode(data, out);
  EXPECT_TRUE(out.starts_with("before"));
  if (done) return hex(std::string_view(out).substr(6));
  EXPECT_EQ(out, "before") << "a refusal leaves nothing behind";
  EXPECT_EQ(done.error().kind, ErrorKind::invalid);
  EXPECT_EQ(done.error().code, "not-encodable");
  EXPECT_FALSE(done.error().hint.empty());
  const std::string& message = done.error().message;
  return message.substr(message.find("at \""));
}

/// A type with one more optional field `x`, encoded with the user id `u`; without what the id adds.
std::string x(const std::string& schema, Encoding encoding, const std::string& json,
              const std::string& rest = "") {
  const Model model = model_with(R"("x": )" + schema, rest);
  const std::string whole = encode(model, encoding, R"({"userId":"u","x":)" + json + "}");
  const std::string id = encoding == Encoding::avro ? "0275" : "0a0175";
  if (!whole.starts_with(id)) return whole;
  return whole.substr(id.size());
}
std::string avro(const std::string& schema, const std::string& json, const std::string& rest = "") {
  return x(schema, Encoding::avro, json, rest);
}
std::string protobuf(std::string schema, const std::string& json, const std::string& rest = "") {
  schema.insert(1, R"("x-field-number": 2, )");
  return x(schema, Encoding::protobuf, json, rest);
}

const std::string kInteger = R"({"type": "integer"})", kNumber = R"({"type": "number"})",
                  kText = R"({"type": "string", "x-personal": "none"})",
                  kTime = R"({"type": "string", "format": "date-time", "x-personal": "none"})",
                  kAny = R"({"x-personal": "none"})";

// The vectors of Avro's specification, behind the branch 02 of the optional field's union.
TEST(Avro, WritesAsTheSpecificationSays) {
  for (const auto& [number, bytes] : std::initializer_list<std::pair<const char*, const char*>>{
           {"0", "00"}, {"-1", "01"}, {"1", "02"}, {"-2", "03"}, {"2", "04"}, {"-64", "7f"}, {"64", "8001"}})
    EXPECT_EQ(avro(kInteger, number), std::string("02") + bytes);
  EXPECT_EQ(avro(kText, R"("foo")"), "0206666f6f");
  EXPECT_EQ(avro(R"({"type": "array", "items": {"type": "integer"}})", "[3,27]"), "0204063600");
  EXPECT_EQ(avro(R"({"type": "boolean"})", "true"), "0201");
  EXPECT_EQ(avro(kNumber, "1.5"), "02000000000000f83f");
  EXPECT_EQ(avro(R"({"type": "object", "additionalProperties": {"type": "integer"}})", R"({"a":1,"b":-1})"),
            "020402610202620100");
}

// The example of Protobuf's documentation: 150 is 96 01.
TEST(Protobuf, WritesAsTheDocumentationSays) {
  EXPECT_EQ(protobuf(kInteger, "150"), "109601");
  EXPECT_EQ(protobuf(kInteger, "-2"), "10feffffffffffffffff01");
  EXPECT_EQ(protobuf(kText, R"("testing")"), "120774657374696e67");
  EXPECT_EQ(protobuf(R"({"type": "array", "items": {"type": "integer"}})", "[3,270,86942]"),
            "1206038e029ea705");
  EXPECT_EQ(protobuf(kNumber, "1.5"), "11000000000000f83f");
}

TEST(Encoding, MembersMayStandInAnyOrder) {
  const Model model = model_of("user.created");
  for (const Encoding encoding : kBoth) {
    const std::string expected = encode(
        model, encoding,
        R"({"userId":"u","email":"a@b.c","username":"x","registrationTimestamp":"2026-11-24T09:00:00.000Z","status":"s"})");
    EXPECT_EQ(
        encode(
            model, encoding,
            R"({"status":"s","registrationTimestamp":"2026-11-24T09:00:00.000Z","username":"x","email":"a@b.c","userId":"u"})"),
        expected);
    EXPECT_EQ(
        encode(
            model, encoding,
            R"({"email":"a@b.c","userId":"u","status":"s","username":"x","registrationTimestamp":"2026-11-24T09:00:00.000Z"})"),
        expected);
  }
}

TEST(Encoding, TextsAreUnescaped) {
  EXPECT_EQ(avro(kText, R"("a\"\\\n\u0001\u001f/é")"),
            "0212"
            "61225c0a011f2fc3a9");
  EXPECT_EQ(protobuf(kText, R"("a\"\\\n\u0001\u001f/é")"),
            "1209"
            "61225c0a011f2fc3a9");
  EXPECT_EQ(avro(kText, '"' + std::string(100, 'a') + R"(\n")"), "02ca01" + hex(std::string(100, 'a') + "\n"))
      << "a size of two bytes";
  EXPECT_EQ(protobuf(kText, '"' + std::string(200, 'a') + R"(\n")"),
            "12c901" + hex(std::string(200, 'a') + "\n"));
}

TEST(Encoding, WhatIsLeftOutAndWhatIsNullIsNoValue) {
  const std::string nullable = R"({"type": ["integer", "null"]})";
  EXPECT_EQ(avro(nullable, "null"), "00");
  EXPECT_EQ(protobuf(nullable, "null"), "");
  EXPECT_EQ(encode(model_with(R"("x": )" + nullable), Encoding::avro, R"({"userId":"u"})"), "027500");
  EXPECT_EQ(avro(kAny, "null"), "0200") << "but a value of any kind can be null";
  EXPECT_EQ(protobuf(kAny, "null"), "12020800");
}

TEST(Encoding, AnOptionalDefaultIsThere) {
  EXPECT_EQ(protobuf(kInteger, "0"), "1000");
  EXPECT_EQ(protobuf(kText, R"("")"), "1200");
  EXPECT_EQ(protobuf(R"({"type": "boolean"})", "false"), "1000");
}

TEST(Encoding, WholeNumbersAreTakenInWhateverFormTheyAreWritten) {
  EXPECT_EQ(avro(kInteger, "1e+15"),
            "02"
            "8080b4ccd4dfc603");
  EXPECT_EQ(avro(kInteger, "-0"), "0200");
  EXPECT_EQ(avro(kInteger, "9223372036854775807"), "02feffffffffffffffff01");
  EXPECT_EQ(avro(kInteger, "-9223372036854775808"), "02ffffffffffffffffff01");
  const std::string too_large = R"(at "/x": no whole number of 64 bits with a sign)";
  for (const char* number : {"9223372036854775808", "18446744073709551615", "1e+19", "-1e+19", "1.5"}) {
    EXPECT_EQ(avro(kInteger, number), too_large) << number;
    EXPECT_EQ(protobuf(kInteger, number), too_large) << number;
  }
}

TEST(Encoding, ANumberIsNeverRounded) {
  const std::string rounded = R"(at "/x": a whole number that a double cannot hold exactly)";
  for (const char* number :
       {"9007199254740993", "-9007199254740993", "9223372036854775807", "18446744073709551615"}) {
    EXPECT_EQ(avro(kNumber, number), rounded) << number;
    EXPECT_EQ(protobuf(kNumber, number), rounded) << number;
    EXPECT_EQ(protobuf(kAny, number), rounded) << number;
  }
  for (const char* number :
       {"9007199254740992", "9007199254740994", "9223372036854775808", "1e+300", "5e-324", "-0"})
    EXPECT_EQ(avro(kNumber, number).size(), 18U) << number;
  EXPECT_EQ(avro(kNumber, "-0"), "020000000000000080");
  EXPECT_EQ(avro(kAny, "9007199254740993"),
            "0204"
            "8280808080808020")
      << "a long in Avro's free values";
  EXPECT_EQ(avro(kAny, "18446744073709551615"), rounded);
}

TEST(Encoding, TimesAreMillisecondsAndWhatIsNoneIsRefused) {
  EXPECT_EQ(avro(kTime, R"("1970-01-01T00:00:00.001Z")"), "0202");
  EXPECT_EQ(avro(kTime, R"("1969-12-31T23:59:59.999Z")"), "0201");
  EXPECT_EQ(protobuf(kTime, R"("1970-01-01T00:00:00.000Z")"), "1200");
  EXPECT_EQ(protobuf(kTime, R"("1970-01-01T00:00:01.001Z")"), "1206080110c0843d");
  EXPECT_EQ(protobuf(kTime, R"("1969-12-31T23:59:59.999Z")"), "121108ffffffffffffffffff0110c08faedc03")
      << "nanoseconds count forward";
  for (const Encoding encoding : kBoth) {
    const auto refused = [&](const char* time) {
      return encoding == Encoding::avro ? avro(kTime, time) : protobuf(kTime, time);
    };
    EXPECT_EQ(refused(R"("0000-12-31T23:59:59.999Z")"), R"(at "/x": a time before the year 0001)");
    for (const char* time : {R"("2026-11-24T09:00:00Z")", R"("2026-11-24T10:00:00.000+01:00")",
                             R"("2016-12-31T23:59:60.000Z")", R"("2026-11-24t09:00:00.000Z")",
                             R"("2026-11-24T09:00:00.0000")", R"("")", "1", R"("2026-02-30T09:00:00.000Z")"})
      EXPECT_TRUE(refused(time).starts_with(R"(at "/x": the text is not in the standard form)")) << time;
  }
}

TEST(Encoding, UnnamedMembersOfAnOpenObjectAreKept) {
  const std::string open =
      R"({"type": "object", "x-personal": "none", "properties": {"a": {"type": "integer", "x-field-number": 1}}})";
  EXPECT_EQ(avro(open, R"({"b":true,"a":1,"c":null})"),
            "02"
            "0202"
            "04"
            "0262"
            "0201"
            "0263"
            "00"
            "00");
  EXPECT_EQ(protobuf(open, R"({"b":true,"a":1})"),
            "12"
            "11"
            "0801"
            "faffffff0f"
            "09"
            "0a07"
            "0a0162"
            "12022001");
  EXPECT_EQ(protobuf(open, R"({"a":1})"), "12020801");
}

TEST(Encoding, SaysWhereSomethingIsRefused) {
  const std::string places =
      R"({"type": "array", "items": {"type": "object", "additionalProperties": false, "properties": {"a/b": {"type": "object", "x-field-number": 1, "additionalProperties": {"type": "integer"}}}}})";
  for (const std::string& message :
       {avro(places, R"([{},{"a/b":{"secret":1e99}}])"), protobuf(places, R"([{},{"a/b":{"secret":1e99}}])")})
    EXPECT_EQ(message, R"(at "/x/*/a~1b/*": no whole number of 64 bits with a sign)")
        << "and never a name that an event brought along";
}

TEST(Encoding, WhatTheSchemaDoesNotAllowIsRefused) {
  const Model model = model_of("user.created");
  for (const Encoding encoding : kBoth) {
    EXPECT_EQ(encode(model, encoding, "{}"), R"(at "/userId": the member is missing)");
    EXPECT_EQ(encode(model, encoding, R"({"userId":"u","more":1})"),
              R"(at "": the schema has no such member)");
  }
  EXPECT_EQ(avro(R"({"enum": ["a"], "x-personal": "none"})", R"("b")"),
            R"(at "/x": the schema has no such value)");
}

TEST(Encoding, IsRefusedWhereReadersWouldGiveUp) {
  std::string list = "[]", object = "{}", list_of_one = "1", object_of_one = "1";
  for (int levels = 1; levels <= 70; ++levels) {
    list_of_one = "[" + list_of_one + "]";
    object_of_one = R"({"a":)" + object_of_one + "}";
    EXPECT_EQ(avro(kAny, list).starts_with("at"), levels > 63) << levels;
    EXPECT_EQ(avro(kAny, object).starts_with("at"), levels > 63) << levels;
    EXPECT_EQ(protobuf(kAny, list).starts_with("at"), levels > 49)
        << levels << ": a Value and a ListValue a level";
    EXPECT_EQ(protobuf(kAny, list_of_one).starts_with("at"), levels > 49) << levels;
    EXPECT_EQ(protobuf(kAny, object).starts_with("at"), levels > 33)
        << levels << ": a Value, a Struct and an entry a level";
    EXPECT_EQ(protobuf(kAny, object_of_one).starts_with("at"), levels > 32) << levels << ": one Value more";
    list = "[" + list + "]";
    object = R"({"a":)" + object + "}";
  }
}

TEST(Encoding, TheBoundIsNeverTooSmall) {
  std::string many_fields;
  for (int i = 1; i <= 40; ++i)
    many_fields += (i == 1 ? "\"f" : ",\"f") + std::to_string(i) +
                   R"(": {"type": "integer", "x-field-number": )" + std::to_string(i) + "}";
  const std::string items[] = {
      R"({"type": "number"})",
      R"({"type": "integer"})",
      R"({"type": ["integer", "null"]})",
      R"({"x-personal": "none"})",
      R"({"type": "array", "items": {"type": "number"}})",
      R"({"type": "string", "x-personal": "none"})",
      R"({"type": "object", "x-personal": "none"})",
      R"({"type": "object", "additionalProperties": false, "properties": {)" + many_fields + "}}"};
  const char* values[] = {"1",   "-1", "0.5",       "1e+20", "null",       "[]",
                          "[1]", "{}", R"({"":1})", R"("")", R"({"":{}})", "[[1]]"};
  std::size_t encoded = 0;
  for (const std::string& item : items) {
    const Model model =
        model_with(R"("x": {"type": "array", "x-field-number": 536870910, "items": )" + item + "}");
    for (const Encoding encoding : kBoth) {
      auto encoder = Encoder::compile(model, encoding).value();
      for (const std::string value : values)
        for (const int count : {0, 1, 2, 1'000}) {
          std::string data = R"({"userId":"u","x":[)";
          for (int i = 0; i < count; ++i) data += (i == 0 ? "" : ",") + value;
          data += "]}";
          std::string out;
          if (!encoder.encode(data, out)) continue;
          ++encoded;
          EXPECT_LE(out.size(), encoder.bound_bytes(data.size())) << item << " " << value << " " << count;
        }
    }
  }
  EXPECT_GT(encoded, 200U);
}

TEST(Encoding, DamagedDataIsRefusedOrEncodedButNeverReadOutside) {
  test::RandomEvent random(std::stoull(std::getenv("UE_SEED") == nullptr ? "1" : std::getenv("UE_SEED")));
  for (const std::string type : {"user.updated", "user.address.added", "user.login.failed"}) {
    const Model model = model_of(type);
    auto avro_encoder = Encoder::compile(model, Encoding::avro).value(),
         protobuf_encoder = Encoder::compile(model, Encoding::protobuf).value();
    for (int i = 0; i < 5'000; ++i) {
      const std::string good = random.normalised(*test::builtin().find(type), model);
      std::string damaged = good;
      switch (random.below(3)) {
        case 0:
          damaged.resize(random.below(damaged.size()));
          break;
        case 1:
          damaged[random.below(damaged.size())] = "\"\\{}[],:0e"[random.below(10)];
          break;
        default:
          damaged.erase(random.below(damaged.size()), 1 + random.below(8));
      }
      const std::vector<char> exact(damaged.begin(),
                                    damaged.end());  // a byte behind it would be noticed by the sanitizer
      std::string out;
      for (Encoder* encoder : {&avro_encoder, &protobuf_encoder}) {
        const auto done = encoder->encode({exact.data(), exact.size()}, out);
        EXPECT_TRUE(done || done.error().code == "not-encodable");
        EXPECT_TRUE(encoder->encode(good, out) || good.size() > 0) << "an encoder goes on after a refusal";
      }
    }
  }
}

}  // namespace
}  // namespace user_events::schemas
