// Schema texts in Avro and Protobuf.
#include "schemas/texts.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "compatibility/compatibility.h"
#include "schemas/wire_names.h"
#include "support.h"
#include "support/temporary_directory.h"

namespace user_events::schemas {
namespace {

using test::model_of;
using test::model_with;
using test::type_with;

std::string protobuf_of(const std::string& properties, const std::string& rest = "") {
  auto text = protobuf_schema(model_with(properties, rest));
  EXPECT_TRUE(text) << describe(text.error());
  return std::move(text).value();
}

#define EXPECT_HOLDS(text, part) \
  EXPECT_NE((text).find(part), std::string::npos) << (part) << " is not in\n" << (text)

/// Errors of the step from one text to the next, for consumers of either, as `compatibility` sees them.
std::string breaks(Encoding encoding, const std::string& before, const std::string& after, const char* mode) {
  const compatibility::Document documents[] = {{"before", before}, {"after", after}};
  const auto format =
      encoding == Encoding::avro ? compatibility::Format::avro : compatibility::Format::protobuf;
  const auto findings = compatibility::check(format, *compatibility::parse_mode(mode), documents);
  EXPECT_TRUE(findings) << describe(findings.error()) << "\n" << before << after;
  std::string codes;
  for (const compatibility::Finding& finding : findings.value())
    if (finding.severity == compatibility::Severity::error)
      codes += finding.code + " " + finding.pointer + "; ";
  return codes;
}

/// The same for two versions of a type's properties.
std::string step(Encoding encoding, const std::string& before, const std::string& after,
                 const char* mode = "full", const std::string& rest = "") {
  const Model old_model = make_model(*type_with(before, rest)).value();
  const Model new_model = make_model(*type_with(after, rest, 2)).value();
  if (encoding == Encoding::avro)
    return breaks(encoding, avro_schema(old_model), avro_schema(new_model), mode);
  const auto text = protobuf_schema(new_model, {&old_model, 1});
  return text ? breaks(encoding, protobuf_schema(old_model).value(), *text, mode) : text.error().message;
}

TEST(AvroText, IsWhatTheDocumentationShows) {
  EXPECT_EQ(
      avro_schema(model_of("user.mfa.enabled")),
      R"({"type": "record", "name": "MfaEnabled", "namespace": "user_events", "doc": "A user turned a second factor on.", )"
      R"("dataschema": "urn:user-events:schema:user.mfa.enabled:1", "fields": [
  {"name": "userId", "type": "string", "doc": "The user's id, stable for the user's whole life. All events of one user are delivered in order of this id.", "x-personal": "user-id"},
  {"name": "mfaType", "type": ["null", "string"], "default": null, "doc": "The kind of factor, such as `totp` or `webauthn`.", "x-personal": "none"},
  {"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-millis"}, "doc": "When it was turned on. RFC 3339; the time of acceptance if left out.", "x-personal": "none"}
]}
)");
}

TEST(ProtobufText, IsWhatTheDocumentationShows) {
  EXPECT_EQ(
      protobuf_schema(model_of("user.mfa.enabled")).value(),
      R"(// Data of user.mfa.enabled, version 1: urn:user-events:schema:user.mfa.enabled:1. Derived from the catalogue.
syntax = "proto3";

package user_events;

import "google/protobuf/timestamp.proto";

// A user turned a second factor on.
message MfaEnabled {
  // The user's id, stable for the user's whole life. All events of one user are delivered in order of this id.
  string user_id = 1;
  // The kind of factor, such as `totp` or `webauthn`.
  optional string mfa_type = 2;
  // When it was turned on. RFC 3339; the time of acceptance if left out.
  google.protobuf.Timestamp timestamp = 3;
}
)");
}

TEST(Texts, AreTheSameEachTime) {
  for (const catalogue::EventType* type : test::builtin().all())
    for (const Encoding encoding : {Encoding::avro, Encoding::protobuf})
      EXPECT_EQ(schema_text(encoding, test::builtin(), *type).value(),
                schema_text(encoding, test::builtin(), *type).value());
}

TEST(Texts, OfEveryTypeAreValidAndCompatibleWithThemselves) {
  for (const catalogue::EventType* type : test::builtin().all())
    for (const Encoding encoding : {Encoding::avro, Encoding::protobuf}) {
      const std::string text = schema_text(encoding, test::builtin(), *type).value();
      EXPECT_EQ(breaks(encoding, text, text, "full"), "") << type->name;
    }
}

