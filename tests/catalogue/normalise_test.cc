// The standard form of event data, and what is refused on the way there.
#include "support.h"

namespace user_events::catalogue {
namespace {

using test::compile;
using test::normalise;

TEST(Normalise, WritesCompactJsonInTheSubmittedOrder) {
  const auto result = normalise("user.created", R"( { "status" : "active", "email": "ada@example.com",
      "registrationTimestamp": "2026-11-24T09:00:00.000Z", "userId": "u\u002d1\n" } )");
  ASSERT_TRUE(result.good) << result.codes();
  EXPECT_EQ(
      result.out,
      R"({"status":"active","email":"ada@example.com","registrationTimestamp":"2026-11-24T09:00:00.000Z","userId":"u-1\n"})");
  EXPECT_EQ(result.submitted, result.out);
}

TEST(Normalise, AppendsToWhatIsThere) {
  std::string out = "before ", submitted = "too ";
  std::vector<FieldError> findings;
  const test::Document document(R"({"userId":"u-1"})");
  const Schema& schema = test::builtin().find("user.password.changed")->schema;
  ASSERT_TRUE(schema.normalise(*document, {.now_ms = test::kNowMs}, "", out, findings, &submitted));
  EXPECT_EQ(out,
            R"(before {"userId":"u-1","passwordChangeTimestamp":")" + std::string(test::kNowText) + "\"}");
  EXPECT_EQ(submitted, R"(too {"userId":"u-1"})");
  const test::Document bad(R"({"userId":""})");
  out = "before";
  ASSERT_FALSE(schema.normalise(*bad, {.now_ms = test::kNowMs}, "/data", out, findings, &submitted));
  EXPECT_EQ(out, "before");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].pointer, "/data/userId");
}

TEST(Normalise, TimesBecomeUtcWithMillisecondsAndTheSubmittedTextIsKept) {
  const auto result =
      normalise("user.password.changed",
                R"({"passwordChangeTimestamp":"2026-11-24t10:00:00.98765+01:00","userId":"u-1"})");
  ASSERT_TRUE(result.good) << result.codes();
  EXPECT_EQ(result.out, R"({"passwordChangeTimestamp":"2026-11-24T09:00:00.987Z","userId":"u-1"})");
  EXPECT_EQ(result.submitted,
            R"({"passwordChangeTimestamp":"2026-11-24t10:00:00.98765+01:00","userId":"u-1"})");
}

TEST(Normalise, UpdatedFieldsAreDerivedFromTheChangesInTheirOrder) {
  const auto result =
      normalise("user.updated", R"({"userId":"u-1","changes":{"z":1,"a":{"b":[null,true,1.5]},"é\"":"x"}})");
  ASSERT_TRUE(result.good) << result.codes();
  EXPECT_EQ(
      result.out,
      R"({"userId":"u-1","changes":{"z":1,"a":{"b":[null,true,1.5]},"é\"":"x"},"updatedFields":["z","a","é\""],"updateTimestamp":")" +
          std::string(test::kNowText) + "\"}");
  EXPECT_EQ(result.submitted, R"({"userId":"u-1","changes":{"z":1,"a":{"b":[null,true,1.5]},"é\"":"x"}})");
  EXPECT_EQ(normalise("user.updated", R"({"userId":"u-1"})").codes(),
            "/changes required; /updatedFields required");
  EXPECT_EQ(normalise("user.updated", R"({"userId":"u-1","changes":[]})").codes(), "/changes type");
}

TEST(Normalise, NumbersKeepTheirValue) {
  const auto result =
      normalise("user.updated",
                R"({"userId":"u","updatedFields":[],"updateTimestamp":"2026-11-24T09:00:00.000Z","changes":
      {"a":-9223372036854775808,"b":18446744073709551615,"c":0.1,"d":1e2,"e":-0.0,"f":1.7976931348623157e308,"g":5e-324,"h":123456789.125}})");
  ASSERT_TRUE(result.good) << result.codes();
  EXPECT_EQ(
      result.out.substr(result.out.find("\"changes\"")),
      R"("changes":{"a":-9223372036854775808,"b":18446744073709551615,"c":0.1,"d":100,"e":-0,"f":1.7976931348623157e+308,"g":5e-324,"h":123456789.125}})");
}

TEST(Normalise, WhatItWroteIsValidAndStaysAsItIs) {
  for (const std::string_view json : {R"({"userId":"u-1","changes":{"a":1.50,"b":"\u00e9\ud83d\ude00"}})",
                                      R"({"changes":{},"userId":"u-1"})"}) {
    const auto once = normalise("user.updated", json);
    ASSERT_TRUE(once.good);
    EXPECT_TRUE(test::valid(test::builtin().find("user.updated")->schema, once.out));
    const auto twice = normalise("user.updated", once.out);
    EXPECT_EQ(twice.out, once.out);
    EXPECT_EQ(twice.submitted, once.out);
  }
}

