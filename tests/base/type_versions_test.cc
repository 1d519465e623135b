#include "base/type_versions.h"

#include <gtest/gtest.h>

namespace user_events::base {
namespace {

TEST(TypeVersions, ATypesOwnVersionCountsBeforeTheOneForAll) {
  const auto versions = TypeVersions::parse(version_entries(" 1 ,user.rated=2,\tuser.moved=4294967295"));
  ASSERT_TRUE(versions) << describe(versions.error());
  EXPECT_EQ(versions->of("user.created"), 1u);
  EXPECT_EQ(versions->of("user.rated"), 2u);
  EXPECT_EQ(versions->of("user.moved"), 4'294'967'295u);
  EXPECT_FALSE(versions->empty());
  const std::vector<std::string> entries = {"user.rated=2"};
  EXPECT_EQ(TypeVersions::parse(entries)->of("user.created"), 0u);
  EXPECT_TRUE(TypeVersions::parse(std::vector<std::string>{})->empty());
}

TEST(TypeVersions, WhatIsNoVersionIsRefused) {
  for (const std::string_view list : {"", "0", "1,", ",1", "1,2", "-1", "+1", "1.0", "one", "=1", "user.rated", "user.rated=", "user.rated=0",
                                      "user.rated=1,user.rated=1", "4294967296", "1 2", "user.rated=1=2"}) {
    const auto versions = TypeVersions::parse(version_entries(list));
    ASSERT_FALSE(versions) << list;
    EXPECT_EQ(versions.error().code, "versions");
    EXPECT_EQ(versions.error().kind, ErrorKind::usage);
  }
  std::vector<std::string> many;
  for (std::size_t i = 0; i <= kMaxTypeVersions; ++i) many.push_back("t.a" + std::to_string(i) + "=1");
  EXPECT_FALSE(TypeVersions::parse(many));
}

}  // namespace
}  // namespace user_events::base