TEST(AvroText, UuidsAreMarkedOnlyWhereNothingElseCanStand) {
  EXPECT_HOLDS(avro_schema(model_with(R"("x": {"type": "string", "format": "uuid", "x-personal": "none"})")),
               R"({"type": "string", "logicalType": "uuid"})");
  EXPECT_HOLDS(
      avro_schema(model_with(
          R"("x": {"type": "string", "anyOf": [{"format": "uuid"}, {"format": "uri"}], "x-personal": "none"})")),
      R"("type": ["null", "string"])");
}

TEST(AvroText, AnEnumerationIsOneOnlyIfItsValuesAreNames) {
  EXPECT_HOLDS(
      avro_schema(model_with(R"("x": {"enum": ["b", "a_1"], "x-personal": "none"})")),
      R"({"type": "enum", "name": "UserTestedX", "namespace": "user_events.user_tested", "symbols": ["b", "a_1"]})");
  EXPECT_HOLDS(avro_schema(model_with(R"("x": {"enum": ["b", "a-1"], "x-personal": "none"})")),
               R"(["null", "string"])");
  EXPECT_HOLDS(avro_schema(model_with(R"("x": {"enum": ["b", ""], "x-personal": "none"})")),
               R"(["null", "string"])");
}

TEST(AvroText, NamesThatAreNoneInAvroAreReplacedAndKept) {
  const std::string text = avro_schema(model_with(
      R"("first-name": {"type": "integer"}, "first_name": {"type": "integer"}, "1": {"type": "integer"})"));
  EXPECT_HOLDS(
      text,
      R"({"name": "first_name2", "type": ["null", "long"], "default": null, "jsonName": "first-name"})");
  EXPECT_HOLDS(text, R"({"name": "first_name", "type": ["null", "long"], "default": null})");
  EXPECT_HOLDS(text, R"({"name": "_1", "type": ["null", "long"], "default": null, "jsonName": "1"})");
}

TEST(ProtobufText, NamesAreSnakeCaseAndJsonNamesAreWrittenWhereTheyDoNotFollow) {
  const std::string text = protobuf_of(
      R"("postalCode": {"type": "integer", "x-field-number": 2}, "URL": {"type": "integer", "x-field-number": 3},)"
      R"("first-name": {"type": "integer", "x-field-number": 4}, "a\"\\\u0001": {"type": "integer", "x-field-number": 5})");
  EXPECT_HOLDS(text, "optional int64 postal_code = 2;");
  EXPECT_HOLDS(text, "optional int64 u_r_l = 3 [json_name = \"URL\"];");
  EXPECT_HOLDS(text, "optional int64 first_name = 4 [json_name = \"first-name\"];");
  EXPECT_HOLDS(text, R"(optional int64 a___ = 5 [json_name = "a\042\134\001"];)");
  EXPECT_EQ(breaks(Encoding::protobuf, text, text, "full"), "");
}

TEST(ProtobufText, ADescriptionCannotLeaveItsComment) {
  const std::string text = protobuf_of(
      R"("x": {"type": "integer", "x-field-number": 2, "description": "one\nmessage Evil {}\r\u2028*/"})");
  EXPECT_HOLDS(text, "  // one\n  // message Evil {} \u2028*/\n");
}

TEST(Names, OfVeryManyThatWantTheSameEachGetsItsOwn) {
  constexpr std::string_view kNoLetters = "!#$%&()*+,-.:;<=>?@[]^";  // each becomes `_`, or nothing
  std::string fields, objects;
  const auto name = [&](std::size_t i) { return std::string{kNoLetters[i % 22], kNoLetters[i / 22 % 22], kNoLetters[i / 484]}; };
  for (std::size_t i = 0; i < 9'000; ++i) fields += fmt::format(R"({}"{}":{{"type":"integer","x-field-number":{}}})", i == 0 ? "" : ",", name(i), i + 2);
  for (std::size_t i = 0; i < 3'000; ++i)
    objects += fmt::format(R"({}"{}":{{"type":"object","additionalProperties":false,"x-field-number":{},"properties":{{"a":{{"type":"integer","x-field-number":{}}}}}}})", i == 0 ? "" : ",",
                           name(i), i + 2, i + 1);
  const auto names = avro_field_names(model_with(fields).root());
  EXPECT_EQ(names[0], "userId");
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  const auto text = protobuf_schema(model_with(objects));
  ASSERT_TRUE(text) << describe(text.error());
  EXPECT_HOLDS(*text, "message UserTestedX3000 {");
}

TEST(ProtobufText, IsRefusedForANameThatProtocWouldRefuse) {
  const auto text = protobuf_schema(model_with(R"("x\u0000y": {"type": "integer", "x-field-number": 2})"));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, "no-derived-schema");
  EXPECT_HOLDS(text.error().message, "the name holds a zero");
}

TEST(ProtobufText, IsRefusedWithoutANumber) {
  for (
      const std::string properties :
      {R"("x": {"type": "integer"})",
       R"("x": {"type": "array", "x-field-number": 2, "items": {"type": "object", "additionalProperties": false, "properties": {"x": {"type": "integer"}}}})"}) {
    const auto text = protobuf_schema(model_with(properties));
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, "no-derived-schema");
    EXPECT_EQ(text.error().kind, ErrorKind::usage);
    EXPECT_HOLDS(text.error().message, "user.tested version 1: at \"/properties/x");
    EXPECT_HOLDS(text.error().message, "the field has no number (`x-field-number`)");
  }
}

