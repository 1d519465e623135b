#include "registry/id_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_directory.h"

namespace user_events::registry::test {
namespace {

class IdFile : public testing::Test {
 protected:
  user_events::test::TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/ids/d";
  Ids ids_ = {{fingerprint("a", {SchemaType::json, "{}"}), 1}, {fingerprint("b", {SchemaType::json, "{}"}), kMaxId}};
};

TEST_F(IdFile, GivesBackWhatWasWritten) {
  EXPECT_TRUE(read_ids(path_, "http://r").empty()) << "there is none yet";
  ASSERT_TRUE(write_ids(path_, "http://r", ids_));
  EXPECT_EQ(read_ids(path_, "http://r"), ids_);
  EXPECT_TRUE(read_ids(path_, "http://r2").empty()) << "of another registry";
  ids_.clear();
  ASSERT_TRUE(write_ids(path_, "http://r", ids_));
  EXPECT_TRUE(read_ids(path_, "http://r").empty());
}

TEST_F(IdFile, WhatIsDamagedIsLeftOut) {
  ASSERT_TRUE(write_ids(path_, "http://r", ids_));
  {
    std::ofstream file(path_, std::ios::app);
    file << "garbage\n" << std::string(64, 'a') << " 0\n" << std::string(64, 'b') << " 99999999999\n" << std::string(64, 'c') << " 7x\n"
         << std::string(64, 'd') << ' ';
  }
  EXPECT_EQ(read_ids(path_, "http://r"), ids_);
  std::ofstream(path_, std::ios::trunc) << std::string(100, '\0');
  EXPECT_TRUE(read_ids(path_, "http://r").empty());
}

TEST_F(IdFile, AFingerprintIsOfSubjectTypeAndText) {
  const auto mark = fingerprint("a", {SchemaType::json, "{}"});
  EXPECT_EQ(mark.size(), 64u);
  EXPECT_EQ(mark, fingerprint("a", {SchemaType::json, "{}"}));
  EXPECT_NE(mark, fingerprint("b", {SchemaType::json, "{}"}));
  EXPECT_NE(mark, fingerprint("a", {SchemaType::avro, "{}"}));
  EXPECT_NE(mark, fingerprint("a", {SchemaType::json, "{ }"}));
}

}  // namespace
}  // namespace user_events::registry::test
