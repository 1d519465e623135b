// The event types that are compiled in, each against what users are promised.
#include <algorithm>
#include <sstream>

#include "base/json_text.h"
#include "examples.h"
#include "support.h"
#include "user_events/event_list.inc"
#include "user_events/events.h"

namespace user_events::catalogue {
namespace {

using test::Document;
using test::Example;
using test::kExamples;
using test::normalise;

struct Field {
  std::string name;
  char mark = ' ';
  [[nodiscard]] bool may_be_left_out() const { return mark != ' '; }
};

std::vector<Field> fields_of(const Example& example) {
  std::vector<Field> fields;
  std::istringstream text{std::string(example.fields)};
  for (std::string name; text >> name;) {
    const char last = name.back();
    const bool marked = last == '?' || last == '|' || last == '=';
    fields.push_back({marked ? name.substr(0, name.size() - 1) : name, marked ? last : ' '});
  }
  return fields;
}

// The example with one member replaced by other JSON text, or left out if that is empty.
std::string with(const Example& example, std::string_view name, std::string_view replacement) {
  const Document document(example.json);
  const simdjson::dom::object object = (*document).get_object().value();
  std::string text = "{";
  for (const auto field : object) {
    if (field.key == name && replacement.empty()) continue;
    if (text.size() > 1) text += ',';
    base::append_json_string(field.key, text);
    text += ':';
    text += field.key == name ? std::string(replacement) : simdjson::minify(field.value);
  }
  return text + "}";
}

simdjson::dom::element property_of(const Document& schema, std::string_view name) {
  return (*schema)["properties"][name].value();
}

TEST(BuiltinCatalogue, HasTheEighteenTypesThatUsersArePromisedAndTheProductsOwn) {
  EXPECT_EQ(std::size(kExamples), 18u + 1);
  std::vector<std::string> expected, found, generated;
  for (const Example& example : kExamples) expected.emplace_back(example.type);
  for (const EventType* type : test::builtin().all()) found.push_back(type->name);
#define UE_COLLECT(Event, method) generated.emplace_back(Event::kType);
  UE_FOR_EACH_EVENT(UE_COLLECT)
#undef UE_COLLECT
  std::ranges::sort(expected);
  EXPECT_EQ(found, expected);
  EXPECT_EQ(generated, expected);
  static_assert(std::variant_size_v<AnyEvent> == 18 + 1);
}

TEST(BuiltinCatalogue, EveryTypeHasThePromisedFieldsInThePromisedOrder) {
  for (const Example& example : kExamples) {
    SCOPED_TRACE(example.type);
    const Document schema(test::builtin().find(example.type)->schema_text);
    std::vector<std::string> promised, found, required, listed;
    for (const Field& field : fields_of(example)) {
      promised.push_back(field.name);
      if (field.mark != '?' && field.mark != '|') required.push_back(field.name);
    }
    const simdjson::dom::object properties = (*schema)["properties"].get_object().value();
    for (const auto property : properties) found.emplace_back(property.key);
    const simdjson::dom::array list = (*schema)["required"].get_array().value();
    for (const auto name : list) listed.emplace_back(name.get_string().value());
    EXPECT_EQ(found, promised);
    EXPECT_EQ(listed, required);
  }
}

TEST(BuiltinCatalogue, EveryExampleIsAcceptedAsItIs) {
  for (const Example& example : kExamples) {
    const auto result = normalise(example.type, example.json);
    EXPECT_EQ(result.codes(), "") << example.type;
    EXPECT_EQ(result.out, example.json);
    EXPECT_TRUE(test::valid(test::builtin().find(example.type)->schema, example.json));
  }
}

TEST(BuiltinCatalogue, EachFieldMissingIsRefusedOrFilledInAsPromised) {
  for (const Example& example : kExamples)
    for (const Field& field : fields_of(example)) {
      SCOPED_TRACE(std::string(example.type) + " without " + field.name);
      const auto result = normalise(example.type, with(example, field.name, ""));
      EXPECT_EQ(result.codes(), field.may_be_left_out() ? "" : "/" + field.name + " required");
      const bool is_there = result.out.find("\"" + field.name + "\":") != std::string::npos;
      EXPECT_EQ(is_there, field.mark == '=') << result.out;
    }
}

TEST(BuiltinCatalogue, EachFieldOfAWrongTypeFormatOrLengthIsRefused) {
  int formats = 0, lengths = 0;
  for (const Example& example : kExamples) {
    const Document schema(test::builtin().find(example.type)->schema_text);
    for (const Field& field : fields_of(example)) {
      SCOPED_TRACE(std::string(example.type) + " " + field.name);
      const std::string at = "/" + field.name;
      for (const std::string_view wrong : {"7", "null", "true"})
        EXPECT_EQ(normalise(example.type, with(example, field.name, wrong)).codes(), at + " type");
      const auto property = property_of(schema, field.name);
      if (property["type"].get_string().value() != "string") continue;
      if (property["format"].error() == simdjson::SUCCESS || property["anyOf"].error() == simdjson::SUCCESS) {
        ++formats;
        EXPECT_EQ(normalise(example.type, with(example, field.name, "\"wrong\"")).codes(), at + " format");
      }
      const std::uint64_t max = property["maxLength"].get_uint64().value();
      ++lengths;
      const auto too_long =
          normalise(example.type, with(example, field.name, "\"" + std::string(max + 1, 'x') + "\""));
      ASSERT_FALSE(too_long.findings.empty());
      EXPECT_EQ(too_long.findings[0].pointer, at);
      EXPECT_EQ(too_long.findings[0].code, "max-length");
    }
  }
  EXPECT_EQ(formats, 19 + 8);  // one time each, six e-mail addresses, two IP addresses
  EXPECT_GE(lengths, 50);
}

TEST(BuiltinCatalogue, UnknownFieldsAreRefused) {
  for (const Example& example : kExamples) {
    std::string json(example.json);
    json.insert(1, R"("favouriteColour":"blue",)");
    EXPECT_EQ(normalise(example.type, json, "/data").codes(), "/data/favouriteColour unknown-field");
  }
}

// ---- the files themselves ----

void check_described(const simdjson::dom::element& schema, const std::string& where) {
  simdjson::dom::object properties;
  if (schema["properties"].get(properties) != simdjson::SUCCESS) return;
  std::uint64_t number = 0;
  for (const auto property : properties) {
    const std::string at = where + "/" + std::string(property.key);
    EXPECT_EQ(property.value["description"].get_string().error(), simdjson::SUCCESS) << at;
    EXPECT_EQ(property.value["x-field-number"].get_uint64().value(), ++number) << at;
    const bool is_string = property.value["type"].get_string().value() == "string";
    if (is_string) {
      EXPECT_EQ(property.value["x-personal"].get_string().error(), simdjson::SUCCESS)
          << at << ": every string says whether it is personal";
      EXPECT_EQ(property.value["maxLength"].get_uint64().error(), simdjson::SUCCESS) << at;
    }
    check_described(property.value, at);
  }
}

TEST(BuiltinCatalogue, EveryFieldIsDescribedNumberedAndClassified) {
  for (const EventType* type : test::builtin().all()) {
    const Document schema(type->schema_text);
    check_described(*schema, type->name);
    EXPECT_EQ((*schema)["$schema"].get_string().value(), "https://json-schema.org/draft/2020-12/schema");
    EXPECT_EQ((*schema)["$id"].get_string().value(), "urn:user-events:schema:" + type->name + ":1");
    EXPECT_EQ(type->data_schema_uri, "urn:user-events:schema:" + type->name + ":1");
    EXPECT_FALSE(type->title.empty());
    EXPECT_FALSE(type->description.empty());
    EXPECT_EQ(type->since, "0.1.0");
    EXPECT_EQ(type->version, 1u);
  }
}

TEST(BuiltinCatalogue, KeysAreTheUserIdOrTheIdentifiersOfAFailedLogin) {
  for (const EventType* type : test::builtin().all()) {
    if (type->name == "user.login.failed") {
      ASSERT_EQ(type->keys.size(), 2u);
      EXPECT_EQ(type->keys[0].name, "email");
      EXPECT_EQ(type->keys[1].name, "username");
      EXPECT_FALSE(type->keys[0].is_user || type->keys[1].is_user);
    } else {
      ASSERT_EQ(type->keys.size(), 1u) << type->name;
      EXPECT_EQ(type->keys[0].name, "userId");
      EXPECT_TRUE(type->keys[0].is_user);
    }
  }
}

std::string personal_fields(std::string_view type) {
  return test::personal_fields(*test::builtin().find(type));
}

TEST(BuiltinCatalogue, PersonalFieldsAreListedWithTheirClass) {
  EXPECT_EQ(personal_fields("user.created"), "/userId=user-id /email=email /username=username ");
  EXPECT_EQ(personal_fields("user.profile.updated"),
            "/userId=user-id /profileId=identifier /changes/*=free-text ");
  EXPECT_EQ(personal_fields("user.loggedin"), "/userId=user-id /ipAddress=ip /userAgent=user-agent ");
  EXPECT_EQ(personal_fields("user.address.deleted"),
            "/userId=user-id /addressId=identifier /address/line1=address /address/line2=address "
            "/address/city=address /address/region=address "
            "/address/postalCode=address /address/country=address /address/label=address ");
}

TEST(BuiltinCatalogue, FindsByNameAndVersion) {
  const Catalogue& catalogue = test::builtin();
  ASSERT_NE(catalogue.find("user.created"), nullptr);
  EXPECT_EQ(catalogue.find("user.created"), catalogue.find("user.created", 1));
  EXPECT_EQ(catalogue.find("user.created", 2), nullptr);
  EXPECT_EQ(catalogue.find("user.create"), nullptr);
  EXPECT_EQ(catalogue.find("user.createdx"), nullptr);
  EXPECT_EQ(catalogue.find(""), nullptr);
  EXPECT_EQ(catalogue.find("zzz"), nullptr);
  EXPECT_TRUE(catalogue.has_type("user.mfa.enabled"));
  EXPECT_FALSE(catalogue.has_type("user.mfa"));
}

TEST(BuiltinCatalogue, NamesTheNearestType) {
  const Catalogue& catalogue = test::builtin();
  EXPECT_EQ(catalogue.nearest_type("user.create"), "user.created");
  EXPECT_EQ(catalogue.nearest_type("User.LoggedIn"), "user.loggedin");
  EXPECT_EQ(catalogue.nearest_type("user.mfa.enable"), "user.mfa.enabled");
  EXPECT_EQ(catalogue.nearest_type("order.placed"), "");
  EXPECT_EQ(catalogue.nearest_type(""), "");
  EXPECT_EQ(catalogue.nearest_type(std::string(100'000, 'u')), "");
}

}  // namespace
}  // namespace user_events::catalogue