TEST(ProtobufText, TheNumberOfUnnamedMembersIsTaken) {
  const auto text = protobuf_schema(model_with(
      R"("x": {"type": "object", "x-field-number": 2, "x-personal": "none", "properties": {"a": {"type": "integer", "x-field-number": 536870911}}})"));
  ASSERT_FALSE(text);
  EXPECT_HOLDS(text.error().message, "the number is that of the members without a name");
}

TEST(ProtobufText, AnObjectCannotHaveTheNameOfAMapsEntries) {
  const auto text = protobuf_schema(model_with(
      R"("theCounts": {"type": "object", "additionalProperties": {"type": "integer"}, "x-field-number": 2},)"
      R"("x": {"type": "object", "additionalProperties": false, "x-name": "TheCountsEntry", "x-field-number": 3})"));
  ASSERT_FALSE(text);
  EXPECT_HOLDS(
      text.error().message,
      "at \"/properties/theCounts\": an object has the name that protoc gives to this map's entries");
}

TEST(ProtobufText, ANumberOnceUsedIsNeverUsedForAnotherField) {
  const Model first =
      make_model(
          *type_with(
              R"("old": {"type": "integer", "x-field-number": 2}, "kept": {"type": "integer", "x-field-number": 3})"))
          .value();
  const Model second =
      make_model(*type_with(R"("kept": {"type": "integer", "x-field-number": 3})", "", 2)).value();
  const Model third =
      make_model(
          *type_with(
              R"("kept": {"type": "integer", "x-field-number": 3}, "new": {"type": "integer", "x-field-number": 2})",
              "", 3))
          .value();
  const std::vector<Model> earlier = {first, second};
  EXPECT_HOLDS(protobuf_schema(second, {&first, 1}).value(), "  reserved 2;\n  reserved \"old\";\n");
  const auto reused = protobuf_schema(third, earlier);
  ASSERT_FALSE(reused);
  EXPECT_EQ(reused.error().message,
            "user.tested version 3: at \"/properties/new\": its number was that of `old` in version 1");
}

TEST(ProtobufText, AFieldThatWasRenamedKeepsItsNumber) {
  const auto schema = [](int version, const std::string& name, const std::string& rest) {
    return R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:user-events:schema:user.renamed:)" + std::to_string(version) +
           R"(","title":"T","type":"object","additionalProperties":false,"required":["userId"],"properties":{)"
           R"("userId":{"type":"string","minLength":1,"x-personal":"user-id","x-key":"user","x-field-number":1},")" + name +
           R"(":{"type":"integer","x-field-number":2}})" + rest + "}";
  };
  const ::user_events::test::TemporaryDirectory folder;
  std::filesystem::create_directories(folder.path() + "/user.renamed");
  std::ofstream(folder.path() + "/user.renamed/1.json") << schema(1, "score", "");
  std::ofstream(folder.path() + "/user.renamed/2.json") << schema(2, "points", R"(,"x-cast":{"rename":{"/score":"points"}})");
  std::ofstream(folder.path() + "/user.renamed/3.json") << schema(3, "points", "");
  catalogue::Catalogue catalogue = catalogue::Catalogue::builtin().value();
  ASSERT_TRUE(catalogue.load_directory(folder.path()));
  for (const std::uint32_t version : {2u, 3u}) {
    const auto text = schema_text(Encoding::protobuf, catalogue, *catalogue.find("user.renamed", version));
    ASSERT_TRUE(text) << describe(text.error());
    EXPECT_HOLDS(*text, " points = 2;");
    EXPECT_EQ(text->find("reserved"), std::string::npos) << *text;
  }
}

TEST(ProtobufText, NamesThatDifferInCaseAndUnderscoresAloneAreToldApart) {
  const std::string text = protobuf_of(R"("firstName": {"type": "integer", "x-field-number": 2}, "fi_rst-name": {"type": "integer", "x-field-number": 3},)"
                                       R"("firstname": {"type": "integer", "x-field-number": 4}, "firstname2": {"type": "integer", "x-field-number": 5})");
  EXPECT_HOLDS(text, "int64 first_name = 2;");
  EXPECT_HOLDS(text, "int64 fi_rst_name2 = 3 [json_name = \"fi_rst-name\"];");
  EXPECT_HOLDS(text, "int64 firstname3 = 4 [json_name = \"firstname\"];");
  EXPECT_HOLDS(text, "int64 firstname22 = 5 [json_name = \"firstname2\"];");
}