TEST(Normalise, DuplicateKeysAreFoundEverywhere) {
  EXPECT_EQ(normalise("user.password.changed", R"({"userId":"u","userId":"u"})").codes(),
            "/userId duplicate-key");
  EXPECT_EQ(normalise("user.updated", R"({"userId":"u","changes":{"a":1,"b":2,"a":3}})").codes(),
            "/changes/a duplicate-key");
  EXPECT_EQ(normalise("user.updated", R"({"userId":"u","changes":{"a":{"x":[{"k":1,"k":1}]}}})").codes(),
            "/changes/a/x/0/k duplicate-key");
  EXPECT_EQ(normalise("user.updated", R"({"userId":"u","changes":{"a":1,"\u0061":3}})").codes(),
            "/changes/a duplicate-key")
      << "escapes do not hide one";
  EXPECT_EQ(normalise("user.updated", R"({"userId":"u","changes":{"a":1,"a":3,"a":4}})").codes(),
            "/changes/a duplicate-key")
      << "one finding a name";
  EXPECT_EQ(
      normalise(
          "user.address.deleted",
          R"({"userId":"u","addressId":"a","address":{"line1":"x","line1":"y","city":"c","country":"DE"}})")
          .codes(),
      "/address/line1 duplicate-key");
  EXPECT_TRUE(normalise("user.updated", R"({"userId":"u","changes":{"a":{"a":1},"b":{"a":1}}})").good)
      << "the same name elsewhere is fine";
}

TEST(Normalise, ManyMembersOfAnOpenObjectAreCheckedInGoodTime) {
  const Schema open = compile(R"({"type":"object","x-personal":"free-text"})");
  std::string json = "{";
  for (int i = 0; i < 50'000; ++i) json += "\"k" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(normalise(open, json + R"("last":0})").good);
  EXPECT_EQ(normalise(open, json + R"("k7":0})").codes(), "/k7 duplicate-key");
}

TEST(Normalise, NamesOfSecretsAreRefusedAtAnyDepth) {
  EXPECT_EQ(
      normalise("user.created", R"({"userId":"u","email":"a@b.c","status":"s","password":"x"})").codes(),
      "/password forbidden-name");
  EXPECT_EQ(normalise("user.updated", R"({"userId":"u","changes":{"passwordHash":"x"}})").codes(),
            "/changes/passwordHash forbidden-name");
  EXPECT_EQ(
      normalise("user.updated", R"({"userId":"u","changes":{"a":[{"b":{"Access-Token":null}}]}})").codes(),
      "/changes/a/0/b/Access-Token forbidden-name");
  EXPECT_EQ(
      normalise("user.address.deleted",
                R"({"userId":"u","addressId":"a","address":{"line1":"x","city":"c","country":"DE","pin":1}})")
          .codes(),
      "/address/pin forbidden-name");
  EXPECT_TRUE(
      normalise("user.updated",
                R"({"userId":"u","changes":{"passwordChangeTimestamp":"x","tokenCount":1,"pinned":true}})")
          .good);
  EXPECT_TRUE(normalise("user.updated",
                        R"({"userId":"u","changes":{"field":"password"},"updatedFields":["password"]})")
                  .good)
      << "values are no names";
}

TEST(Normalise, AFindingNeverHoldsAValue) {
  const auto result = normalise(
      "user.created",
      R"({"userId":7,"email":"SENTINEL-1","status":"","registrationTimestamp":"SENTINEL-2","token":"SENTINEL-3","x":"SENTINEL-4"})");
  EXPECT_EQ(result.codes(),
            "/userId type; /email format; /status min-length; /registrationTimestamp format; /token "
            "forbidden-name; /x unknown-field");
  for (const FieldError& finding : result.findings) {
    EXPECT_EQ(finding.detail.find("SENTINEL"), std::string::npos) << finding.detail;
    EXPECT_FALSE(finding.detail.empty());
  }
}

TEST(Normalise, AnUnknownFieldIsToldItsNearestName) {
  const auto result = normalise("user.created", R"({"userid":"u","email":"a@b.c","status":"s"})");
  EXPECT_EQ(result.codes(), "/userid unknown-field; /userId required");
  EXPECT_EQ(result.findings[0].detail, "the schema has no such field; did you mean `userId`?");
}

TEST(Normalise, VeryLongNamesAreCutInPointers) {
  std::string name;
  for (int i = 0; i < 10'000; ++i) name += "é";
  const auto result = normalise("user.password.changed", R"({"userId":"u",")" + name + "\":1}");
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_LT(result.findings[0].pointer.size(), 200u);
  EXPECT_TRUE(simdjson::validate_utf8(result.findings[0].pointer));
  EXPECT_TRUE(result.findings[0].pointer.ends_with("é…"));
}

TEST(Normalise, AtLeastOneOfTwoIdentifiersIsRequired) {
  const std::string_view rest = R"("ipAddress":"::1","reasonForFailure":"bad-password"})";
  EXPECT_TRUE(normalise("user.login.failed", R"({"email":"a@b.c",)" + std::string(rest)).good);
  EXPECT_TRUE(normalise("user.login.failed", R"({"username":"ada",)" + std::string(rest)).good);
  EXPECT_TRUE(
      normalise("user.login.failed", R"({"email":"a@b.c","username":"ada",)" + std::string(rest)).good);
  const auto neither = normalise("user.login.failed", "{" + std::string(rest), "/data");
  EXPECT_EQ(neither.codes(), "/data required");
  EXPECT_EQ(neither.findings[0].detail, "at least one of `email`, `username` is required");
}

TEST(Normalise, ReferencesAndAlternativesCountThere) {
  const Schema schema = compile(
      R"({"type":"object","properties":{"a":{"$ref":"#/$defs/short","description":"d"},"b":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/short"}]}},
      "$defs":{"short":{"type":"string","maxLength":2}}})");
  EXPECT_EQ(normalise(schema, R"({"a":"xy","b":null})").out, R"({"a":"xy","b":null})");
  EXPECT_EQ(normalise(schema, R"({"a":"xyz"})").codes(), "/a max-length");
  EXPECT_EQ(normalise(schema, R"({"b":"xyz"})").codes(), "/b any-of");
  EXPECT_EQ(normalise(schema, R"({"b":{"k":1,"k":1}})").codes(), "/b/k duplicate-key; /b any-of")
      << "refused names and keys count in alternatives, too";
}

