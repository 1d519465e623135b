// Events of one version as events of another.
#include <algorithm>

#include "casts/check_versions.h"
#include "casts/support.h"
#include "compatibility/json_annotations.h"

namespace user_events::casts {
namespace {

using test::cast;
using test::catalogue_of;
using test::schema_of;

constexpr std::string_view kName = R"(,"name":{"type":"string","maxLength":50,"x-personal":"username","x-field-number":2})";
constexpr std::string_view kFullName = R"(,"fullName":{"type":"string","maxLength":50,"x-personal":"username","x-field-number":2})";
constexpr std::string_view kScore = R"(,"score":{"type":"integer","minimum":0,"x-field-number":3})";
constexpr std::string_view kTier = R"(,"tier":{"enum":["basic","gold"],"x-personal":"none","x-field-number":4})";

std::string all(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const auto part : parts) text += part;
  return text;
}

/// Three versions: a name is renamed and a tier comes with a default; then the score goes.
catalogue::Catalogue three_versions() {
  return catalogue_of({schema_of(1, all({kName, kScore}), R"(,"name","score")"),
                       schema_of(2, all({kFullName, kScore, kTier}), R"(,"fullName","score","tier")",
                                 R"(,"x-cast":{"rename":{"/name":"fullName"},"default":{"/tier":"basic"}})"),
                       schema_of(3, all({kFullName, kTier}), R"(,"fullName","tier")",
                                 R"(,"x-cast":{"drop":["/score"],"restore":{"/score":0}})")});
}

std::string first_error(const catalogue::Catalogue& catalogue) {
  const auto casts = Casts::build(catalogue);
  if (casts) return "";
  EXPECT_EQ(casts.error().kind, ErrorKind::usage);
  EXPECT_EQ(casts.error().fields.size(), 1u);
  EXPECT_FALSE(casts.error().hint.empty());
  return casts.error().code + " " + casts.error().message;
}

TEST(Casts, RenamedDefaultedAndDroppedFieldsGoUpAndDownOverSeveralVersions) {
  const auto catalogue = three_versions();
  const auto casts = Casts::build(catalogue);
  ASSERT_TRUE(casts) << describe(casts.error());
  EXPECT_EQ(cast(*casts, 1, 2, R"({"userId":"u","name":"Ada","score":7})"),
            R"({"userId":"u","fullName":"Ada","score":7,"tier":"basic"})");
  EXPECT_EQ(cast(*casts, 1, 3, R"({"userId":"u","name":"Ada","score":7})"), R"({"userId":"u","fullName":"Ada","tier":"basic"})");
  EXPECT_EQ(cast(*casts, 2, 1, R"({"userId":"u","fullName":"Ada","score":7,"tier":"gold"})"),
            R"({"userId":"u","name":"Ada","score":7})");
  EXPECT_EQ(cast(*casts, 3, 1, R"({"userId":"u","fullName":"Ada","tier":"gold"})"), R"({"userId":"u","name":"Ada","score":0})");
  EXPECT_EQ(casts->way("user.rated", 1, 3), Way::total);
  EXPECT_EQ(casts->way("user.rated", 3, 1), Way::total);
  EXPECT_EQ(casts->versions("user.rated"), (std::vector<std::uint32_t>{1, 2, 3}));
}

TEST(Casts, AFieldMayBeNamedLikeAKeyword) {
  constexpr std::string_view kDefs = R"(,"$defs":{"score":{"type":"integer","minimum":0}})";
  constexpr std::string_view kField = R"(,"default":{"$ref":"#/$defs/score","x-field-number":3})";
  const auto catalogue = catalogue_of({schema_of(1, all({kName, kField}), R"(,"name")", kDefs),
                                       schema_of(2, all({kFullName, kField}), R"(,"fullName")", all({R"(,"x-cast":{"rename":{"/name":"fullName"}})", kDefs}))});
  const auto casts = Casts::build(catalogue);
  ASSERT_TRUE(casts) << describe(casts.error());
  EXPECT_EQ(cast(*casts, 1, 2, R"({"userId":"u","name":"Ada","default":7})"), R"({"userId":"u","fullName":"Ada","default":7})");
}

TEST(Casts, TheSameVersionIsTheSameData) {
  const auto catalogue = three_versions();
  const auto casts = Casts::build(catalogue);
  ASSERT_TRUE(casts);
  EXPECT_EQ(cast(*casts, 2, 2, R"({"userId":"u"})"), R"({"userId":"u"})");
  EXPECT_EQ(casts->way("user.rated", 2, 2), Way::total);
}

TEST(Casts, AVersionOrTypeThatIsNotThereIsNamedWithThoseThatAre) {
  const auto catalogue = three_versions();
  const auto casts = Casts::build(catalogue);
  ASSERT_TRUE(casts);
  EXPECT_EQ(cast(*casts, 2, 4, "{}"), "no-cast: events of user.rated cannot be cast from version 2 to 4: there is no version 4, only 1, 2 and 3");
  EXPECT_EQ(cast(*casts, 9, 1, "{}").substr(0, 7), "no-cast");
  std::string out;
  EXPECT_EQ(casts->cast("user.unknown", 1, 1, "{}", out).error().code, "no-cast");
  EXPECT_EQ(casts->way("user.unknown", 1, 1), Way::none);
  EXPECT_TRUE(casts->versions("user.unknown").empty());
}

TEST(Casts, OptionalFieldsThatComeOrGoNeedNoDeclaration) {
  const auto catalogue = catalogue_of({schema_of(1, all({kName})), schema_of(2, all({kName, kTier}))});
  const auto casts = Casts::build(catalogue);
  ASSERT_TRUE(casts) << describe(casts.error());
  EXPECT_EQ(cast(*casts, 1, 2, R"({"userId":"u","name":"Ada"})"), R"({"userId":"u","name":"Ada"})");
  EXPECT_EQ(cast(*casts, 2, 1, R"({"tier":"gold","userId":"u","name":"Ada"})"), R"({"userId":"u","name":"Ada"})");
  EXPECT_EQ(cast(*casts, 2, 1, R"({"userId":"u","tier":"gold"})"), R"({"userId":"u"})");
  EXPECT_EQ(casts->way("user.rated", 2, 1), Way::total);
}

TEST(Casts, WhatStandsInNestedObjectsAndArraysIsCastToo) {
  constexpr std::string_view kV1 =
      R"(,"address":{"type":"object","x-personal":"address","properties":{"zip":{"type":"string"},"city":{"type":"string"}},"required":["zip"],"additionalProperties":false}
         ,"items":{"type":"array","items":{"type":"object","properties":{"sku":{"type":"integer"}},"additionalProperties":false}})";
  constexpr std::string_view kV2 =
      R"(,"address":{"$ref":"#/$defs/place"}
         ,"items":{"type":"array","items":{"type":"object","properties":{"number":{"type":"integer"},"note":{"type":"integer"}},"additionalProperties":false}})";
  const auto catalogue = catalogue_of(
      {schema_of(1, kV1), schema_of(2, kV2, "",
                                    R"(,"$defs":{"place":{"type":"object","x-personal":"address","properties":{"postalCode":{"type":"string"},"city":{"type":"string"},
       "floor":{"type":"string"},"country":{"const":"DE"}},"required":["postalCode","country"],"additionalProperties":false}},
       "x-cast":{"rename":{"/address/zip":"postalCode","/items/*/sku":"number"},"default":{"/address/country":"DE"}})")});
  const auto casts = Casts::build(catalogue);
  ASSERT_TRUE(casts) << describe(casts.error());
  EXPECT_EQ(cast(*casts, 1, 2, R"({"userId":"u","address":{"zip":"1","city":"B"},"items":[{"sku":1},{},{"sku":2}]})"),
            R"({"userId":"u","address":{"postalCode":"1","city":"B","country":"DE"},"items":[{"number":1},{},{"number":2}]})");
  EXPECT_EQ(cast(*casts, 1, 2, R"({"userId":"u","items":[]})"), R"({"userId":"u","items":[]})");
  EXPECT_EQ(cast(*casts, 2, 1, R"({"userId":"u","address":{"postalCode":"1","floor":"2","country":"DE"},"items":[{"note":3,"number":1}]})"),
            R"({"userId":"u","address":{"zip":"1"},"items":[{"sku":1}]})");
  EXPECT_EQ(casts->way("user.rated", 2, 1), Way::total);
}