TEST(ProtobufText, NumbersOfNestedObjectsAreReservedThere) {
  const std::string open =
      R"("x": {"type": "object", "additionalProperties": false, "x-field-number": 2, "properties": {)";
  const Model first =
      make_model(*type_with(open + R"("a": {"type": "integer", "x-field-number": 7}}})")).value();
  const Model second =
      make_model(*type_with(open + R"("b": {"type": "integer", "x-field-number": 8}}})", "", 2)).value();
  EXPECT_HOLDS(protobuf_schema(second, {&first, 1}).value(),
               "  message UserTestedX {\n    reserved 7;\n    reserved \"a\";\n");
}

// ---- what changes of a type mean for its consumers

constexpr const char* kBefore =
    R"("a": {"type": "integer", "x-field-number": 2}, "x": {"type": "object", "x-personal": "none", "x-field-number": 3})";

TEST(Evolution, AnOptionalFieldMoreBreaksNobody) {
  const std::string before = kBefore;
  for (const std::string added :
       {R"({"type": "integer", "x-field-number": 4})",
        R"({"type": "string", "format": "date-time", "x-personal": "none", "x-field-number": 4})",
        R"({"type": "array", "items": {"type": "integer"}, "x-field-number": 4})",
        R"({"x-personal": "none", "x-field-number": 4})",
        R"({"type": "object", "x-personal": "none", "x-field-number": 4})",
        R"({"enum": ["p", "q"], "x-personal": "none", "x-field-number": 4})"}) {
    EXPECT_EQ(step(Encoding::avro, before, before + R"(, "new": )" + added), "") << added;
    EXPECT_EQ(step(Encoding::protobuf, before, before + R"(, "new": )" + added), "") << added;
  }
}

TEST(Evolution, AnOptionalObjectMoreBreaksNoNewConsumer) {
  const std::string before = kBefore;
  const std::string added =
      R"(, "new": {"type": "object", "additionalProperties": false, "properties": {"b": {"type": "number", "x-field-number": 1}}, "x-field-number": 4})";
  EXPECT_EQ(step(Encoding::avro, before, before + added), "");
  EXPECT_EQ(step(Encoding::protobuf, before, before + added, "backward"), "");
}

TEST(Evolution, AnOptionalFieldMoreInAnyBuiltInTypeIsBackwardCompatible) {
  for (const catalogue::EventType* type : test::builtin().all()) {
    std::string text = type->schema_text;
    text.replace(
        text.find("\"properties\": {"), 15,
        R"("properties": {"added": {"type": "string", "x-personal": "none", "x-field-number": 99},)");
    text.replace(text.find(type->data_schema_uri), type->data_schema_uri.size(),
                 type->data_schema_uri.substr(0, type->data_schema_uri.size() - 1) + "2");
    const auto next = catalogue::make_event_type("next.json", type->name, 2, text);
    ASSERT_TRUE(next) << describe(next.error());
    const Model before = make_model(*type).value(), after = make_model(**next).value();
    EXPECT_EQ(breaks(Encoding::avro, avro_schema(before), avro_schema(after), "full"), "") << type->name;
    EXPECT_EQ(breaks(Encoding::protobuf, protobuf_schema(before).value(),
                     protobuf_schema(after, {&before, 1}).value(), "full"),
              "")
        << type->name;
  }
}

TEST(Evolution, ARequiredFieldThatBecomesOptionalIsReadByNewConsumers) {
  const std::string before = R"("a": {"type": "integer", "x-field-number": 2})";
  const Model required = make_model(*type_with(before, R"("x-since": "1")")).value();
  Model strict = required;
  strict.objects[0].fields[1].required = true;
  EXPECT_EQ(breaks(Encoding::avro, avro_schema(strict), avro_schema(required), "backward"), "");
  EXPECT_EQ(
      breaks(Encoding::protobuf, protobuf_schema(strict).value(), protobuf_schema(required).value(), "full"),
      "");
}

TEST(Evolution, AnotherTypeOrNumberOfAFieldIsFound) {
  EXPECT_NE(
      step(Encoding::avro, kBefore, R"("a": {"type": "string", "x-personal": "none", "x-field-number": 2})"),
      "");
  EXPECT_NE(step(Encoding::protobuf, kBefore,
                 R"("a": {"type": "string", "x-personal": "none", "x-field-number": 2})"),
            "");
}

}  // namespace
}  // namespace user_events::schemas
