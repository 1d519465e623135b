// A directory of JSON parsing cases whose names begin with y_ (must parse), n_ (must not) or i_ (either), as
// in JSONTestSuite: https://github.com/nst/JSONTestSuite. Its path comes in UE_JSON_PARSING_CASES.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support.h"

namespace user_events::formation {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

TEST(JsonCases, WhatIsNoJsonIsMalformedAndWhatIsJsonIsNot) {
  const char* directory = std::getenv("UE_JSON_PARSING_CASES");
  ASSERT_NE(directory, nullptr) << "UE_JSON_PARSING_CASES is not set; ./dev test sets it";
  int good = 0, bad = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string(), text = text_of(entry.path());
    // Alone, inside an event, as an element: everywhere the same answer.
    const std::string bodies[] = {text, R"({"type":"user.created","data":)" + text + "}", "[" + text + "]"};
    for (std::size_t i = 0; i < std::size(bodies); ++i) {
      // Some that are no JSON alone become JSON when something stands around them.
      if (i != 0 && name[0] == 'n') continue;
      for (const BodyForm form : {BodyForm::events, BodyForm::cloudevent, BodyForm::cloudevent_batch}) {
        test::Bench bench;
        const auto result = bench.body(bodies[i], form);
        const bool malformed = !result && result.error().kind == ErrorKind::malformed;
        EXPECT_TRUE(name[0] != 'n' || malformed) << name;
        EXPECT_TRUE(name[0] != 'y' || !malformed) << name;
        EXPECT_TRUE(result.has_value() || bench.batch.empty()) << name;
      }
    }
    good += name[0] == 'y';
    bad += name[0] == 'n';
  }
  EXPECT_GT(good, 0);
  EXPECT_GT(bad, 0);
}

}  // namespace
}  // namespace user_events::formation