TEST(Casts, AValueThatLooksLikeStructureIsLeftAlone) {
  const auto catalogue = three_versions();
  const auto casts = Casts::build(catalogue);
  ASSERT_TRUE(casts);
  EXPECT_EQ(cast(*casts, 1, 2, R"({"userId":"\"name\":","name":"a\\\",}]{[\"score\":1","score":7})"),
            R"({"userId":"\"name\":","fullName":"a\\\",}]{[\"score\":1","score":7,"tier":"basic"})");
}

TEST(Casts, ADefaultStandsInOnlyWhereTheEventHasNoValue) {
  const auto catalogue = catalogue_of({schema_of(1, all({kTier})), schema_of(2, all({kTier}), R"(,"tier")", R"(,"x-cast":{"default":{"/tier":"basic"}})")});
  const auto casts = Casts::build(catalogue);
  ASSERT_TRUE(casts) << describe(casts.error());
  EXPECT_EQ(cast(*casts, 1, 2, R"({"userId":"u","tier":"gold"})"), R"({"userId":"u","tier":"gold"})");
  EXPECT_EQ(cast(*casts, 1, 2, R"({"userId":"u"})"), R"({"userId":"u","tier":"basic"})");
  EXPECT_EQ(cast(*casts, 2, 1, R"({"userId":"u","tier":"gold"})"), R"({"userId":"u","tier":"gold"})");
}

