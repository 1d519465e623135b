// The official JSON Schema test suite: a case whose schema stays inside the profile must be decided as the
// suite says; any other schema must be refused when it is compiled. Debian's package has the suite up to
// draft 7, whose cases mean the same for the keywords of the profile. UE_JSON_SCHEMA_SUITE names a folder of
// cases of another draft (such as `tests/draft2020-12`) to be run in the same way.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"

namespace user_events::catalogue {
namespace {

namespace fs = std::filesystem;

struct Counts {
  int files = 0, unreadable_files = 0, schemas = 0, refused = 0, cases = 0, differing = 0;
};

struct Difference {
  std::string_view file, group, reason;
};

// Where the suite and the profile mean to differ.
constexpr Difference kDifferences[] = {
    {"ref.json", "ref overrides any sibling keywords",
     "draft 7 ignores what stands beside $ref; 2020-12 does not"},
    {"format.json", "", "formats are asserted here, not only annotated"},
    {"format-assertion.json", "", "formats are asserted here, whatever the vocabulary says"},
};

bool is_meant(const fs::path& file, std::string_view group) {
  return std::ranges::any_of(kDifferences, [&](const Difference& difference) {
    return file.filename() == difference.file && (difference.group.empty() || difference.group == group);
  });
}

void run_group(const fs::path& file, const simdjson::dom::element& group, Counts& counts) {
  const auto description = std::string(group["description"].get_string().value());
  const simdjson::dom::element schema_value = group["schema"].value();
  ++counts.schemas;
  const auto schema = Schema::compile(file.filename().string(), simdjson::minify(schema_value));
  if (!schema) {
    ++counts.refused;
    EXPECT_EQ(schema.error().kind, ErrorKind::usage);
    EXPECT_EQ(schema.error().fields.size(), 1u) << "a refusal says where: " << describe(schema.error());
    return;
  }
  const simdjson::dom::array tests = group["tests"].get_array().value();
  for (const auto test : tests) {
    std::vector<FieldError> findings;
    const bool valid = schema->validate(test["data"].value(), findings);
    EXPECT_EQ(valid, findings.empty());
    if (valid == test["valid"].get_bool().value()) {
      ++counts.cases;
    } else if (is_meant(file, description)) {
      ++counts.differing;
    } else {
      ADD_FAILURE() << file << ": " << description << ": " << test["description"].get_string().value()
                    << ": decided "
                    << (valid ? "valid" : "invalid: " + findings[0].pointer + " " + findings[0].code);
    }
  }
}

Counts run_folder(const fs::path& folder) {
  Counts counts;
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    simdjson::dom::parser parser;
    simdjson::dom::array groups;
    ++counts.files;
    if (parser.load(file.string()).get(groups) != simdjson::SUCCESS) {
      ++counts.unreadable_files;  // numbers beyond 64 bits, which no event may have
      EXPECT_TRUE(file.filename() == "bignum.json" || file.filename() == "float-overflow.json") << file;
      continue;
    }
    for (const auto group : groups) run_group(file, group, counts);
  }
  std::printf(
      "%s: %d files (%d with numbers beyond 64 bits), %d schemas, %d refused; %d cases decided as the suite "
      "says, %d meant to differ\n",
      folder.c_str(), counts.files, counts.unreadable_files, counts.schemas, counts.refused, counts.cases,
      counts.differing);
  return counts;
}

TEST(JsonSchemaSuite, EveryCaseInsideTheProfileIsDecidedAsTheSuiteSays) {
  ASSERT_TRUE(fs::is_directory(UE_JSON_SCHEMA_TESTS)) << "install the package json-schema-test-suite";
  const Counts counts = run_folder(fs::path(UE_JSON_SCHEMA_TESTS) / "draft7");
  EXPECT_GE(counts.cases, 270) << "fewer cases ran than when the profile was settled";
  EXPECT_GE(counts.schemas - counts.refused, 64);
  // Another edition of the suite, such as draft 2020-12 from a checkout.
  if (const char* folder = std::getenv("UE_JSON_SCHEMA_SUITE")) {
    EXPECT_GT(run_folder(folder).cases, 0);
  }
}

}  // namespace
}  // namespace user_events::catalogue
