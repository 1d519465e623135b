// The neutral model of event data.
#include "schemas/model.h"

#include <simdjson.h>

#include "support.h"

namespace user_events::schemas {
namespace {

using test::model_of;
using test::model_with;

const Field& field(const Model& model, std::string_view name, std::size_t object = 0) {
  const Field* found = Model::find(model.objects.at(object), name);
  if (found == nullptr) throw std::runtime_error("no field " + std::string(name));
  return *found;
}

/// The field `x` of a type that has only it.
Field x(const std::string& schema, const std::string& rest = "") {
  return field(model_with(R"("x": )" + schema, rest), "x");
}

std::string kind_of(const std::string& schema, const std::string& rest = "") {
  const Field made = x(schema, rest);
  return std::string(name(made.shape.kind)) + (made.shape.nullable ? "?" : "");
}

TEST(Model, TellsWhatAnEventTypeIs) {
  const Model model = model_of("user.created");
  EXPECT_EQ(model.type, "user.created");
  EXPECT_EQ(model.version, 1U);
  EXPECT_EQ(model.title, "User created");
  EXPECT_EQ(model.data_schema_uri, "urn:user-events:schema:user.created:1");
  EXPECT_EQ(model.root().name, "UserCreated");
  ASSERT_EQ(model.root().fields.size(), 5U);
  EXPECT_EQ(model.root().extra, nullptr);
}

TEST(Model, TellsWhatAFieldIs) {
  const Model model = model_of("user.created");
  const Field& email = field(model, "email");
  EXPECT_EQ(email.shape.kind, Kind::text);
  EXPECT_EQ(email.shape.formats, std::vector<std::string>{"email"});
  EXPECT_EQ(email.shape.constraints.min_length, 3U);
  EXPECT_EQ(email.shape.constraints.max_length, 254U);
  EXPECT_TRUE(email.required);
  EXPECT_EQ(email.number, 2U);
  EXPECT_EQ(email.personal, "email");
  EXPECT_EQ(email.description, "The user's e-mail address.");
  EXPECT_FALSE(field(model, "username").required);
  EXPECT_EQ(field(model, "userId").key, "user");
  const Field& time = field(model, "registrationTimestamp");
  EXPECT_EQ(time.shape.kind, Kind::timestamp);
  EXPECT_EQ(time.filled_with, "acceptance-time");
}

TEST(Model, EveryBuiltInTypeHasOneWithNumbersDescriptionsAndClasses) {
  ASSERT_EQ(test::builtin().all().size(), 19U);
  for (const catalogue::EventType* type : test::builtin().all()) {
    const Model model = make_model(*type).value();
    for (const Object& object : model.objects)
      for (const Field& field : object.fields) {
        EXPECT_NE(field.number, 0U) << type->name << field.pointer;
        EXPECT_FALSE(field.description.empty()) << type->name << field.pointer;
        EXPECT_TRUE(!field.personal.empty() || field.shape.kind == Kind::object)
            << type->name << field.pointer;
      }
  }
}

TEST(Model, ChangesAreAMapOfAnything) {
  const Model model = model_of("user.updated");
  const Field& changes = field(model, "changes");
  EXPECT_EQ(changes.shape.kind, Kind::map);
  EXPECT_EQ(changes.shape.element->kind, Kind::any);
  EXPECT_EQ(changes.shape.constraints.max_members, 1000U);
  const Field& names = field(model, "updatedFields");
  EXPECT_EQ(names.shape.kind, Kind::array);
  EXPECT_EQ(names.shape.element->kind, Kind::text);
  EXPECT_EQ(names.filled_with, "keys-of:/changes");
}

TEST(Model, ANestedObjectHasItsOwnFields) {
  const Model model = model_of("user.address.added");
  ASSERT_EQ(model.objects.size(), 2U);
  EXPECT_EQ(field(model, "address").shape.object, 1U);
  EXPECT_EQ(model.objects[1].name, "Address");
  EXPECT_EQ(field(model, "postalCode", 1).personal, "address");
}

TEST(Model, AtLeastOneOfSeveralFieldsIsRemembered) {
  const std::vector<std::vector<std::string>> expected = {{"email"}, {"username"}};
  EXPECT_EQ(model_of("user.login.failed").root().one_required, expected);
}

TEST(Model, TypesBecomeKinds) {
  EXPECT_EQ(kind_of(R"({"type": "boolean"})"), "boolean");
  EXPECT_EQ(kind_of(R"({"type": "integer"})"), "integer");
  EXPECT_EQ(kind_of(R"({"type": "number"})"), "number");
  EXPECT_EQ(kind_of(R"({"type": ["integer", "number"]})"), "number");
  EXPECT_EQ(kind_of(R"({"type": ["integer", "null"]})"), "integer?");
  EXPECT_EQ(kind_of(R"({"type": ["integer", "string"], "x-personal": "none"})"), "any");
  EXPECT_EQ(kind_of(R"({"x-personal": "none"})"), "any?");
  EXPECT_EQ(kind_of(R"({"type": "null"})"), "any?");
  EXPECT_EQ(kind_of(R"({"type": "object", "x-personal": "none"})"), "map");
  EXPECT_EQ(kind_of(R"({"type": "object", "additionalProperties": false})"), "object");
}

TEST(Model, AlternativesNarrowTheKindAsFarAsTheySurelyDo) {
  EXPECT_EQ(kind_of(R"({"anyOf": [{"type": "string"}, {"type": "null"}], "x-personal": "none"})"), "text?");
  EXPECT_EQ(kind_of(R"({"anyOf": [{"type": "string"}, {"type": "boolean"}], "x-personal": "none"})"), "any");
  EXPECT_EQ(kind_of(R"({"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/n"}], "x-personal": "none"})",
                    R"("$defs": {"n": {"type": "number"}})"),
            "number");
  EXPECT_EQ(
      kind_of(
          R"({"type": "object", "additionalProperties": true, "x-personal": "none", "anyOf": [{"properties": {"a": {}}}, {"required": ["b"]}]})"),
      "map");
}

TEST(Model, ValuesGivenOneByOneTellTheKind) {
  const Field made = x(R"({"enum": ["pending", "active", "a b", null], "x-personal": "none"})");
  EXPECT_EQ(made.shape.kind, Kind::enumeration);
  EXPECT_TRUE(made.shape.nullable);
  EXPECT_EQ(made.shape.symbols, (std::vector<std::string>{"pending", "active", "a b"}));
  EXPECT_EQ(made.shape.constraints.values,
            (std::vector<std::string>{R"("pending")", R"("active")", R"("a b")", "null"}));
  EXPECT_EQ(kind_of(R"({"const": "one", "x-personal": "none"})"), "enumeration");
  EXPECT_EQ(kind_of(R"({"enum": [1, 2.0, 3], "x-personal": "none"})"), "integer");
  EXPECT_EQ(kind_of(R"({"enum": [1, 2.5], "x-personal": "none"})"), "number");
  EXPECT_EQ(kind_of(R"({"enum": [true], "x-personal": "none"})"), "boolean");
  EXPECT_EQ(kind_of(R"({"enum": ["a", 1], "x-personal": "none"})"), "any");
}

TEST(Model, OnlyATimeThatFormationRewritesIsATimestamp) {
  EXPECT_EQ(kind_of(R"({"type": "string", "format": "date-time", "x-personal": "none"})"), "timestamp");
  EXPECT_EQ(kind_of(R"({"type": ["string", "null"], "format": "date-time", "x-personal": "none"})"),
            "timestamp?");
  EXPECT_EQ(kind_of(R"({"type": "string", "format": "date", "x-personal": "none"})"), "text");
  const std::string either =
      R"({"type": "string", "x-personal": "none", "anyOf": [{"format": "date-time"}, {"format": "date"}]})";
  EXPECT_EQ(kind_of(either), "text");
  EXPECT_EQ(x(either).shape.formats, (std::vector<std::string>{"date-time", "date"}));
}

TEST(Model, ArraysAndMapsKnowTheirElements) {
  const Field made = x(
      R"({"type": "array", "maxItems": 3, "items": {"type": "array", "items": {"type": ["integer", "null"]}}})");
  EXPECT_EQ(made.shape.constraints.max_items, 3U);
  EXPECT_EQ(made.shape.element->kind, Kind::array);
  EXPECT_EQ(made.shape.element->element->kind, Kind::integer);
  EXPECT_TRUE(made.shape.element->element->nullable);
  EXPECT_EQ(x(R"({"type": "object", "additionalProperties": {"type": "number"}})").shape.element->kind,
            Kind::number);
  EXPECT_EQ(x(R"({"type": "array", "x-personal": "none"})").shape.element->kind, Kind::any);
}

TEST(Model, AnOpenObjectSaysWhatElseItHolds) {
  const Model model = model_with(
      R"("x": {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": {"type": "boolean"}})");
  ASSERT_NE(model.objects.at(1).extra, nullptr);
  EXPECT_EQ(model.objects[1].extra->kind, Kind::boolean);
  EXPECT_EQ(model.objects[1].name, "UserTestedX");
}

TEST(Model, WordsAndLimitsComeThroughReferences) {
  const Field made = x(
      R"({"$ref": "#/$defs/n"})",
      R"("$defs": {"n": {"description": "A count.", "type": "integer", "minimum": 1, "maximum": 9, "default": 3}})");
  EXPECT_EQ(made.shape.kind, Kind::integer);
  EXPECT_EQ(made.description, "A count.");
  EXPECT_EQ(made.shape.constraints.minimum, "1");
  EXPECT_EQ(made.shape.constraints.maximum, "9");
  EXPECT_EQ(made.default_json, "3");
  EXPECT_EQ(x(R"({"$ref": "#/$defs/n", "description": "Mine."})",
              R"("$defs": {"n": {"description": "A count."}}, "x-personal": "none")")
                .description,
            "Mine.");
}

TEST(Model, AnnotationsBesideAReferenceComeFirst) {
  const std::string defs =
      R"("$defs": {"place": {"type": "object", "additionalProperties": false, "x-name": "Place", "x-personal": "address", "x-field-number": 7,
                   "properties": {"at": {"$ref": "#/$defs/time", "x-field-number": 4}}},
                   "time": {"type": "string", "format": "date-time", "x-personal": "none"}})";
  const Model model = model_with(
      R"("x": {"$ref": "#/$defs/place", "x-field-number": 2}, "y": {"$ref": "#/$defs/place"})", defs);
  EXPECT_EQ(field(model, "x").shape.kind, Kind::object);
  EXPECT_EQ(field(model, "x").number, 2U);
  EXPECT_EQ(field(model, "y").number, 7U);
  EXPECT_EQ(field(model, "x").personal, "address");
  EXPECT_EQ(field(model, "x").shape.object, field(model, "y").shape.object);
  EXPECT_EQ(field(model, "at", 1).shape.kind, Kind::timestamp);
  EXPECT_EQ(model.objects[1].name, "Place");
}