TEST(Casts, AnEventThatTheOlderVersionCannotSayIsRefusedWithTheField) {
  const auto catalogue = catalogue_of(
      {schema_of(1, R"(,"stars":{"type":"integer","minimum":1,"maximum":5})", R"(,"stars")"),
       schema_of(2, R"(,"stars":{"type":"integer","minimum":1,"maximum":10})")});
  const auto casts = Casts::build(catalogue);
  ASSERT_TRUE(casts) << describe(casts.error());
  EXPECT_EQ(casts->way("user.rated", 2, 1), Way::checked);
  EXPECT_EQ(cast(*casts, 2, 1, R"({"userId":"u","stars":5})"), R"({"userId":"u","stars":5})");
  EXPECT_EQ(cast(*casts, 2, 1, R"({"userId":"u","stars":9})"),
            "cast-refused: an event of user.rated cannot be said in version 1: at `/stars`: the number is too large");
  EXPECT_EQ(cast(*casts, 2, 1, R"({"userId":"u"})"), "cast-refused: an event of user.rated cannot be said in version 1: at `/stars`: this field is required");
  const auto findings = check(catalogue);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].code, "cast-partial");
  EXPECT_EQ(findings[0].severity, compatibility::Severity::warning);
  EXPECT_EQ(findings[0].file, "user.rated/2.json");
}

TEST(Casts, ARequiredFieldThatNothingGivesIsAFindingThatNamesIt) {
  EXPECT_EQ(first_error(catalogue_of({schema_of(1, ""), schema_of(2, all({kTier}), R"(,"tier")")})),
            "cast-impossible user.rated/2.json: at \"/x-cast\": not every event of user.rated/1.json becomes a valid one of this version: "
            "`/tier` is required in version 2, and nothing in version 1 becomes it: name it in `rename`, or give a value in `default`");
}

TEST(Casts, ARequiredFieldIsNeverLostInSilence) {
  EXPECT_EQ(first_error(catalogue_of({schema_of(1, all({kName}), R"(,"name")"), schema_of(2, "")})),
            "cast-impossible user.rated/2.json: at \"/x-cast\": not every event of user.rated/1.json becomes a valid one of this version: "
            "`/name` is required in version 1 and gone in version 2: name it in `rename` or `drop`");
}

