// A platform's own event types.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "support.h"
#include "support/temporary_directory.h"

namespace user_events::catalogue {
namespace {

using ::user_events::test::TemporaryDirectory;

// A schema that may be loaded, with `properties` beside the user's id and further root members.
std::string schema_text(std::string_view properties, std::string_view more = "",
                        std::string_view type = "user.rated", int version = 1) {
  return fmt::format(
      R"({{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:user-events:schema:{}:{}","title":"User rated","type":"object",
          "properties":{{"userId":{{"type":"string","minLength":1,"x-personal":"user-id","x-key":"user"}}{}}},
          "required":["userId"],"additionalProperties":false{}}})",
      type, version, properties, more);
}

Result<Catalogue> load(const TemporaryDirectory& folder) {
  auto catalogue = Catalogue::builtin();
  if (!catalogue) return catalogue;
  if (auto loaded = catalogue->load_directory(folder.path()); !loaded) return std::unexpected(loaded.error());
  return catalogue;
}

void expect_refused(const std::string& text, std::string_view pointer, std::string_view reason) {
  const TemporaryDirectory folder;
  folder.write("user.rated/1.json", text);
  const auto catalogue = load(folder);
  ASSERT_FALSE(catalogue) << text;
  const Error& error = catalogue.error();
  EXPECT_EQ(error.kind, ErrorKind::usage);
  ASSERT_EQ(error.fields.size(), 1u) << error.message;
  EXPECT_EQ(error.fields[0].pointer, pointer) << error.message;
  EXPECT_NE(error.message.find(folder.path() + "/user.rated/1.json: at \""), std::string::npos)
      << error.message;
  EXPECT_NE(error.message.find(reason), std::string::npos) << error.message;
  EXPECT_FALSE(error.hint.empty());
}

TEST(LoadedCatalogue, APlatformsOwnTypeIsCheckedLikeTheBuiltInOnes) {
  const TemporaryDirectory folder;
  folder.write("user.rated/1.json", schema_text(R"(,"stars":{"type":"integer","minimum":1,"maximum":5})"));
  folder.write("user.rated/2.json",
               schema_text(R"(,"stars":{"type":"integer","minimum":1,"maximum":10})", "", "user.rated", 2));
  folder.write(".git/config", "not looked at");
  const auto catalogue = load(folder);
  ASSERT_TRUE(catalogue) << describe(catalogue.error());
  EXPECT_EQ(catalogue->all().size(), 21u);
  const EventType* newest = catalogue->find("user.rated");
  ASSERT_NE(newest, nullptr);
  EXPECT_EQ(newest->version, 2u);
  EXPECT_EQ(catalogue->find("user.rated", 1)->version, 1u);
  EXPECT_EQ(test::normalise(newest->schema, R"({"userId":"u","stars":10})").out,
            R"({"userId":"u","stars":10})");
  EXPECT_EQ(test::normalise(catalogue->find("user.rated", 1)->schema, R"({"userId":"u","stars":10})").codes(),
            "/stars maximum");
  EXPECT_EQ(newest->data_schema_uri, "urn:user-events:schema:user.rated:2");
}

// The file that docs/catalogue.md shows.
TEST(LoadedCatalogue, TheExampleOfTheDocumentationLoads) {
  std::ifstream file(std::string(UE_SOURCE_DIR) + "/docs/catalogue.md");
  std::string line, text;
  for (bool inside = false; std::getline(file, line);) {
    if (line == "```json")
      inside = text.empty();
    else if (line == "```")
      inside = false;
    else if (inside)
      text += line + "\n";
  }
  ASSERT_FALSE(text.empty());
  const TemporaryDirectory folder;
  folder.write("user.rated/1.json", text);
  const auto catalogue = load(folder);
  ASSERT_TRUE(catalogue) << describe(catalogue.error());
  const auto result = test::normalise(catalogue->find("user.rated")->schema,
                                      R"({"userId":"u-1","productId":"p-9","stars":4})");
  EXPECT_EQ(result.codes(), "");
  EXPECT_EQ(result.out, R"({"userId":"u-1","productId":"p-9","stars":4,"ratedAt":")" +
                            std::string(test::kNowText) + "\"}");
}

