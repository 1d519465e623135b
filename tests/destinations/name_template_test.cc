#include "destinations/name_template.h"

#include <gtest/gtest.h>

namespace user_events::destinations {
namespace {

std::string expanded(std::string_view text) {
  const auto parsed = NameTemplate::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? parsed->expand("user.created") : "";
}

TEST(NameTemplates, TheTypeStandsWhereverItIsNamed) {
  EXPECT_EQ(expanded("user.events"), "user.events");
  EXPECT_EQ(expanded("user.events.{type}"), "user.events.user.created");
  EXPECT_EQ(expanded("{type}/{type}"), "user.created/user.created");
  EXPECT_EQ(expanded("{{type}}"), "{type}");
  EXPECT_EQ(expanded(""), "");
}

TEST(NameTemplates, OneWithoutAPlaceholderIsConstant) {
  EXPECT_TRUE(NameTemplate::parse("user.events")->is_constant());
  EXPECT_EQ(NameTemplate::parse("user.events")->name(), "user.events");
  EXPECT_FALSE(NameTemplate::parse("{type}")->is_constant());
}

TEST(NameTemplates, AnotherPlaceholderOrALooseBraceIsRefused) {
  for (const char* text : {"{user}", "a{", "a}", "{type", "{Type}", "{}"}) {
    const auto parsed = NameTemplate::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::usage);
    EXPECT_NE(parsed.error().message.find(text), std::string::npos);
  }
}

}  // namespace
}  // namespace user_events::destinations