TEST(Casts, ADefaultThatTheVersionWouldNotTakeIsRefused) {
  for (const std::string_view value : {R"("silver")", "7", "null", "{}"}) {
    const auto error = first_error(catalogue_of({schema_of(1, ""), schema_of(2, all({kTier}), R"(,"tier")", fmt::format(R"(,"x-cast":{{"default":{{"/tier":{}}}}})", value))}));
    EXPECT_TRUE(error.starts_with("cast-impossible user.rated/2.json: at \"/properties/tier")) << error;
  }
  EXPECT_EQ(first_error(catalogue_of({schema_of(1, ""), schema_of(2, R"(,"since":{"type":"string","format":"date","x-personal":"none"})", R"(,"since")",
                                                                     R"(,"x-cast":{"default":{"/since":"2026-01-01"}})")})),
            "");
  EXPECT_NE(first_error(catalogue_of({schema_of(1, ""), schema_of(2, R"(,"since":{"type":"string","format":"date","x-personal":"none"})", R"(,"since")",
                                                                     R"(,"x-cast":{"default":{"/since":"2026-13-01"}})")})),
            "");
}

TEST(Casts, AStepThatTakesValuesAwayIsRefused) {
  const auto error = first_error(catalogue_of({schema_of(1, all({kScore})), schema_of(2, R"(,"score":{"type":"integer","minimum":1})")}));
  EXPECT_TRUE(error.starts_with("cast-impossible user.rated/2.json: at \"/properties/score/minimum\"")) << error;
}

TEST(Casts, AFileMaySayThatThereIsNoCast) {
  const auto catalogue = catalogue_of({schema_of(1, all({kName}), R"(,"name")"), schema_of(2, "", "", R"(,"x-cast":"none")")});
  const auto casts = Casts::build(catalogue);
  ASSERT_TRUE(casts) << describe(casts.error());
  EXPECT_EQ(casts->way("user.rated", 1, 2), Way::none);
  EXPECT_EQ(cast(*casts, 1, 2, R"({"userId":"u","name":"Ada"})"),
            "no-cast: events of user.rated cannot be cast from version 1 to 2: user.rated/2.json declares that there is no cast");
  EXPECT_TRUE(check(catalogue).empty());
}

TEST(Casts, OneOfSeveralRequiredFieldsIsFollowedThroughItsNewName) {
  const auto identifiers = [](std::string_view mail, int version, std::string_view cast_text) {
    return fmt::format(
        R"({{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:user-events:schema:user.rated:{}","title":"User rated","type":"object",
            "properties":{{"{}":{{"type":"string","minLength":1,"x-personal":"email","x-key":"identifier"}},"login":{{"type":"string","minLength":1,"x-personal":"username","x-key":"identifier"}}}},
            "anyOf":[{{"required":["{}"]}},{{"required":["login"]}}],"additionalProperties":false{}}})",
        version, mail, mail, cast_text);
  };
  const auto catalogue =
      catalogue_of({identifiers("mail", 1, ""), identifiers("email", 2, R"(,"x-cast":{"rename":{"/mail":"email"}})")});
  const auto casts = Casts::build(catalogue);
  ASSERT_TRUE(casts) << describe(casts.error());
  EXPECT_EQ(cast(*casts, 1, 2, R"({"mail":"a@b"})"), R"({"email":"a@b"})");
  EXPECT_EQ(casts->way("user.rated", 2, 1), Way::total);
}

TEST(CheckVersions, WhatADeclaredCastMakesUpForIsNoError) {
  const std::string one = schema_of(1, all({kName, kScore}), R"(,"name","score")"),
                    two = schema_of(2, all({kFullName, kScore, kTier}), R"(,"fullName","score","tier")",
                                    R"(,"x-cast":{"rename":{"/name":"fullName"},"default":{"/tier":"basic"}})"),
                    lossy = schema_of(2, all({kFullName}), R"(,"fullName")", R"(,"x-cast":{"rename":{"/name":"fullName"},"drop":["/score"]})"),
                    silent = schema_of(2, all({kFullName, kScore, kTier}), R"(,"fullName","score","tier")");
  const auto errors = [](compatibility::Mode mode, const std::string& older, const std::string& newer) {
    const std::vector<compatibility::Document> versions = {{"1.json", older}, {"2.json", newer}};
    const auto findings = check_versions(mode, versions);
    EXPECT_TRUE(findings) << describe(findings.error());
    return std::ranges::count(*findings, compatibility::Severity::error, &compatibility::Finding::severity);
  };
  constexpr compatibility::Mode kBackward{true, false, false}, kForward{false, true, false}, kFull{true, true, true};
  EXPECT_EQ(errors(kFull, one, two), 0);
  EXPECT_GT(errors(kBackward, one, silent), 0);
  EXPECT_EQ(errors(kBackward, one, lossy), 0);
  EXPECT_GT(errors(kForward, one, lossy), 0) << "nothing restores the score";
}

