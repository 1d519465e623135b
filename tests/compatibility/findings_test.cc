// What findings say: code, place, whom it breaks.
#include <fmt/format.h>

#include <tuple>

#include "compatibility/support.h"

namespace user_events::compatibility {
namespace {

TEST(Findings, SayWhereWhatAndWhomItBreaks) {
  const auto found = findings_of(
      Format::json, R"({"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false})",
      R"({"type":"object","properties":{"a":{"type":"integer"},"b":{}},"required":["b"],"additionalProperties":false})",
      {true, true, false});
  EXPECT_EQ(listed(found),
            "required-added /required\ntype-narrowed /properties/a/type\ntype-narrowed "
            "/properties/a/type\nproperty-not-allowed /properties/b");
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].breaks, Breaks::new_readers);
  EXPECT_EQ(found[0].file, "new");
  EXPECT_EQ(found[2].breaks, Breaks::old_readers);
  EXPECT_EQ(found[2].file, "old");
  EXPECT_EQ(found[3].file, "new") << "the member stands in the writer's file only";
  EXPECT_NE(found[0].detail.find("`b`"), std::string::npos);
}

TEST(Findings, ModesAreWrittenAsTheRegistryWritesThem) {
  EXPECT_TRUE(parse_mode("FULL_TRANSITIVE")->transitive);
  EXPECT_TRUE(parse_mode("forward")->forward);
  EXPECT_FALSE(parse_mode("forward")->backward);
  for (const char* word :
       {"", "none", "transitive", "-transitive", "backwards", "full-transitive-transitive"})
    EXPECT_FALSE(parse_mode(word)) << word;
}

TEST(Findings, RecursiveSchemasAreCompared) {
  const auto tree = [](const char* leaf) {
    return std::string(R"({"$defs":{"n":{"type":"object","properties":{"v":{"type":")") + leaf +
           R"("},"l":{"$ref":"#/$defs/n"}},"additionalProperties":false}},"$ref":"#/$defs/n"})";
  };
  EXPECT_EQ(listed(findings_of(Format::json, tree("integer"), tree("number"))), "");
  EXPECT_EQ(listed(findings_of(Format::json, tree("number"), tree("integer"))),
            "type-narrowed /$defs/n/properties/v/type");
}

TEST(Findings, AnAlternativeThatFailedLaterIsNotRemembered) {
  // The first branch contains itself and fails in its second member only; the second branch must not profit
  // from that.
  const std::string writer =
      R"({"$defs":{"n":{"type":"object","properties":{"l":{"$ref":"#/$defs/n"},"v":{"type":"string"}},"additionalProperties":false}},"$ref":"#/$defs/n"})";
  const std::string reader =
      R"({"$defs":{"n":{"type":"object","properties":{"l":{"$ref":"#/$defs/n"},"v":{"type":"integer"}},"additionalProperties":false}},)"
      R"("anyOf":[{"$ref":"#/$defs/n"},{"type":"object","properties":{"l":{"$ref":"#/$defs/n"},"v":{"type":"string"}},"additionalProperties":false}]})";
  EXPECT_EQ(listed(findings_of(Format::json, writer, reader)), "alternatives-narrowed /anyOf");
}

TEST(Findings, AnAlternativeThatIsTheWholeAgainShowsNothing) {
  const std::string reader = R"({"anyOf":[{"$ref":"#"},{"type":"string"}]})";
  EXPECT_EQ(listed(findings_of(Format::json, R"({"type":"integer"})", reader)), "alternatives-narrowed /anyOf");
  EXPECT_EQ(listed(findings_of(Format::json, R"({"type":"string"})", reader)), "");
}

