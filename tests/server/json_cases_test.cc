// The public collection of JSON parsing cases (JSONTestSuite): UE_JSON_PARSING_CASES names its `test_parsing`
// folder. Files that begin with n_ are no JSON, y_ are, i_ may be either.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "server_fixture.h"

namespace user_events::server::testing {
namespace {

class JsonCases : public ServerTest {};

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_F(JsonCases, WhatIsNoJsonIsMalformedAndWhatIsJsonIsJudgedByTheCatalogue) {
  const char* folder = std::getenv("UE_JSON_PARSING_CASES");
  ASSERT_NE(folder, nullptr) << "UE_JSON_PARSING_CASES is not set; ./dev test sets it";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::ranges::sort(files);
  int malformed = 0, parsed = 0;
  Client client(port());
  for (const auto& file : files) {
    const auto name = file.filename().string();
    const auto body = content(file);
    for (const char* form :
         {"application/json", "application/cloudevents+json", "application/cloudevents-batch+json"}) {
      const auto answer = client.request(post(form, body));
      if (name.starts_with("n_")) {
        EXPECT_EQ(answer.status, 400) << name << " as " << form;
        ++malformed;
      } else if (name.starts_with("y_")) {
        EXPECT_TRUE(answer.status == 422 || (answer.status == 202 && answer.body == "[]"))
            << name << " as " << form << ": " << answer.status << answer.body;
        ++parsed;
      } else {
        EXPECT_TRUE(answer.status == 400 || answer.status == 422)
            << name << " as " << form << ": " << answer.status;
      }
    }
  }
  EXPECT_GT(malformed, 300);
  EXPECT_GT(parsed, 200);
  EXPECT_EQ(publisher_->last_sequence(), 0u);
  EXPECT_TRUE(alive());
}

}  // namespace
}  // namespace user_events::server::testing
