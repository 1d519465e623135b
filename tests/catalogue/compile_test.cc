// What the schema compiler refuses, and that it says where.
#include <chrono>

#include "support.h"

namespace user_events::catalogue {
namespace {

using test::compile;
using test::valid;

struct Refusal {
  std::string_view schema, code, pointer;
};

void expect_refused(const Refusal& refusal) {
  const auto schema = Schema::compile("folder/file.json", refusal.schema);
  ASSERT_FALSE(schema) << refusal.schema;
  const Error& error = schema.error();
  EXPECT_EQ(error.kind, ErrorKind::usage);
  EXPECT_EQ(error.code, refusal.code) << refusal.schema << ": " << error.message;
  ASSERT_EQ(error.fields.size(), 1u);
  EXPECT_EQ(error.fields[0].pointer, refusal.pointer) << refusal.schema << ": " << error.message;
  EXPECT_TRUE(error.message.starts_with("folder/file.json: at \"" + std::string(refusal.pointer) + "\""))
      << error.message;
  EXPECT_FALSE(error.hint.empty());
}

TEST(SchemaCompiler, RefusesEveryKeywordOutsideTheProfile) {
  for (const std::string_view keyword : {"allOf",
                                         "oneOf",
                                         "not",
                                         "if",
                                         "then",
                                         "else",
                                         "dependentSchemas",
                                         "dependentRequired",
                                         "dependencies",
                                         "prefixItems",
                                         "contains",
                                         "minContains",
                                         "maxContains",
                                         "additionalItems",
                                         "unevaluatedItems",
                                         "unevaluatedProperties",
                                         "patternProperties",
                                         "propertyNames",
                                         "$anchor",
                                         "$dynamicRef",
                                         "$dynamicAnchor",
                                         "$recursiveRef",
                                         "$vocabulary",
                                         "contentEncoding",
                                         "contentMediaType",
                                         "contentSchema",
                                         "nullable",
                                         "Type",
                                         "minimun",
                                         ""}) {
    const std::string schema = R"({"properties":{"a":{")" + std::string(keyword) + R"(":{}}}})";
    expect_refused({schema, "schema-unsupported", "/properties/a/" + std::string(keyword)});
  }
}

TEST(SchemaCompiler, RefusesKnownKeywordsWithMeaningsOutsideTheProfile) {
  for (const Refusal& refusal : std::initializer_list<Refusal>{
           {R"({"format":"hostname"})", "schema-unsupported", "/format"},
           {R"({"format":"idn-email"})", "schema-unsupported", "/format"},
           {R"j({"pattern":"(?=a)"})j", "schema-unsupported", "/pattern"},
           {R"({"pattern":"(a)\\1"})", "schema-unsupported", "/pattern"},
           {R"({"pattern":"^\\Aa"})", "schema-unsupported", "/pattern"},
           {R"({"pattern":"[[:alpha:]]"})", "schema-unsupported", "/pattern"},
           {R"({"pattern":"(a"})", "schema-unsupported", "/pattern"},
           {R"({"pattern":"(?i)a"})", "schema-unsupported", "/pattern"},
           {R"({"pattern":"a{5000}"})", "schema-unsupported", "/pattern"},
           {R"({"$ref":"other.json"})", "schema-unsupported", "/$ref"},
           {R"({"$ref":"https://example.com/a.json#/$defs/a"})", "schema-unsupported", "/$ref"},
           {R"({"$ref":"#anchor"})", "schema-unsupported", "/$ref"},
           {R"({"$schema":"http://json-schema.org/draft-07/schema#"})", "schema-unsupported", "/$schema"},
           {R"({"items":[{}]})", "schema-unsupported", "/items"},
           {R"({"multipleOf":0.1})", "schema-unsupported", "/multipleOf"},
           {R"({"$defs":{"a":{"$id":"urn:x"}}})", "schema-unsupported", "/$defs/a/$id"},
           {R"({"enum":[1],"const":1})", "schema-unsupported", "/const"},
       })
    expect_refused(refusal);
}

TEST(SchemaCompiler, RefusesWhatIsNoSchema) {
  for (const Refusal& refusal : std::initializer_list<Refusal>{
           {"", "schema-invalid", ""},
           {"{", "schema-invalid", ""},
           {"{} {}", "schema-invalid", ""},
           {"\xff", "schema-invalid", ""},
           {"[]", "schema-invalid", ""},
           {"7", "schema-invalid", ""},
           {R"({"type":"text"})", "schema-invalid", "/type"},
           {R"({"type":[]})", "schema-invalid", "/type"},
           {R"({"type":7})", "schema-invalid", "/type"},
           {R"({"minLength":-1})", "schema-invalid", "/minLength"},
           {R"({"minLength":1.5})", "schema-invalid", "/minLength"},
           {R"({"maxItems":"3"})", "schema-invalid", "/maxItems"},
           {R"({"minimum":"3"})", "schema-invalid", "/minimum"},
           {R"({"multipleOf":0})", "schema-invalid", "/multipleOf"},
           {R"({"required":"a"})", "schema-invalid", "/required"},
           {R"({"required":["a","a"]})", "schema-invalid", "/required"},
           {R"({"required":[1]})", "schema-invalid", "/required"},
           {R"({"enum":"a"})", "schema-invalid", "/enum"},
           {R"({"anyOf":[]})", "schema-invalid", "/anyOf"},
           {R"({"properties":[]})", "schema-invalid", "/properties"},
           {R"({"properties":{"a/b":{"items":7}}})", "schema-invalid", "/properties/a~1b/items"},
           {R"({"additionalProperties":"no"})", "schema-invalid", "/additionalProperties"},
           {R"({"uniqueItems":1})", "schema-invalid", "/uniqueItems"},
           {R"({"deprecated":"yes"})", "schema-invalid", "/deprecated"},
           {R"({"title":7})", "schema-invalid", "/title"},
           {R"({"$ref":"#/$defs/a"})", "schema-invalid", "/$ref"},
           {R"({"$ref":"#/enum/0","enum":[{}]})", "schema-invalid", "/$ref"},
           {R"({"type":"string","type":"object"})", "schema-invalid", "/type"},
           {R"({"properties":{"a":{},"a":{}}})", "schema-invalid", "/properties/a"},
           {R"({"x-personal":"E-Mail"})", "schema-invalid", "/x-personal"},
           {R"({"x-key":"id"})", "schema-invalid", "/x-key"},
           {R"({"x-field-number":0})", "schema-invalid", "/x-field-number"},
           {R"({"x-field-number":19500})", "schema-invalid", "/x-field-number"},
           {R"({"properties":{"a":{"type":"string","x-default":"acceptance-time"}}})", "schema-invalid",
            "/properties/a/x-default"},
           {R"({"properties":{"a":{"type":"string","format":"date-time","x-default":"now"}}})",
            "schema-invalid", "/properties/a/x-default"},
           {R"({"properties":{"a":{"type":"array","x-derived":"keys-of:/b"}}})", "schema-invalid",
            "/properties/a/x-derived"},
       })
    expect_refused(refusal);
}

TEST(SchemaCompiler, RefusesReferencesThatNeverEnd) {
  expect_refused({R"({"$ref":"#"})", "schema-unsupported", ""});
  expect_refused({R"({"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"})",
                  "schema-unsupported", "/$defs/a"});
  expect_refused({R"({"anyOf":[{"type":"string"},{"$ref":"#"}]})", "schema-unsupported", ""});
}

TEST(SchemaCompiler, TakesRecursionThatGoesDownInTheValue) {
  const Schema tree = compile(
      R"({"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#"}}},"additionalProperties":false})");
  EXPECT_TRUE(valid(tree, R"({"children":[{},{"children":[{}]}]})"));
  EXPECT_FALSE(valid(tree, R"({"children":[{},{"children":[{"child":1}]}]})"));
}

TEST(SchemaCompiler, RefusesTextThatIsTooDeepTooLargeOrHasLongChainsOfReferences) {
  std::string deep = "{}";
  for (int i = 0; i < 40; ++i) deep = R"({"items":{"items":)" + deep + "}}";
  expect_refused({deep, "schema-invalid", ""});
  expect_refused({R"({"$comment":")" + std::string(2 << 20, 'x') + "\"}", "schema-invalid", ""});

  std::string chain = R"({"$ref":"#/$defs/d0","$defs":{)";
  for (int i = 0; i < 5'000; ++i)
    chain += "\"d" + std::to_string(i) + R"(":{"$ref":"#/$defs/d)" + std::to_string(i + 1) + "\"},";
  chain += R"("d5000":{}}})";
  const auto refused = Schema::compile("chain.json", chain);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "schema-unsupported");
}

TEST(SchemaCompiler, TenThousandFieldsAreCompiledAndCheckedInGoodTime) {
  const auto start = std::chrono::steady_clock::now();
  std::string schema =
                  R"({"type":"object","additionalProperties":false,"required":["f9999","f0"],"properties":{)",
              value = "{";
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = "f" + std::to_string(i);
    schema += (i == 0 ? "\"" : ",\"") + name + R"(":{"type":"integer"})";
    value +=
        (i == 0 ? "\"" : ",\"") + std::string("f") + std::to_string(9'999 - i) + "\":" + std::to_string(i);
  }
  const Schema compiled = compile(schema + "}}");
  EXPECT_TRUE(valid(compiled, value + "}"));
  EXPECT_EQ(test::normalise(compiled, value + R"(,"f5000":1})").codes(), "/f5000 duplicate-key");
  EXPECT_EQ(test::normalise(compiled, value + R"(,"f10000":1})").codes(), "/f10000 unknown-field");
  EXPECT_EQ(test::normalise(compiled, R"({"f0":1})").codes(), "/f9999 required");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

// Each level asks the next one twice: two to the power of the depth steps, if nobody counted.
TEST(SchemaCompiler, AlternativesThatMultiplyEndWithAFinding) {
  const Schema hostile = compile(
      R"({"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[{"properties":{"n":{"$ref":"#/$defs/a"},"x":{"type":"null"}}},
          {"properties":{"n":{"$ref":"#/$defs/a"},"x":{"type":"boolean"}}}]}}})");
  std::string value = R"({"x":1})";
  for (int i = 0; i < 60; ++i) value = R"({"n":)" + value + "}";
  const auto start = std::chrono::steady_clock::now();
  std::vector<FieldError> findings;
  const test::Document document(value);
  EXPECT_FALSE(hostile.validate(*document, findings));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].code, "too-complex");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST(SchemaCompiler, ValuesNestedVeryDeepAreRefusedNotFollowed) {
  const Schema tree = compile(R"({"items":{"$ref":"#"}})");
  const std::string deep = std::string(900, '[') + std::string(900, ']');
  std::vector<FieldError> findings;
  const test::Document document(deep);
  EXPECT_FALSE(tree.validate(*document, findings));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].code, "too-deep");
}

TEST(SchemaCompiler, AtMostThirtyTwoFindingsAreReported) {
  const Schema schema = compile(R"({"items":{"type":"string"}})");
  std::string value = "[0";
  for (int i = 0; i < 1'000; ++i) value += ",0";
  std::vector<FieldError> findings;
  const test::Document document(value + "]");
  EXPECT_FALSE(schema.validate(*document, findings));
  EXPECT_EQ(findings.size(), 32u);
  EXPECT_EQ(findings[31].pointer, "/31");
}

TEST(SchemaCompiler, PatternsMeanWhatTheyMeanInEcma262) {
  const auto matches = [](std::string_view pattern, std::string_view text) {
    return valid(compile(R"({"pattern":")" + std::string(pattern) + "\"}"), "\"" + std::string(text) + "\"");
  };
  EXPECT_TRUE(matches("b", "abc")) << "unanchored";
  EXPECT_FALSE(matches("^b", "abc"));
  EXPECT_TRUE(matches("^\\\\s$", "\xc2\xa0")) << "a no-break space is a space";
  EXPECT_FALSE(matches("^\\\\S$", "\xc2\xa0"));
  EXPECT_TRUE(matches("^[\\\\s]$", "\xef\xbb\xbf"));
  EXPECT_FALSE(matches("^.$", "\xe2\x80\xa8")) << "the dot is no line separator";
  EXPECT_TRUE(matches("^.$", "\xf0\x9f\x90\xb2")) << "one code point, one dot";
  EXPECT_TRUE(matches("^\\\\u00e9$", "\xc3\xa9"));
  EXPECT_TRUE(matches("^\\\\p{L}+$", "d\xc3\xa9j\xc3\xa0"));
  EXPECT_TRUE(matches("^a/b$", "a/b"));
}

}  // namespace
}  // namespace user_events::catalogue