TEST(CheckVersions, ACastOfAnyStepCountsWhereAllVersionsCount) {
  const std::string one = schema_of(1, all({kName}), R"(,"name")"),
                    two = schema_of(2, all({kFullName}), R"(,"fullName")", R"(,"x-cast":{"rename":{"/name":"fullName"}})"),
                    three = schema_of(3, all({kFullName, kTier}), R"(,"fullName")");
  const std::vector<compatibility::Document> versions = {{"1.json", one}, {"2.json", two}, {"3.json", three}};
  const auto errors = [&](compatibility::Mode mode) {
    const auto findings = check_versions(mode, versions);
    EXPECT_TRUE(findings) << describe(findings.error());
    return std::ranges::count(*findings, compatibility::Severity::error, &compatibility::Finding::severity);
  };
  EXPECT_EQ(errors({true, false, true}), 0) << "from 1 to 3 by the cast that 2 declares";
  EXPECT_EQ(errors({false, true, false}), 1) << "the step to 3 declares nothing: consumers of 2 that validate refuse the tier";
}

TEST(CheckVersions, NoCastMakesUpForANumberThatStoodForSomethingElse) {
  const std::string one = schema_of(1, all({kScore}), R"(,"score")"),
                    two = schema_of(2, R"(,"points":{"type":"integer","x-field-number":3})", "", R"(,"x-cast":{"drop":["/score"]})");
  const std::vector<compatibility::Document> versions = {{"1.json", one}, {"2.json", two}};
  const auto findings = check_versions({true, false, false}, versions);
  ASSERT_TRUE(findings) << describe(findings.error());
  const auto error = std::ranges::find(*findings, compatibility::Severity::error, &compatibility::Finding::severity);
  ASSERT_NE(error, findings->end());
  EXPECT_EQ(error->code + " " + error->pointer, "field-number-reused /properties/points/x-field-number");
}

TEST(Casts, ANumberSaysNothingOfWhetherDataCanBeCast) {
  const auto catalogue = catalogue_of({schema_of(1, R"(,"score":{"type":"integer","x-field-number":3})"), schema_of(2, R"(,"score":{"type":"integer","x-field-number":4})")});
  const auto casts = Casts::build(catalogue);
  ASSERT_TRUE(casts) << describe(casts.error());
  EXPECT_EQ(casts->way("user.rated", 1, 2), Way::total);
  const auto numbers = compatibility::check_numbers(catalogue);
  ASSERT_FALSE(numbers);
  EXPECT_EQ(numbers.error().code, "field-number-changed");
  EXPECT_NE(numbers.error().message.find("user.rated/2.json: at \"/properties/score/x-field-number\""), std::string::npos) << numbers.error().message;
}