TEST(LoadedCatalogue, UnclassifiedTextIsRefused) {
  constexpr std::string_view kReason = "`x-personal`";
  expect_refused(schema_text(R"(,"note":{"type":"string"})"), "/properties/note", kReason);
  expect_refused(schema_text(R"(,"note":{"type":["string","null"]})"), "/properties/note", kReason);
  expect_refused(schema_text(R"(,"note":{})"), "/properties/note", kReason);
  expect_refused(schema_text(R"(,"note":true)"), "/properties/note", kReason);
  expect_refused(schema_text(R"(,"notes":{"type":"array"})"), "/properties/notes", kReason);
  expect_refused(schema_text(R"(,"notes":{"type":"array","items":{"type":"string"}})"),
                 "/properties/notes/items", kReason);
  expect_refused(schema_text(R"(,"more":{"type":"object"})"), "/properties/more", kReason);
  expect_refused(schema_text(R"(,"more":{"type":"object","additionalProperties":{"type":"string"}})"),
                 "/properties/more/additionalProperties", kReason);
  expect_refused(
      schema_text(
          R"(,"more":{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string"}}})"),
      "/properties/more/properties/a", kReason);
  expect_refused(schema_text(R"(,"more":{"$ref":"#/$defs/text"})", R"(,"$defs":{"text":{"type":"string"}})"),
                 "/$defs/text", kReason);
  expect_refused(schema_text(R"(,"more":{"$ref":"#/$defs/text","x-since":"1"})",
                             R"(,"$defs":{"text":{"type":"string"}})"),
                 "/properties/more", kReason);
  expect_refused(schema_text("", R"(,"anyOf":[{"properties":{"userId":{},"b":{}}},{"required":["userId"]}])"),
                 "/anyOf/0/properties/b", kReason);
  expect_refused(schema_text(R"(,"more":{"type":"object","additionalProperties":{"type":["integer","null"]},
                     "anyOf":[{"properties":{"k":{"type":"null"}}},{"properties":{"k":{"type":["string","null"]}}}]})"),
                 "/properties/more/anyOf/1/properties/k", kReason);
}

TEST(LoadedCatalogue, ClassifiedTextIsTakenAlsoFromTheFieldAround) {
  const TemporaryDirectory folder;
  folder.write(
      "user.rated/1.json",
      schema_text(
          R"(,"a":{"type":"array","x-personal":"name","items":{"type":"string"}},"b":{"type":"object","x-personal":"none"},
                   "c":{"type":"object","x-personal":"address","additionalProperties":false,"properties":{"x":{"type":"string"},"y":{"type":"string","x-personal":"none"}}},
                   "d":{"$ref":"#/$defs/text","x-personal":"note"},"e":{"type":"integer"})",
          R"(,"$defs":{"text":{"type":"string"}})"));
  const auto catalogue = load(folder);
  ASSERT_TRUE(catalogue) << describe(catalogue.error());
  EXPECT_EQ(test::personal_fields(*catalogue->find("user.rated")), "/userId=user-id /a/*=name /c/x=address /d=note ");
}

TEST(LoadedCatalogue, FieldsNamedLikeSecretsAreRefused) {
  expect_refused(schema_text(R"(,"sessionToken":{"type":"integer"})"), "", "named like a secret");
  expect_refused(
      schema_text(
          R"(,"a":{"type":"object","additionalProperties":false,"properties":{"pass_word":{"type":"integer"}}})"),
      "/properties/a", "named like a secret");
}

TEST(LoadedCatalogue, ATypeWithoutAKeyThatIsAlwaysThereIsRefused) {
  const auto root = [](std::string_view rest) {
    return R"({"$id":"urn:user-events:schema:user.rated:1","title":"t","type":"object","additionalProperties":false,)" +
           std::string(rest) + "}";
  };
  const std::string key = R"("a":{"type":"string","minLength":1,"x-personal":"none","x-key":"user"})";
  const std::string other = R"("b":{"type":"string","minLength":1,"x-personal":"none"})";
  expect_refused(root(R"("properties":{)" + other + R"(},"required":["b"])"), "", "no key is always there");
  expect_refused(root(R"("properties":{)" + key + "}"), "", "no key is always there");
  expect_refused(
      root(R"("properties":{)" + key + "," + other + R"(},"anyOf":[{"required":["a"]},{"required":["b"]}])"),
      "", "no key is always there");
  expect_refused(
      root(R"("properties":{"a":{"type":"string","x-personal":"none","x-key":"user"}},"required":["a"])"),
      "/properties/a", "minLength");
  expect_refused(root(R"("properties":{"a":{"type":"integer","x-key":"user"}},"required":["a"])"),
                 "/properties/a", "a string");
}

