// The parts that need no connection.
#include <gtest/gtest.h>

#include "server/guard.h"
#include "server/reply.h"
#include "server/target.h"

namespace user_events::server {
namespace {

TEST(Target, PathAndQueryAreDecoded) {
  const auto target = Target::parse("/v1/events/a%2Fb%20c?user=%C3%A9+x&type=a,b&type=c&empty=");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->path, (std::vector<std::string>{"v1", "events", "a/b c"}));
  EXPECT_EQ(*target->find("user"), "\u00e9 x");
  EXPECT_EQ(*target->find("empty"), "");
  EXPECT_EQ(target->find("none"), nullptr);
  EXPECT_EQ(target->list("type"), (std::vector<std::string>{"a", "b", "c"}));
}

TEST(Target, DurationsHaveAUnitAndABound) {
  const auto duration = [](std::string_view query) {
    return Target::parse(std::string("/?") + std::string(query))
        ->duration("t", std::chrono::seconds(3), std::chrono::minutes(1));
  };
  EXPECT_EQ(*duration(""), std::chrono::seconds(3));
  EXPECT_EQ(*duration("t=250ms"), std::chrono::milliseconds(250));
  EXPECT_EQ(*duration("t=60s"), std::chrono::minutes(1));
  EXPECT_EQ(*duration("t=1m"), std::chrono::minutes(1));
  for (const char* bad : {"t=", "t=5", "t=s", "t=61s", "t=-1s", "t=1h", "t=1.5s", "t=99999999999s"})
    EXPECT_FALSE(duration(bad).has_value()) << bad;
}

TEST(Target, AnAbsoluteOneHasAHost) {
  EXPECT_EQ(Target::parse("http://localhost:8080/v1/status?a=b")->authority, "localhost:8080");
  EXPECT_TRUE(Target::parse("http://localhost"));
  for (const char* const bad : {"Ca:", "Ca:?", "Ca: ", "a:b", "a:/b", "a:?b=://", "a://&:./", "//./", "/./v1/status", "a", "", "*"}) EXPECT_FALSE(Target::parse(bad)) << bad;
}

TEST(Target, BytesThatAreNotUtf8AreRefused) {
  for (const char* bad : {"/%ff", "/?a=%c3", "/?%80=1", "/%0a", "/?a=%00", "/a%"})
    EXPECT_FALSE(Target::parse(bad).has_value()) << bad;
  EXPECT_EQ(percent_decode("a+b%25"), "a+b%");
  EXPECT_EQ(percent_decode("%4"), std::nullopt);
}

TEST(Guard, PortsAndCaseDoNotMatterButNamesDo) {
  const Guard guard({"Example.org"});
  EXPECT_TRUE(guard.check_host("example.ORG:1").has_value());
  EXPECT_TRUE(guard.check_host("[::1]:5").has_value());
  EXPECT_FALSE(guard.check_host("").has_value());
  EXPECT_FALSE(guard.check_host("[::1").has_value());
  EXPECT_FALSE(guard.check_host("sub.example.org").has_value());
}

TEST(Reply, AProblemDocumentIsValidWhateverTheTexts) {
  Error error{ErrorKind::invalid,
              "some-code",
              "bad \xff bytes and \"quotes\"",
              "a hint",
              {{"/a~1b", "code", "why\n"}}};
  std::string out;
  append_problem(problem_of(error), out);
  EXPECT_EQ(
      out,
      R"({"type":"urn:user-events:problem:some-code","title":"Invalid event","status":422,"detail":"bad ? bytes and \"quotes\"",)"
      R"("hint":"a hint","errors":[{"pointer":"/a~1b","code":"code","detail":"why\n"}]})");
}

}  // namespace
}  // namespace user_events::server
