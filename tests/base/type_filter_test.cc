#include "base/type_filter.h"

#include <gtest/gtest.h>

namespace user_events::base {
namespace {

bool matches(std::vector<std::string> patterns, std::string_view type) {
  auto filter = TypeFilter::parse(patterns);
  EXPECT_TRUE(filter.has_value()) << filter.error().message;
  return filter && filter->matches(type);
}

TEST(TypeFilter, WithoutPatternsEverythingMatches) { EXPECT_TRUE(matches({}, "user.created")); }

TEST(TypeFilter, ATypeMatchesItselfAlone) {
  EXPECT_TRUE(matches({"user.created"}, "user.created"));
  EXPECT_FALSE(matches({"user.created"}, "user.created.twice"));
  EXPECT_FALSE(matches({"user.created"}, "user.updated"));
}

TEST(TypeFilter, AStarMatchesAnythingBelow) {
  EXPECT_TRUE(matches({"user.*"}, "user.created"));
  EXPECT_TRUE(matches({"user.*"}, "user.address.added"));
  EXPECT_FALSE(matches({"user.*"}, "user"));
  EXPECT_FALSE(matches({"user.*"}, "users.created"));
  EXPECT_TRUE(matches({"user.address.*", "user.created"}, "user.address.added"));
  EXPECT_TRUE(matches({"*"}, "anything"));
}

TEST(TypeFilter, ANegativePatternWinsWhereverItStands) {
  EXPECT_FALSE(matches({"!user.login.failed", "user.*"}, "user.login.failed"));
  EXPECT_TRUE(matches({"user.*", "!user.login.failed"}, "user.loggedin"));
  EXPECT_TRUE(matches({"!user.address.*"}, "user.created"));
  EXPECT_FALSE(matches({"!user.address.*"}, "user.address.added"));
}

TEST(TypeFilter, RefusesWhatIsNoPattern) {
  for (const char* pattern : {"", "!", "user.", ".user", "user..created", "user*", "us*r.created",
                              "*.created", "user.**", "!!user.created", "user created"}) {
    const auto filter = TypeFilter::parse({"user.*", pattern});
    ASSERT_FALSE(filter.has_value()) << pattern;
    EXPECT_EQ(filter.error().kind, ErrorKind::usage);
    EXPECT_NE(filter.error().message.find(pattern), std::string::npos);
    EXPECT_FALSE(filter.error().hint.empty());
  }
  EXPECT_FALSE(TypeFilter::parse({std::string(256, 'a')}).has_value());
}

}  // namespace
}  // namespace user_events::base