TEST(Model, PointersLeadToAPlaceInTheFile) {
  const std::string defs =
      R"("$defs": {"place": {"type": "object", "additionalProperties": false, "x-name": "Place", "x-personal": "address",
                   "properties": {"city": {"type": "string", "description": "Where."}, "at": {"$ref": "#/$defs/point"}}},
                   "point": {"$ref": "#/$defs/pair", "x-personal": "none"},
                   "pair": {"type": "object", "additionalProperties": false, "properties": {"lat": {"type": "number"}}}})";
  const auto type = test::type_with(R"("x": {"$ref": "#/$defs/place", "x-field-number": 2}, "y": {"$ref": "#/$defs/place", "description": "Mine."})", defs);
  const Model model = make_model(*type).value();
  simdjson::dom::parser parser;
  const simdjson::dom::element file = parser.parse(type->schema_text).value();
  for (const Object& object : model.objects) {
    EXPECT_TRUE(object.pointer.empty() || file.at_pointer(object.pointer).error() == simdjson::SUCCESS) << object.pointer;
    for (const Field& each : object.fields) EXPECT_EQ(file.at_pointer(each.pointer).error(), simdjson::SUCCESS) << each.pointer;
  }
  EXPECT_EQ(field(model, "city", 1).pointer, "/$defs/place/properties/city");
  EXPECT_EQ(field(model, "city", 1).description, "Where.");
  EXPECT_EQ(field(model, "y").pointer, "/properties/y");
}