TEST(Normalise, AReferenceWithAnnotationsBesideItCountsLikeABareOne) {
  const Schema schema = compile(
      R"({"type":"object","properties":{"a":{"$ref":"#/$defs/b","x-field-number":2},"c":{"$ref":"#/$defs/place","x-field-number":3}},
      "$defs":{"b":{"$ref":"#/$defs/time","x-personal":"none"},"time":{"type":"string","format":"date-time","maxLength":30},
      "place":{"type":"object","properties":{"at":{"$ref":"#/$defs/b","x-since":"1"}},"additionalProperties":false}}})");
  EXPECT_EQ(normalise(schema, R"({"a":"2026-11-24T10:00:00+01:00","c":{"at":"2026-11-24T09:00:00Z"}})").out,
            R"({"a":"2026-11-24T09:00:00.000Z","c":{"at":"2026-11-24T09:00:00.000Z"}})");
  EXPECT_EQ(normalise(schema, R"({"a":"yesterday","c":{"at":1,"more":2}})").codes(),
            "/a format; /c/at type; /c/more unknown-field");
}

TEST(Normalise, ScratchMemoryOfManyMembersIsGivenBackBetweenNestedObjects) {
  std::string properties;
  for (int i = 0; i < 100; ++i)
    properties += (i == 0 ? "\"p" : ",\"p") + std::to_string(i) + R"(":{"$ref":"#"})";
  const Schema schema =
      compile(R"({"type":"object","additionalProperties":false,"properties":{)" + properties + "}}");
  EXPECT_TRUE(normalise(schema, R"({"p0":{"p99":{"p99":{}},"p98":{}},"p1":{"p0":{}},"p99":{}})").good);
  EXPECT_EQ(normalise(schema, R"({"p0":{"p99":{"p99":{},"p99":{}},"p98":{}},"p0":{}})").codes(),
            "/p0/p99/p99 duplicate-key; /p0 duplicate-key");
}

TEST(ForbiddenNames, AreAnExactListAfterNormalisingCaseAndSeparators) {
  for (const std::string_view name :
       {"password", "Password", "PASSWORD",      "pass_word", "pass-word",    "password_hash", "passwordHash",
        "pwd",      "secret",   "client.secret", "token",     "access_token", "refreshToken",  "otp",
        "pin",      "PIN",      "cvv",           "ssn",       "_token",       "api key"})
    EXPECT_TRUE(is_forbidden_name(name)) << name;
  for (const std::string_view name :
       {"", "_", "passwordChangeTimestamp", "passwordChanged", "tokenizer", "secretary", "pinned", "spin",
        "notes", "user", "passwords2", "compass", "\xff\xff", "postalCode", "pincode"})
    EXPECT_FALSE(is_forbidden_name(name)) << name;
  EXPECT_FALSE(is_forbidden_name(std::string(100'000, 'p')));
  EXPECT_TRUE(is_forbidden_name("p" + std::string(100'000, '_') + "in"));
}

}  // namespace
}  // namespace user_events::catalogue
