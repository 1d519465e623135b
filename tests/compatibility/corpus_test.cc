// The corpus under every mode, with verdicts by hand; tests/e2e/test_schema_registry.py puts it to a real registry.
#include <simdjson.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "compatibility/support.h"

namespace user_events::compatibility {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

bool flag(const simdjson::dom::element& one, const std::string& name, const std::string& fallback) {
  bool value = false;
  if (one[name].get(value) != simdjson::SUCCESS) {
    EXPECT_EQ(one[fallback].get(value), simdjson::SUCCESS);
  }
  return value;
}

std::size_t check_cases(const std::string& kind, Format format) {
  const fs::path folder = fs::path(UE_SOURCE_DIR) / "tests/compatibility/corpus" / kind;
  simdjson::dom::parser parser;
  const simdjson::dom::array cases = parser.load((folder / "cases.json").string());
  for (const auto one : cases) {
    const std::string name(one["name"].get_string().value());
    std::vector<std::string> texts;
    std::vector<Document> versions;
    std::vector<fs::path> files(fs::directory_iterator(folder / name), fs::directory_iterator{});
    std::ranges::sort(files);
    for (const auto& file : files) texts.push_back(content(file));
    for (std::size_t i = 0; i < files.size(); ++i)
      versions.push_back({files[i].filename().string(), texts[i]});
    for (const bool transitive : {false, true}) {
      const std::string more = transitive ? "-transitive" : "";
      const bool backward = flag(one, "backward" + more, "backward"),
                 forward = flag(one, "forward" + more, "forward");
      const std::pair<Mode, bool> expected[] = {{{true, false, transitive}, backward},
                                                {{false, true, transitive}, forward},
                                                {{true, true, transitive}, backward && forward}};
      for (const auto& [mode, verdict] : expected) {
        const auto findings = check(format, mode, versions);
        if (!findings) {
          ADD_FAILURE() << kind << "/" << name << ": " << describe(findings.error());
          continue;
        }
        EXPECT_EQ(!has_errors(*findings), verdict)
            << kind << "/" << name << more << (mode.backward ? " backward" : "")
            << (mode.forward ? " forward" : "") << "\n"
            << listed(*findings);
        for (const Finding& each : *findings)
          EXPECT_EQ(rule(each.code).code, each.code) << "a code that rules() does not have";
      }
    }
  }
  return cases.size();
}

TEST(Corpus, JsonSchemasHaveTheExpectedVerdicts) { EXPECT_GE(check_cases("json", Format::json), 20U); }
TEST(Corpus, AvroSchemasHaveTheExpectedVerdicts) { EXPECT_GE(check_cases("avro", Format::avro), 20U); }
TEST(Corpus, ProtobufFilesHaveTheExpectedVerdicts) {
  EXPECT_GE(check_cases("protobuf", Format::protobuf), 20U);
}

}  // namespace
}  // namespace user_events::compatibility
