#include "access/token.h"

#include <gtest/gtest.h>

namespace user_events::access {
namespace {

TEST(Token, HasTheBitsOfTheRandomPortAndIsABearerToken) {
  const auto a = make_token(ports::system_random()), b = make_token(ports::system_random());
  EXPECT_EQ(a.size(), 3u + 43u);
  EXPECT_TRUE(a.starts_with("ue_"));
  EXPECT_NE(a, b);
  EXPECT_TRUE(is_bearer_token(a));
}

TEST(Token, ItsHashIsSha256) {
  const auto hash = hash_token("abc");  // FIPS 180-2, B.1
  EXPECT_EQ(to_hex(hash), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const auto read = parse_token_hash("BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(equal(*read, hash));
  EXPECT_FALSE(equal(*read, hash_token("abd")));
}

TEST(Token, WhatIsNoHashIsNotRead) {
  for (const std::string& text : {std::string(), std::string(63, 'a'), std::string(65, 'a'), std::string(63, 'a') + "g"})
    EXPECT_FALSE(parse_token_hash(text).has_value()) << text;
}

TEST(Token, OnlyTheCharactersOfABearerTokenAreOne) {
  for (const char* text : {"a", "aZ09-._~+/==", "eyJ.e30.x"}) EXPECT_TRUE(is_bearer_token(text)) << text;
  for (const std::string& text : {std::string(), std::string("="), std::string("a=b"), std::string("a b"), std::string("a,b"), std::string("\"a\""),
                                 std::string("a\x80"), std::string(kMaxTokenBytes + 1, 'a')})
    EXPECT_FALSE(is_bearer_token(text)) << text.substr(0, 10);
}

}  // namespace
}  // namespace user_events::access