TEST(Casts, TheirGrowthIsThatOfTheWidestWay) {
  const auto growth = [](std::initializer_list<std::string> versions) {
    const auto catalogue = catalogue_of(versions);
    const auto casts = Casts::build(catalogue);
    EXPECT_TRUE(casts);
    return std::pair(casts->growth().factor, casts->growth().bytes);
  };
  EXPECT_EQ(growth({schema_of(1, all({kName}))}), std::pair(std::uint64_t{1}, std::uint64_t{0}));
  const auto [factor, bytes] = growth({schema_of(1, all({kName, kScore}), R"(,"name","score")"),
                                       schema_of(2, all({kFullName, kScore, kTier}), R"(,"fullName","score","tier")",
                                                 R"(,"x-cast":{"rename":{"/name":"fullName"},"default":{"/tier":"basic"}})")});
  EXPECT_EQ(factor, 1u);
  EXPECT_EQ(bytes, 4u + std::string_view(R"(,"tier":"basic")").size());
  const auto items = [](std::string_view name) {
    return fmt::format(R"(,"items":{{"type":"array","items":{{"type":"object","properties":{{"{}":{{"type":"integer"}}}},"additionalProperties":false}}}})", name);
  };
  EXPECT_EQ(growth({schema_of(1, items("n")), schema_of(2, items("number"), "", R"(,"x-cast":{"rename":{"/items/*/n":"number"}})")}), std::pair(std::uint64_t{4}, std::uint64_t{0}));
}

TEST(Casts, TenThousandFieldsComeAndGoInGoodTime) {
  std::string fields, data = R"({"userId":"u")";
  for (int i = 0; i < 10'000; ++i) {
    fields += fmt::format(R"(,"f{}":{{"type":"integer"}})", i);
    data += fmt::format(R"(,"f{}":{})", i, i);
  }
  const auto catalogue = catalogue_of({schema_of(1, ""), schema_of(2, fields), schema_of(3, fields)});
  const auto casts = Casts::build(catalogue);
  ASSERT_TRUE(casts) << describe(casts.error());
  EXPECT_EQ(cast(*casts, 2, 1, data + "}"), R"({"userId":"u"})");
  EXPECT_EQ(cast(*casts, 2, 3, data + "}"), data + "}");
}

TEST(Casts, WhatLiesDeeperThanACastGoesIsCheckedAndNeverSentWrong) {
  constexpr std::string_view kTree = R"(,"tree":{"$ref":"#/$defs/d0"})";
  const auto definitions = [](int depth, std::string_view leaf) {
    std::string text = R"(,"$defs":{)";
    for (int i = 0; i < depth; ++i)
      text += fmt::format(R"("d{}":{{"type":"object","properties":{{"below":{{"$ref":"#/$defs/d{}"}}}},"additionalProperties":false}},)", i, i + 1);
    return text + fmt::format(R"("d{}":{{"type":"object","properties":{{{}}},"additionalProperties":false}}}})", depth, leaf);
  };
  const auto data = [](int depth, std::string_view leaf) {
    std::string text = R"({"userId":"u","tree":)";
    for (int i = 0; i < depth; ++i) text += R"({"below":)";
    return (text += leaf).append(static_cast<std::size_t>(depth), '}') + "}";
  };
  for (const int depth : {20, 50}) {
    const auto catalogue = catalogue_of({schema_of(1, kTree, "", definitions(depth, "")), schema_of(2, kTree, "", definitions(depth, R"("size":{"type":"integer"})"))});
    const auto casts = Casts::build(catalogue);
    ASSERT_TRUE(casts) << describe(casts.error());
    const bool is_reached = depth == 20;
    EXPECT_EQ(casts->way("user.rated", 2, 1), is_reached ? Way::total : Way::checked);
    EXPECT_EQ(cast(*casts, 1, 2, data(depth, "{}")), data(depth, "{}"));
    const std::string down = cast(*casts, 2, 1, data(depth, R"({"size":1})"));
    EXPECT_TRUE(is_reached ? down == data(depth, "{}") : down.starts_with("cast-refused")) << down;
  }
}

TEST(Casts, DataThatIsNoneOfOursIsAnErrorNotACrash) {
  const auto catalogue = three_versions();
  const auto casts = Casts::build(catalogue);
  ASSERT_TRUE(casts);
  const std::string good = R"({"userId":"u","name":"A\"da","score":7})";
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_TRUE(cast(*casts, 1, 2, good.substr(0, size)).starts_with("cast-damaged")) << size;
  for (const std::string_view text : {"{}}", "[]x", R"({"a"})", R"({"a":})", R"({"name":"\)"})
    EXPECT_TRUE(cast(*casts, 1, 2, text).starts_with("cast-damaged")) << text;
}

}  // namespace
}  // namespace user_events::casts