TEST(LoadedCatalogue, RootsThatAreNoEventDataAreRefused) {
  expect_refused(R"(true)", "", "must be an object");
  expect_refused(R"({"title":"t"})", "/type", "must be `object`");
  expect_refused(R"({"type":["object","null"]})", "/type", "must be `object`");
  expect_refused(R"({"type":"object"})", "/title", "a title is required");
  expect_refused(R"({"type":"object","title":"t"})", "/$id", "urn:user-events:schema:user.rated:1");
  expect_refused(schema_text("", "", "user.other"), "/$id", "urn:user-events:schema:user.rated:1");
  expect_refused(
      schema_text(R"(,"a":{"type":"integer","x-field-number":3},"b":{"type":"integer","x-field-number":3})"),
      "/properties/b/x-field-number", "another field");
  expect_refused(
      schema_text(
          R"(,"a":{"$ref":"#/$defs/t"})",
          R"(,"$defs":{"t":{"type":"object","additionalProperties":false,"properties":{"t":{"$ref":"#/$defs/t"}}}})"),
      "/$defs/t", "may not contain itself");
  expect_refused(schema_text(R"(,"a":{"oneOf":[]})"), "/properties/a/oneOf", "outside the profile");
  expect_refused("{", "", "not readable as JSON");
}

// Sixteen levels, each of which refers to the next one ten times.
TEST(LoadedCatalogue, ReferencesThatMultiplyFieldsAreRefusedInGoodTime) {
  std::string definitions = R"("d16":{"type":"integer"})";
  for (int level = 0; level < 16; ++level) {
    std::string fields;
    for (int i = 0; i < 10; ++i)
      fields += fmt::format(R"({}"f{}":{{"$ref":"#/$defs/d{}"}})", i == 0 ? "" : ",", i, level + 1);
    definitions += fmt::format(
        R"(,"d{}":{{"type":"object","additionalProperties":false,"properties":{{{}}}}})", level, fields);
  }
  const TemporaryDirectory folder;
  folder.write("user.rated/1.json",
               schema_text(R"(,"a":{"$ref":"#/$defs/d0"})", ",\"$defs\":{" + definitions + "}"));
  const auto catalogue = load(folder);
  ASSERT_FALSE(catalogue);
  EXPECT_NE(catalogue.error().message.find("too many fields"), std::string::npos)
      << catalogue.error().message;
}

void expect_folder_refused(const TemporaryDirectory& folder, std::string_view path, std::string_view reason) {
  const auto catalogue = load(folder);
  ASSERT_FALSE(catalogue) << path;
  EXPECT_EQ(catalogue.error().kind, ErrorKind::usage);
  EXPECT_NE(catalogue.error().message.find(folder.path() + std::string(path) + ": "), std::string::npos)
      << catalogue.error().message;
  EXPECT_NE(catalogue.error().message.find(reason), std::string::npos) << catalogue.error().message;
}

TEST(LoadedCatalogue, FoldersAndFilesOfAnotherShapeAreRefused) {
  for (const std::string_view name :
       {"user.rated/one.json", "user.rated/0.json", "user.rated/01.json", "user.rated/1.yaml", "user.rated/1",
        "user.rated/-1.json", "user.rated/99999999999.json"}) {
    const TemporaryDirectory folder;
    folder.write(name, schema_text(""));
    expect_folder_refused(folder, "/" + std::string(name), "VERSION.json");
  }
  for (const std::string_view name : {"rated/1.json", "User.rated/1.json", "user..rated/1.json",
                                      "user.rated./1.json", "user.1rated/1.json", "user rated.x/1.json"}) {
    const TemporaryDirectory folder;
    folder.write(name, schema_text(""));
    expect_folder_refused(folder, "/" + std::string(name), "no event type");
  }
  const TemporaryDirectory loose;
  loose.write("readme.md", "text");
  expect_folder_refused(loose, "/readme.md", "not a folder");
  const TemporaryDirectory empty;
  std::filesystem::create_directories(empty.path() + "/user.rated");
  expect_folder_refused(empty, "/user.rated", "no VERSION.json");
  const TemporaryDirectory large;
  large.write("user.rated/1.json", std::string(2 << 20, ' '));
  expect_folder_refused(large, "/user.rated/1.json", "larger than");
}

TEST(LoadedCatalogue, ATypeAndVersionThatExistsIsRefusedAndNothingIsAdded) {
  const TemporaryDirectory folder;
  folder.write("user.rated/1.json", schema_text(""));
  folder.write("user.created/1.json", schema_text("", "", "user.created"));
  auto catalogue = Catalogue::builtin().value();
  const auto loaded = catalogue.load_directory(folder.path());
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("user.created version 1 exists already"), std::string::npos);
  EXPECT_EQ(catalogue.all().size(), 19u);
  const auto absent = catalogue.load_directory(folder.path() + "/absent");
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().message.find("not readable"), std::string::npos);
}

}  // namespace
}  // namespace user_events::catalogue
