#include "base/volume_rule.h"

#include <gtest/gtest.h>

namespace user_events::base {
namespace {

TEST(VolumeRules, EachActionIsRead) {
  const auto sample = VolumeRule::parse("user.loggedin sample=0.1");
  ASSERT_TRUE(sample);
  EXPECT_EQ(sample->action, VolumeRule::Action::sample);
  EXPECT_EQ(sample->sample, 0.1);
  EXPECT_TRUE(sample->types.matches("user.loggedin"));
  EXPECT_FALSE(sample->types.matches("user.created"));

  const auto limit = VolumeRule::parse("user.login.* limit=100 per=1m by=ipAddress");
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->action, VolumeRule::Action::limit);
  EXPECT_EQ(limit->limit, 100u);
  EXPECT_EQ(limit->period, std::chrono::minutes(1));
  EXPECT_EQ(limit->by, "ipAddress");

  const auto fold = VolumeRule::parse("user.login.failed  fold=10s");
  ASSERT_TRUE(fold);
  EXPECT_EQ(fold->action, VolumeRule::Action::fold);
  EXPECT_EQ(fold->period, std::chrono::seconds(10));
  EXPECT_EQ(fold->by, "");
}

TEST(VolumeRules, WhatIsWrongIsSaid) {
  for (const char* text :
       {"", "user.loggedin", "!user.loggedin sample=0.1", "us er sample=1", "user.loggedin sample=0", "user.loggedin sample=1.5",
        "user.loggedin sample=nan", "user.loggedin sample=0.1 by=x", "user.loggedin limit=5", "user.loggedin per=5s",
        "user.loggedin limit=0 per=1s", "user.loggedin limit=5 per=1ms", "user.loggedin fold=25h", "user.loggedin fold=1s sample=1",
        "user.loggedin fold=1s fold=1s", "user.loggedin fold=1s every=2", "user.loggedin fold=1s by=", "user.loggedin fold=1s by=a\"b"}) {
    const auto rule = VolumeRule::parse(text);
    ASSERT_FALSE(rule) << text;
    EXPECT_EQ(rule.error().kind, ErrorKind::usage);
    EXPECT_NE(rule.error().message.find(text), std::string::npos);
  }
}

}  // namespace
}  // namespace user_events::base