TEST(Findings, NamesWithBlanksAreNotTakenForEachOther) {
  const auto schema = [](const char* type) {
    return fmt::format(R"({{"properties":{{"x":{{"$ref":"#/properties/y"}},"x ":{{"properties":{{"y":{{"type":"{}"}}}}}},"y":{{"type":"string"}}}}}})", type);
  };
  EXPECT_EQ(listed(findings_of(Format::json, schema("string"), schema("integer"))), "type-narrowed /properties/x /properties/y/type");
}

TEST(Findings, NamesThatTheReaderRefusesAreFound) {
  const auto schema = [](const char* names) { return fmt::format(R"({{"type":"object"{}}})", names); };
  const std::string lower = schema(R"(,"propertyNames":{"pattern":"^[a-z]+$"})"), shorter = schema(R"(,"propertyNames":{"pattern":"^[a-z]+$","maxLength":9})");
  EXPECT_EQ(listed(findings_of(Format::json, lower, lower)), "");
  EXPECT_EQ(listed(findings_of(Format::json, shorter, lower)), "");
  EXPECT_EQ(listed(findings_of(Format::json, lower, shorter)), "range-narrowed /propertyNames/maxLength");
  EXPECT_EQ(listed(findings_of(Format::json, schema(""), lower)), "pattern-changed /propertyNames/pattern");
}

TEST(Findings, BesideAReferenceNothingCountsUpToDraft7) {
  const std::string rest = R"("properties":{"a":{"$ref":"#/definitions/n","maxLength":3}},"definitions":{"n":{"type":"string"}}})", reader = R"({"properties":{"a":{"maxLength":3}}})";
  EXPECT_EQ(listed(findings_of(Format::json, R"({"$schema":"https://json-schema.org/draft/2020-12/schema",)" + rest, reader)), "");
  EXPECT_EQ(listed(findings_of(Format::json, R"({"$schema":"http://json-schema.org/draft-07/schema#",)" + rest, reader)), "range-narrowed /properties/a/maxLength");
}

TEST(Findings, AConstantIsAListOfOneValue) {
  EXPECT_EQ(listed(findings_of(Format::json, R"({"const":{"a":[1]}})", R"({"const":{"a":[1.0]}})")), "");
  EXPECT_EQ(listed(findings_of(Format::json, R"({"const":"a"})", R"({"enum":["b","a"]})")), "");
  EXPECT_EQ(listed(findings_of(Format::json, R"({"const":"a"})", R"({"const":"b"})")), "enum-narrowed /const");
}

TEST(Findings, AKeyThatChangesIsAWarning) {
  const auto schema = [](const char* a, const char* b) { return fmt::format(R"({{"properties":{{"a":{{{}}},"b":{{{}}}}}}})", a, b); };
  const auto found = findings_of(Format::json, schema(R"("x-key":"user")", ""), schema("", R"("x-key":"user")"));
  EXPECT_EQ(listed(found), "key-changed /properties/a/x-key\nkey-changed /properties/b/x-key");
  EXPECT_FALSE(has_errors(found));
}

TEST(Findings, AnEmptyListOfPatternsAsksNothing) {
  EXPECT_EQ(listed(findings_of(Format::json, R"({"type":"object"})", R"({"type":"object","patternProperties":{}})")), "");
}

TEST(Findings, NumbersBeyondTheDigitsOfADoubleDiffer) {
  EXPECT_EQ(listed(findings_of(Format::json, R"({"enum":[18446744073709551615]})", R"({"enum":[18446744073709551614]})")), "enum-narrowed /enum");
  EXPECT_EQ(listed(findings_of(Format::json, R"({"const":9007199254740993})", R"({"const":9007199254740992.0})")), "enum-narrowed /const");
}

TEST(Findings, AMemberThatIsRefusedIsShownWhereItStands) {
  EXPECT_EQ(listed(findings_of(Format::json, R"({"allOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]})", R"({"properties":{"a":{}},"additionalProperties":false})")),
            "property-not-allowed /allOf/1/properties/b\nproperty-not-allowed /additionalProperties");
}

TEST(Findings, WhatIsSaidTogetherIsComparedTogether) {
  const std::string plain = R"({"contains":{"type":"string"}})";
  EXPECT_EQ(listed(findings_of(Format::json, plain, plain)), "");
  EXPECT_EQ(listed(findings_of(Format::json, R"({"contains":{"type":"string"},"minContains":0})", plain)), "keyword-undecided /contains");
  EXPECT_EQ(listed(findings_of(Format::json, R"({"allOf":[{"contains":{"type":"string"}},{"contains":{"type":"null"},"minContains":2}]})",
                               R"({"contains":{"type":"string"},"minContains":2})")),
            "keyword-undecided /contains\nkeyword-undecided /minContains");
  const std::string condition = R"("if":{"required":["a"]},"then":{"required":["b"]})";
  EXPECT_EQ(listed(findings_of(Format::json, "{" + condition + "}", "{" + condition + R"(,"title":"other"})")), "");
  EXPECT_EQ(listed(findings_of(Format::json, R"({"allOf":[{"if":{"required":["a"]}},{"then":{"required":["b"]}}]})", "{" + condition + "}")),
            "keyword-undecided /if\nkeyword-undecided /then");
}

TEST(Findings, WhatCannotBeComparedIsAFindingUnlessItIsTheSame) {
  const std::string with = R"({"not":{"type":"string"}})", other = R"({"not":{"type":"integer"}})";
  EXPECT_EQ(listed(findings_of(Format::json, with, with)), "");
  EXPECT_EQ(listed(findings_of(Format::json, with, other)), "keyword-undecided /not");
  EXPECT_EQ(listed(findings_of(Format::json, with, "{}")), "");
  EXPECT_EQ(listed(findings_of(Format::json, "{}", with)), "keyword-undecided /not");
}

TEST(Findings, TheSameTextThatRefersToSomethingElseIsNotTheSame) {
  const auto schema = [](const char* type) {
    return std::string(R"({"not":{"$ref":"#/$defs/t"},"$defs":{"t":{"type":")") + type + R"("}}})";
  };
  EXPECT_EQ(listed(findings_of(Format::json, schema("string"), schema("string"))), "");
  EXPECT_EQ(listed(findings_of(Format::json, schema("string"), schema("integer"))), "keyword-undecided /not");
}

TEST(Findings, MembersThatMatchAPatternAreMembers) {
  const std::string with =
      R"({"type":"object","patternProperties":{"^x":{"type":"string"}},"additionalProperties":false})";
  const std::string wider =
      R"({"type":"object","patternProperties":{"^x":{"type":["string","null"]}},"additionalProperties":false})";
  const std::string without = R"({"type":"object","additionalProperties":false})";
  EXPECT_EQ(listed(findings_of(Format::json, with, wider)), "");
  EXPECT_EQ(listed(findings_of(Format::json, wider, with)), "type-narrowed /patternProperties/^x/type");
  EXPECT_EQ(listed(findings_of(Format::json, with, without)), "property-not-allowed /patternProperties/^x");
  EXPECT_EQ(listed(findings_of(Format::json, without, with)), "");
  EXPECT_EQ(listed(findings_of(Format::json, "{}", with)),
            "type-narrowed /type\nproperty-not-allowed /additionalProperties\nkeyword-undecided "
            "/patternProperties");
}

// `p`'s first alternative fails in `v`, two steps down a circle; by then `a` has been found good, since the
// circle was taken to hold. `q` asks about the same `a`, and never sends `v` itself.
TEST(Findings, WhatAFailedAlternativeConcludedIsForgotten) {
  const auto definitions = [](const char* type) {
    return std::string(
               R"("$defs":{"x":{"type":"object","properties":{"b":{"$ref":"#/$defs/z"}}},"z":{"type":"object","properties":{"a":{"$ref":"#/$defs/x"},"v":{"type":")") +
           type + R"("}}}},"type":"object",)";
  };
  const std::string writer =
      "{" + definitions("string") +
      R"("properties":{"p":{"$ref":"#/$defs/x"},"q":{"$ref":"#/$defs/z","properties":{"v":false}}}})";
  const std::string reader =
      "{" + definitions("integer") +
      R"("properties":{"p":{"anyOf":[{"$ref":"#/$defs/x"},{"type":"object"}]},"q":{"anyOf":[{"$ref":"#/$defs/z"}]}}})";
  EXPECT_EQ(listed(findings_of(Format::json, writer, reader)), "alternatives-narrowed /properties/q/anyOf");
}

TEST(Findings, UnknownKeywordsSayNothing) {
  EXPECT_EQ(listed(findings_of(Format::json, R"({"type":"string","x-mine":1})",
                               R"({"type":"string","colour":"blue"})")),
            "");
}

TEST(Findings, NumbersAndKeysOfTheCatalogueAreCompared) {
  const auto schema = [](const char* a, const char* b) {
    return std::string(
               R"({"type":"object","properties":{"a":{"type":"string","x-personal":"email","x-field-number":)") +
           a + R"(},"b":{"type":"string","x-field-number":)" + b + "}}}";
  };
  EXPECT_EQ(listed(findings_of(Format::json, schema("1", "2"), schema("1", "3"))),
            "field-number-changed /properties/b/x-field-number");
  EXPECT_EQ(listed(findings_of(Format::json, schema("1", "2"), schema("2", "3"))),
            "field-number-changed /properties/a/x-field-number\nfield-number-reused "
            "/properties/a/x-field-number\nfield-number-changed /properties/b/x-field-number");
  const auto classes = findings_of(Format::json, R"({"properties":{"a":{"x-personal":"email"}}})",
                                   R"({"properties":{"a":{"x-personal":"none"}}})");
  EXPECT_EQ(listed(classes), "personal-class-changed /properties/a/x-personal");
  EXPECT_FALSE(has_errors(classes));
}

TEST(Findings, ANumberIsComparedOnceWhateverTheMode) {
  const std::string one = R"({"properties":{"a":{"x-field-number":1}}})", two = R"({"properties":{"a":{"x-field-number":2}}})";
  const auto both = findings_of(Format::json, one, two, {true, true, false}), forward = findings_of(Format::json, one, two, {false, true, false});
  EXPECT_EQ(listed(both), "field-number-changed /properties/a/x-field-number");
  EXPECT_EQ(both.at(0).breaks, Breaks::new_readers);
  EXPECT_EQ(listed(forward), listed(both));
  EXPECT_EQ(forward.at(0).breaks, Breaks::old_readers);
  EXPECT_EQ(forward.at(0).file, "new");
}

TEST(Findings, ANumberThatAnEarlierVersionUsedIsFoundOverAGapWhereAllVersionsCount) {
  const Document versions[] = {{"1", R"({"properties":{"a":{"x-field-number":2}}})"}, {"2", R"({"properties":{}})"}, {"3", R"({"properties":{"b":{"x-field-number":2}}})"}};
  EXPECT_EQ(listed(*check(Format::json, {true, false, false}, versions)), "");
  EXPECT_EQ(listed(*check(Format::json, {true, false, true}, versions)), "field-number-reused /properties/b/x-field-number");
}

TEST(Findings, ARenamedFieldKeepsItsNumberWhereverItsSchemaStands) {
  const auto schema = [](const char* object, const char* field, const char* place, const char* cast) {
    return fmt::format(R"({{"properties":{{"{0}":{2}}},"$defs":{{"place":{{"properties":{{"{1}":{{"x-field-number":1}}}}}}}}{3}}})", object, field, place, cast);
  };
  const char* const kByReference = R"({"$ref":"#/$defs/place","x-field-number":5})";
  const std::string older = schema("address", "zip", kByReference, "");
  EXPECT_EQ(listed(findings_of(Format::json, older, schema("address", "postalCode", kByReference, ""))),
            "field-number-reused /$defs/place/properties/postalCode/x-field-number");
  EXPECT_EQ(listed(findings_of(Format::json, older, schema("address", "postalCode", kByReference, R"(,"x-cast":{"rename":{"/address/zip":"postalCode"}})"))),
            "");
  EXPECT_EQ(listed(findings_of(Format::json, older,
                               schema("place", "postalCode", kByReference, R"(,"x-cast":{"rename":{"/address":"place","/address/zip":"postalCode"}})"))),
            "");
}

TEST(Findings, AFieldKeepsItsNumberAlsoWhereItsObjectIsReferredToOnlyNow) {
  const auto place = [](int number) { return fmt::format(R"({{"properties":{{"zip":{{"x-field-number":{}}}}}}})", number); };
  const std::string inside = R"({"properties":{"house":)" + place(1) + R"(,"work":)" + place(1) + "}}";
  const auto referred = [&](int number) { return R"({"properties":{"house":{"$ref":"#/$defs/place"},"work":{"$ref":"#/$defs/place"}},"$defs":{"place":)" + place(number) + "}}"; };
  EXPECT_EQ(listed(findings_of(Format::json, inside, referred(1))), "");
  EXPECT_EQ(listed(findings_of(Format::json, inside, referred(2))), "field-number-changed /$defs/place/properties/zip/x-field-number");
  EXPECT_EQ(listed(findings_of(Format::json, referred(1), inside)), "");
  EXPECT_EQ(listed(findings_of(Format::json, referred(2), inside)),
            "field-number-changed /properties/house/properties/zip/x-field-number\nfield-number-changed /properties/work/properties/zip/x-field-number");
  const auto list = [](int number) { return fmt::format(R"({{"properties":{{"all":{{"items":{{"properties":{{"zip":{{"x-field-number":{}}}}}}}}}}}}})", number); };
  EXPECT_EQ(listed(findings_of(Format::json, list(1), R"({"properties":{"all":{"items":{"$ref":"#/$defs/place"}}},"$defs":{"place":)" + place(2) + "}}")),
            "field-number-changed /$defs/place/properties/zip/x-field-number");
}

TEST(Findings, NumbersCountUnderAnyNameOfADefinition) {
  const auto schema = [](int number) { return fmt::format(R"({{"$ref":"#/$defs/default","$defs":{{"default":{{"properties":{{"a":{{"x-field-number":{}}}}}}}}}}})", number); };
  EXPECT_EQ(listed(findings_of(Format::json, schema(1), schema(2))), "field-number-changed /$defs/default/properties/a/x-field-number");
}

TEST(Findings, FieldsThatExchangeTheirNamesKeepTheirNumbersOverVersions) {
  const auto schema = [](int a, int b, const char* cast) {
    return fmt::format(R"({{"properties":{{"a":{{"x-field-number":{}}},"b":{{"x-field-number":{}}}}}{}}})", a, b, cast);
  };
  const std::string first = schema(1, 2, ""), second = schema(2, 1, R"(,"x-cast":{"rename":{"/a":"b","/b":"a"}})");
  const std::string third = R"({"properties":{"b":{"x-field-number":1},"c":{"x-field-number":2}},"x-cast":{"rename":{"/a":"c"}}})";
  const Document versions[] = {{"1", first}, {"2", second}, {"3", third}};
  EXPECT_EQ(listed(*check_annotations({true, false, true}, versions)), "");
}

TEST(Findings, AvroFindingsPointIntoTheReader) {
  EXPECT_EQ(
      listed(findings_of(
          Format::avro, R"({"type":"record","name":"R","fields":[]})",
          R"({"type":"record","name":"R","fields":[{"name":"a","type":["null","int"],"default":null},{"name":"b","type":"int"}]})")),
      "avro-field-without-default /fields/1");
}

TEST(Findings, AnAvroBranchThatFailedLaterIsNotRemembered) {
  // As above: x.N contains itself through L and fails in its last field; y.N must not profit from that.
  const std::string link = R"({"name":"l","type":{"type":"record","name":"L","namespace":"","fields":[{"name":"n","type":["null","@"]}]}})";
  const auto linked = [&](const char* to) { return std::string(link).replace(link.find('@'), 1, to); };
  const std::string writer = R"({"type":"record","name":"N","fields":[)" + linked("N") + R"(,{"name":"v","type":"string"}]})";
  const std::string reader = R"([{"type":"record","name":"N","namespace":"x","fields":[)" + linked("x.N") + R"(,{"name":"v","type":"int"}]},)"
                             R"({"type":"record","name":"N","namespace":"y","fields":[{"name":"l","type":"L"},{"name":"v","type":"string"}]}])";
  EXPECT_EQ(listed(findings_of(Format::avro, writer, reader)), "avro-union-branch-missing /0/fields/0/type/fields/0/type\navro-type-changed /0/fields/1/type");
}

TEST(Findings, WhatBreaksNobodyOnTheWireIsAWarning) {
  const auto file = [](const char* fields) { return fmt::format("syntax = \"proto3\"; message M {{ {} }}", fields); };
  for (const auto& [older, newer, finding] : {std::tuple("int64 a = 1;", "int32 a = 1;", "proto-narrowed M.a"), std::tuple("bytes a = 1;", "string a = 1;", "proto-narrowed M.a"),
                                              std::tuple("int32 a = 1;", "int64 a = 1;", ""), std::tuple("int32 a = 1;", "", "proto-not-reserved M"), std::tuple("int32 a = 1;", "reserved 1;", "")}) {
    const auto found = findings_of(Format::protobuf, file(older), file(newer));
    EXPECT_EQ(listed(found), finding) << older << " | " << newer;
    EXPECT_FALSE(has_errors(found));
  }
}

TEST(Findings, NumbersAndNamesThatAnEnumReservesStayUnused) {
  const auto file = [](const char* values) { return fmt::format("syntax = \"proto3\"; enum E {{ A = 0; {} }} message M {{ enum N {{ Z = 0; {} }} E e = 1; N n = 2; }}", values, values[0] == 'r' ? "reserved 1;" : "Y = 1;"); };
  EXPECT_EQ(listed(findings_of(Format::protobuf, file("reserved 2; reserved \"C\";"), file("B = 2; C = 3;"))),
            "proto-number-reserved M.Y\nproto-number-reserved B\nproto-number-reserved C");
}

TEST(Findings, ProtobufFindingsNameTheField) {
  const auto found =
      findings_of(Format::protobuf, "syntax = \"proto3\"; package p; message M { int32 a = 1; }",
                  "syntax = \"proto3\"; package p; message M { string a = 1; }");
  EXPECT_EQ(listed(found), "proto-type-changed p.M.a");
}

}  // namespace
}  // namespace user_events::compatibility
