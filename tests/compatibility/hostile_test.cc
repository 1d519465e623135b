// Texts that are no schemas, or want more time, memory or stack than they get.
#include <fmt/format.h>

#include "compatibility/support.h"

namespace user_events::compatibility {
namespace {

constexpr Format kFormats[] = {Format::json, Format::avro, Format::protobuf};

void expect_refused(Format format, const std::string& text, const std::string& part) {
  const Error error = refusal_of(format, text, text);
  EXPECT_EQ(error.kind, ErrorKind::usage);
  EXPECT_EQ(error.code, "schema-invalid");
  EXPECT_NE(error.message.find(part), std::string::npos) << error.message;
  EXPECT_TRUE(error.message.starts_with("new") || error.message.starts_with("old"))
      << "it names the file: " << error.message;
  EXPECT_LT(error.message.size(), 2'000U);
}

TEST(Hostile, WhatIsTooLargeIsRefused) {
  for (const Format format : kFormats)
    expect_refused(format, std::string(kMaxTextBytes + 1, ' '), "larger than 1048576 bytes");
}

TEST(Hostile, WhatIsNoSchemaIsRefused) {
  for (const Format format : kFormats) {
    expect_refused(format, std::string("{\0}", 3), "not readable");
    expect_refused(format, "{", "");
    expect_refused(format, "\xff\xfe", "");
  }
  expect_refused(Format::json, "[]", "an object, true or false");
  expect_refused(Format::json, R"({"a":1,"a":2})", "given twice");
  expect_refused(Format::json, R"({"type":"text"})", "/type");
  expect_refused(Format::json, R"({"maxLength":-1})", "/maxLength");
  expect_refused(Format::json, R"({"properties":[]})", "/properties");
  expect_refused(Format::json, R"({"anyOf":[]})", "/anyOf");
  expect_refused(Format::json, R"({"$ref":"#/nowhere"})", "/$ref");
  expect_refused(Format::json, R"({"$ref":"http://example.com/x.json"})", "/$ref");
  expect_refused(Format::json, R"({"pattern":"("})", "/pattern");
  for (const char* divisor : {"0", "-1", "\"2\""}) expect_refused(Format::json, fmt::format(R"({{"multipleOf":{}}})", divisor), "/multipleOf");
  expect_refused(Format::json, R"({"properties":{"a":{"$id":"urn:x","$ref":"#/$defs/b"}},"$defs":{"b":{}}})", "/properties/a/$id");
  expect_refused(Format::json, R"({"$schema":"http://json-schema.org/draft-04/schema#","properties":{"a":{"id":"urn:x"}}})", "/properties/a/id");
  expect_refused(Format::json, R"j({"pattern":"(?=x)"})j", "/pattern");
}

TEST(Hostile, WhatIsNoAvroSchemaIsRefused) {
  expect_refused(Format::avro, R"("text")", "no type of this name");
  expect_refused(Format::avro, R"([])", "needs a branch");
  expect_refused(Format::avro, R"(["int","int"])", "twice");
  expect_refused(Format::avro, R"([["int"]])", "union");
  expect_refused(Format::avro, R"({"type":"record","name":"1","fields":[]})", "/name");
  expect_refused(
      Format::avro,
      R"({"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]})",
      "already");
  expect_refused(Format::avro,
                 R"({"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]})",
                 "/fields/0/default");
  expect_refused(Format::avro,
                 R"({"type":"record","name":"R","fields":[{"name":"a","type":["null","int"],"default":1}]})",
                 "/fields/0/default");
  expect_refused(Format::avro, R"({"type":"enum","name":"E","symbols":["A","A"]})", "twice");
  expect_refused(Format::avro, R"({"type":"enum","name":"E","symbols":["A"],"default":"B"})", "/default");
  expect_refused(Format::avro, R"({"type":"enum","name":"E","symbols":["A"],"default":0})", "/default");
  expect_refused(Format::avro, R"({"type":"enum","name":"E"})", "symbols");
  expect_refused(Format::avro, R"({"type":"fixed","name":"F"})", "/size");
  expect_refused(Format::avro, R"({"type":"array"})", "items");
}

TEST(Hostile, WhatIsNoProtobufFileIsRefusedWithItsLine) {
  expect_refused(Format::protobuf, "syntax = \"proto3\";\nmessage M {\n  int32 a = 1;\n  int32 b = 1;\n}\n",
                 ":4:");
  expect_refused(Format::protobuf, "syntax = \"proto3\";\nmessage M { reserved 1; int32 a = 1; }\n",
                 "reserved");
  expect_refused(Format::protobuf, "syntax = \"proto3\";\nimport \"other.proto\";\n",
                 "only imports of google/protobuf/");
  expect_refused(Format::protobuf, "syntax = \"proto3\";\nimport \"schema.proto\";\n", "");
  expect_refused(Format::protobuf, "syntax = \"proto3\";\nimport \"/etc/passwd\";\n", "");
  expect_refused(Format::protobuf, "syntax = \"proto3\";\nmessage M { int32 a = 19000; }\n", "19000");
}

TEST(Hostile, DeepNestingIsRefused) {
  const auto repeat = [](std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  };
  expect_refused(Format::json, repeat(R"({"not":)", 5'000) + "{}" + repeat("}", 5'000), "deeper than 64");
  expect_refused(Format::avro, repeat(R"({"type":"array","items":)", 5'000) + "\"int\"" + repeat("}", 5'000),
                 "deeper than 64");
  expect_refused(Format::protobuf,
                 "syntax = \"proto3\";\n" + repeat("message M {", 5'000) + repeat("}", 5'000), "");
}

TEST(Hostile, CirclesOfReferencesEnd) {
  EXPECT_TRUE(findings_of(Format::json, R"({"$ref":"#"})", R"({"$ref":"#"})").empty());
  const std::string circle =
      R"({"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"allOf":[{"$ref":"#/$defs/a"}]}}})";
  EXPECT_TRUE(findings_of(Format::json, circle, circle).empty());
  for (const char* draft : {"http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-07/schema#"}) {
    const std::string old = fmt::format(R"({{"$schema":"{}",)", draft);  // nothing beside a `$ref` counts
    EXPECT_TRUE(findings_of(Format::json, old + R"("$ref":"#"})", old + R"("$ref":"#"})").empty());
    EXPECT_TRUE(findings_of(Format::json, old + circle.substr(1), old + circle.substr(1)).empty());
  }
  const std::string alternatives = R"({"anyOf":[{"$ref":"#"},{"type":"string"}]})";
  EXPECT_TRUE(findings_of(Format::json, R"({"type":"string"})", alternatives).empty());
  const std::string avro =
      R"({"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":"R"}}]})";
  EXPECT_TRUE(findings_of(Format::avro, avro, avro).empty());
}

TEST(Hostile, LongChainsOfReferencesDoNotEatTheStack) {
  for (const char* link : {R"("properties":{"a":{"$ref":"#/$defs/n@"}})", R"("items":{"$ref":"#/$defs/n@"})",
                           R"("anyOf":[{"items":{"$ref":"#/$defs/n@"}},{"type":"null"}])"}) {
    std::string json = R"({"$ref":"#/$defs/n0","$defs":{)";
    for (int i = 0; i < 10'000; ++i) {
      std::string next = link;
      next.replace(next.find('@'), 1, std::to_string((i + 1) % 10'000));
      json += fmt::format(R"({}"n{}":{{{}}})", i == 0 ? "" : ",", i, next);
    }
    expect_refused(Format::json, json + "}}", fmt::format("more than {} deep", kMaxNesting));
  }
  // The union that defines the records is another field for the reader, so that only the last one is asked
  // for, and needs all others.
  std::string chain = R"({"type":"record","name":"R0","fields":[]})";
  for (int i = 1; i < 10'000; ++i)
    chain +=
        fmt::format(R"(,{{"type":"record","name":"R{}","fields":[{{"name":"a","type":"R{}"}}]}})", i, i - 1);
  const auto outer = [&](const char* name) {
    return fmt::format(
        R"({{"type":"record","name":"O","fields":[{{"name":"{}","type":[{}],"default":{{}}}},{{"name":"last","type":"R9999"}}]}})",
        name, chain);
  };
  const Error error = refusal_of(Format::avro, outer("mine"), outer("theirs"));
  EXPECT_NE(error.message.find(fmt::format("more than {} deep", kMaxNesting)), std::string::npos)
      << error.message;
}

TEST(Hostile, CombinationsOfAlternativesAreCutOff) {
  std::string all;
  for (int i = 0; i < 10; ++i) {
    std::string branches;
    for (int j = 0; j < 10; ++j)
      branches += fmt::format(R"({}{{"minLength":{}}})", j == 0 ? "" : ",", 10 * i + j);
    all += fmt::format(R"({}{{"anyOf":[{}]}})", i == 0 ? "" : ",", branches);
  }
  expect_refused(Format::json, R"({"type":"string","allOf":[)" + all + "]}",
                 fmt::format("more than {} steps", kMaxSteps));
}

TEST(Hostile, TenThousandFieldsAreCompared) {
  std::string json = R"({"type":"object","additionalProperties":false,"properties":{)",
              avro = R"({"type":"record","name":"R","fields":[)",
              proto = "syntax = \"proto3\";\nmessage M {\n";
  for (int i = 0; i < 10'000; ++i) {
    json += fmt::format(R"({}"f{}":{{"type":"string"}})", i == 0 ? "" : ",", i);
    avro += fmt::format(R"({}{{"name":"f{}","type":"string"}})", i == 0 ? "" : ",", i);
    proto += fmt::format("  string f{} = {};\n", i, i < 18'000 ? i + 1 : i + 2'000);
  }
  EXPECT_TRUE(findings_of(Format::json, json + "}}", json + "}}", {true, true, false}).empty());
  EXPECT_TRUE(findings_of(Format::avro, avro + "]}", avro + "]}", {true, true, false}).empty());
  EXPECT_TRUE(findings_of(Format::protobuf, proto + "}", proto + "}", {true, true, false}).empty());
  const auto all_gone = findings_of(Format::avro, R"({"type":"record","name":"R","fields":[]})", avro + "]}");
  EXPECT_EQ(all_gone.size(), kMaxFindingsPerPair);
}

TEST(Hostile, ManyPatternsAreCutOff) {
  std::string json = R"({"patternProperties":{)";
  for (int i = 0; i < 2'000; ++i) json += fmt::format(R"({}"^(a|b){{{}}}":{{}})", i == 0 ? "" : ",", i);
  json += R"(},"properties":{"a":{},"b":{}}})";
  EXPECT_FALSE(refusal_of(Format::json, json, json).message.empty());
  json = R"({"additionalProperties":false,"patternProperties":{)";
  for (int i = 0; i < 500; ++i) json += fmt::format(R"({}"^(a|b){{{}}}$":{{}})", i == 0 ? "" : ",", i);
  json += R"(},"properties":{)";
  for (int i = 0; i < 10'000; ++i)
    json += fmt::format(R"({}"m{}":{{"type":"string"}})", i == 0 ? "" : ",", i);
  expect_refused(Format::json, json + "}}", "steps");
}

TEST(Hostile, LongListsOfValuesAreCutOff) {
  std::string values = "[0";
  for (int i = 1; i <= 10'001; ++i) values += fmt::format(",{}", i);
  expect_refused(Format::json, R"({"enum":)" + values + "]}", "/enum");
}

// Whoever keeps a pointer for each place would need the text's size squared.
TEST(Hostile, LongPointersAreRefused) {
  const std::string name(kMaxPointerBytes, 'x');
  expect_refused(Format::json, R"({"properties":{")" + name + R"(":{}}})", "longer than 2048 bytes");
  expect_refused(Format::avro, R"({"type":"int","doc":{")" + name + R"(":0}})", "longer than 2048 bytes");
}

TEST(Hostile, WhatListsOfValuesCostCountsWhereverTheyMeet) {
  std::string zeros = "0", ones = "1", referring, plain;
  for (int i = 2; i < 10'000; ++i) zeros += ",0", ones += ",1";
  for (int i = 0; i < 1'000; ++i) {
    referring += fmt::format(R"({}"m{}":{{"$ref":"#/$defs/e"}})", i == 0 ? "" : ",", i);
    plain += fmt::format(R"({}"m{}":{{"type":"integer"}})", i == 0 ? "" : ",", i);
  }
  const std::string lists = R"({"$defs":{"e":{"allOf":[{"enum":[)" + zeros + R"(]},{"enum":[)" + ones + R"(,0]}]}},"properties":{)" + referring + "}}";
  EXPECT_NE(refusal_of(Format::json, lists, R"({"properties":{)" + plain + "}}").message.find("steps"), std::string::npos);
}

TEST(Hostile, LargeValuesThatAreComparedAgainAndAgainAreCutOff) {
  std::string members, items = "0";
  for (int i = 0; i < 100'000; ++i) items += ",0";
  for (int i = 0; i < 10'000; ++i) members += fmt::format(R"({}"m{}":{{"$ref":"#/$defs/n"}})", i == 0 ? "" : ",", i);
  expect_refused(Format::json, R"({"$defs":{"n":{"not":{"const":[)" + items + R"(]}}},"properties":{)" + members + "}}", "steps");
}

TEST(Hostile, LongTuplesAndObjectsTakeNoQuadraticTime) {
  std::string items = "true", members = R"("m":0)";
  for (int i = 0; i < 150'000; ++i) items += ",true";
  EXPECT_TRUE(findings_of(Format::json, R"({"prefixItems":[)" + items + "]}", R"({"prefixItems":[)" + items + "]}").empty());
  for (int i = 0; i < 60'000; ++i) members += fmt::format(R"(,"m{}":0)", i);
  EXPECT_TRUE(findings_of(Format::json, R"({"const":{)" + members + "}}", R"({"const":{)" + members + "}}").empty());
}

TEST(Hostile, WhatReservesVeryManyNumbersIsRefused) {
  for (const char* type : {"message M", "enum E", "message O { message M", "message O { enum E"}) {
    std::string text = fmt::format("syntax = \"proto3\"; {} {{ {}", type, std::string_view(type).ends_with('E') ? "A = 0; " : "");
    for (int i = 0; i < 5'001; ++i) text += fmt::format("reserved {};", 2 * i + 1);
    expect_refused(Format::protobuf, text + (std::string_view(type).starts_with("message O") ? "} }" : "}"), "more than 5000 ranges");
  }
}

TEST(Hostile, AVeryLargeOneofIsCompared) {
  std::string fields;
  for (int i = 0; i < 40'000; ++i) fields += fmt::format("string f{}={};\n", i, i < 18'998 ? i + 2 : i + 2'002);
  const auto found = findings_of(Format::protobuf, "syntax = \"proto3\"; message M { oneof c { " + fields + "} }", "syntax = \"proto3\"; message M { oneof c { string a = 1; } }");
  EXPECT_FALSE(has_errors(found)) << "the reader knows none of the fields";
}

TEST(Hostile, FindingsOfManyVersionsAreGatheredQuickly) {
  std::string texts[2];
  for (const int version : {0, 1}) {
    texts[version] = R"({"properties":{)";
    for (int i = 0; i < 1'000; ++i) texts[version] += fmt::format(R"({}"f{}":{{"type":"{}"}})", i == 0 ? "" : ",", i, version == 0 ? "string" : "integer");
    texts[version] += "}}";
  }
  std::vector<Document> versions;
  for (int i = 0; i < 200; ++i) versions.push_back({std::to_string(i), texts[0]});
  versions.push_back({"new", texts[1]});
  const auto found = check(Format::json, {false, true, true}, versions);
  ASSERT_TRUE(found) << describe(found.error());
  EXPECT_EQ(found->size(), 200 * kMaxFindingsPerPair);
}

TEST(Hostile, TooManyVersionsAreRefused) {
  const std::vector<Document> versions(kMaxVersions + 1, Document{"x", "{}"});
  EXPECT_FALSE(check(Format::json, {true, true, true}, versions));
  EXPECT_FALSE(check(Format::json, {}, std::span(versions).first(1)));
}

}  // namespace
}  // namespace user_events::compatibility
