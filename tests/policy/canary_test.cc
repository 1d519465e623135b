#include "canaries.h"

#include <gtest/gtest.h>

#include <random>

#include "catalogue/support.h"

namespace user_events::policy::test {
namespace {

TEST(CanaryTest, WhatAnySchemaCallsPersonalIsHiddenInWhateverSchemasComeTogether) {
  const char* const given = std::getenv("UE_SEED");
  const auto seed = given == nullptr ? std::random_device()() : static_cast<unsigned>(std::strtoul(given, nullptr, 10));
  std::printf("seed: %u\n", seed);
  std::mt19937 random(seed);
  std::size_t hidden = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(400, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const auto result = release_canaries(bytes, catalogue::test::builtin());
    if (!result) continue;
    ASSERT_EQ(result->broken, "");
    hidden += result->hidden;
  }
  EXPECT_GT(hidden, 500u) << "too little was to be hidden for this to mean something";
}

}  // namespace
}  // namespace user_events::policy::test