TEST(Model, TheSameObjectAtSeveralPlacesIsOne) {
  const std::string place =
      R"({"type": "object", "additionalProperties": false, "x-name": "Place", "properties": {"a": {"type": "integer"}}})";
  const Model inline_twice = model_with(R"("x": )" + place + R"(, "y": )" + place);
  EXPECT_EQ(inline_twice.objects.size(), 2U);
  EXPECT_EQ(field(inline_twice, "x").shape.object, field(inline_twice, "y").shape.object);
  const Model referred =
      model_with(R"("x": {"$ref": "#/$defs/p"}, "y": {"type": "array", "items": {"$ref": "#/$defs/p"}})",
                 R"("$defs": {"p": )" + place + "}");
  EXPECT_EQ(referred.objects.size(), 2U);
}

TEST(Model, ObjectsOfOneNameThatDifferGetNamesOfTheirOwn) {
  const Model model = model_with(
      R"("x": {"type": "object", "additionalProperties": false, "x-name": "Place", "properties": {"a": {"type": "integer"}}},)"
      R"("y": {"type": "object", "additionalProperties": false, "x-name": "Place", "properties": {"a": {"type": "boolean"}}},)"
      R"("z": {"type": "array", "items": {"type": "object", "additionalProperties": false}})");
  ASSERT_EQ(model.objects.size(), 4U);
  EXPECT_EQ(model.objects[1].name, "Place");
  EXPECT_EQ(model.objects[2].name, "UserTestedY");
  EXPECT_EQ(model.objects[3].name, "UserTestedZItem");
}

TEST(Model, IsRefusedWhenItIsTooDeep) {
  std::string defs;
  for (int i = 0; i < 40; ++i)
    defs += (i == 0 ? "" : ",") +
            ("\"d" + std::to_string(i) + R"(": {"type": "array", "items": {"$ref": "#/$defs/d)" +
             std::to_string(i + 1) + "\"}}");
  defs += R"(,"d40": {"type": "integer"})";
  const auto model =
      make_model(*test::type_with(R"("x": {"$ref": "#/$defs/d0"})", R"("$defs": {)" + defs + "}"));
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, "no-derived-schema");
  EXPECT_NE(model.error().message.find("user.tested version 1: at \"/$defs/d"), std::string::npos)
      << model.error().message;
}

TEST(Names, BecomeIdentifiers) {
  EXPECT_EQ(pascal_case("user.created"), "UserCreated");
  EXPECT_EQ(pascal_case("user.password-reset.re_sent"), "UserPasswordResetReSent");
  EXPECT_EQ(pascal_case("postalCode"), "PostalCode");
  EXPECT_EQ(pascal_case("2fa"), "X2fa");
  EXPECT_EQ(pascal_case("ü"), "X");
}

}  // namespace
}  // namespace user_events::schemas
