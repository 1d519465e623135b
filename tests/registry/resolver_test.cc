// Ids that are waited for, kept, refused, and asked for again.
#include <gtest/gtest.h>

#include <fstream>

#include "registry/resolver.h"
#include "stub_registry.h"
#include "support/temporary_directory.h"

namespace user_events::registry::test {
namespace {

using namespace std::chrono_literals;

const Schema kOne{SchemaType::json, R"({"title":"one"})"}, kOther{SchemaType::json, R"({"title":"other"})"};

class ResolverTest : public testing::Test {
 protected:
  std::unique_ptr<Resolver> make(bool register_schemas = true) {
    Resolver::Settings settings{registry_.settings(), {.initial = 5ms, .max = 20ms}, file_, "d"};
    settings.registry.register_schemas = register_schemas;
    return std::make_unique<Resolver>(std::move(settings));
  }
  static bool becomes(Resolver& resolver, std::size_t number, Found found) {
    return eventually([&] { return resolver.find(number).found == found; });
  }
  void take_the_registry_away() {
    registry_.answer_with([](const auto&) { return std::string("503 X\r\n\r\n"); });
  }

  user_events::test::TemporaryDirectory directory_;
  std::string file_ = directory_.path() + "/schema-ids/d";
  StubRegistry registry_;
};

TEST_F(ResolverTest, TheFirstLookBeginsTheAskingAndNothingIsAskedAfterTheAnswer) {
  const auto resolver = make();
  const auto one = resolver->add("one", kOne), other = resolver->add("other", kOther);
  EXPECT_EQ(registry_.requests().size(), 0u) << "nobody wants it yet";
  EXPECT_EQ(resolver->find(one).found, Found::not_yet);
  ASSERT_TRUE(becomes(*resolver, one, Found::known));
  ASSERT_TRUE(becomes(*resolver, other, Found::known));
  EXPECT_NE(resolver->find(one).id, resolver->find(other).id);
  const auto calls = resolver->calls();
  EXPECT_EQ(calls, 4u) << "a look-up and a registration each";
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(resolver->find(one).found, Found::known);
  EXPECT_EQ(resolver->calls(), calls);
  EXPECT_EQ(resolver->waits_for(), "");
}

TEST_F(ResolverTest, WhatIsKnownIsServedWhileTheRegistryIsAwayAfterARestartToo) {
  std::uint32_t id = 0;
  {
    const auto resolver = make();
    const auto one = resolver->add("one", kOne);
    ASSERT_TRUE(becomes(*resolver, one, Found::known));
    id = resolver->find(one).id;
  }
  take_the_registry_away();
  const auto resolver = make();
  const auto one = resolver->add("one", kOne), other = resolver->add("other", kOther), elsewhere = resolver->add("elsewhere", kOne);
  EXPECT_EQ(resolver->find(one).found, Found::known);
  EXPECT_EQ(resolver->find(one).id, id);
  EXPECT_EQ(resolver->calls(), 0u);
  EXPECT_EQ(resolver->find(other).found, Found::not_yet);
  EXPECT_EQ(resolver->find(elsewhere).found, Found::not_yet) << "an id is kept for a subject";
  ASSERT_TRUE(eventually([&] { return resolver->failures() > 3; }));
  EXPECT_NE(resolver->waits_for().find("503"), std::string::npos) << resolver->waits_for();
  registry_.answer_rightly();
  EXPECT_TRUE(becomes(*resolver, other, Found::known));
  EXPECT_TRUE(becomes(*resolver, elsewhere, Found::known));
  EXPECT_EQ(resolver->find(elsewhere).id, id) << "one text, one id";
  EXPECT_EQ(resolver->waits_for(), "");
}

TEST_F(ResolverTest, WhatIsNotThereAndMayNotBeRegisteredIsWaitedFor) {
  const auto resolver = make(false);
  const auto one = resolver->add("one", kOne);
  EXPECT_EQ(resolver->find(one).found, Found::not_yet);
  ASSERT_TRUE(eventually([&] { return resolver->waits_for().find("schema register") != std::string::npos; }));
  EXPECT_EQ(registry_.count("POST /base/subjects/one/versions"), 0u);
  registry_.put("one", StubRegistry::body_of(R"("{\"title\":\"one\"}")", "JSON"));
  EXPECT_TRUE(becomes(*resolver, one, Found::known));
}

TEST_F(ResolverTest, ARefusalStandsAndTheOthersGoOn) {
  registry_.answer_with([](const auto& request) {
    return request.line.starts_with("POST /base/subjects/one/versions") ? StubRegistry::json(409, "{}") : std::string("right");
  });
  const auto resolver = make();
  const auto one = resolver->add("one", kOne), other = resolver->add("other", kOther);
  ASSERT_TRUE(becomes(*resolver, one, Found::refused));
  EXPECT_NE(resolver->find(one).reason.find("incompatible"), std::string::npos);
  EXPECT_TRUE(becomes(*resolver, other, Found::known));
  const auto calls = resolver->calls();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(resolver->find(one).found, Found::refused);
  EXPECT_EQ(resolver->calls(), calls);
}

TEST_F(ResolverTest, OneIdForTwoSchemasIsNotBelieved) {
  registry_.answer_with([](const auto& request) {
    return request.line.starts_with("POST") ? StubRegistry::json(200, R"({"id":7})") : std::string("right");
  });
  const auto resolver = make();
  const auto one = resolver->add("one", kOne), other = resolver->add("other", kOther);
  ASSERT_TRUE(becomes(*resolver, one, Found::known));
  EXPECT_EQ(resolver->find(other).found, Found::not_yet);
  ASSERT_TRUE(eventually([&] { return resolver->waits_for().find("one id to two schemas") != std::string::npos; }));
  registry_.answer_with([](const auto&) { return StubRegistry::json(200, R"({"id":8})"); });
  EXPECT_TRUE(becomes(*resolver, other, Found::known));
}

TEST_F(ResolverTest, AnOldAnswerOfAnotherRegistryIsNotUsed) {
  {
    const auto resolver = make();
    ASSERT_TRUE(becomes(*resolver, resolver->add("one", kOne), Found::known));
  }
  StubRegistry other;
  other.answer_with([](const auto&) { return std::string("503 X\r\n\r\n"); });
  Resolver::Settings settings{other.settings(), {.initial = 5ms, .max = 20ms}, file_, "d"};
  Resolver resolver(std::move(settings));
  EXPECT_EQ(resolver.find(resolver.add("one", kOne)).found, Found::not_yet);
}

TEST_F(ResolverTest, EndsAtOnceWhileTheRegistryHangs) {
  registry_.answer_with([](const auto&) {
    std::this_thread::sleep_for(200ms);
    return std::string();
  });
  auto resolver = make();
  EXPECT_EQ(resolver->find(resolver->add("one", kOne)).found, Found::not_yet);
  std::this_thread::sleep_for(20ms);
  const auto begin = std::chrono::steady_clock::now();
  resolver.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
}

}  // namespace
}  // namespace user_events::registry::test
