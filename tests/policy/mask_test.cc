#include "policy/mask.h"

#include <gtest/gtest.h>

namespace user_events::policy {
namespace {

std::string masked(std::string_view klass, std::string_view text) {
  std::string out;
  append_masked(mask_of(klass), text, out);
  return out;
}

TEST(MaskTest, AnEmailAddressShowsItsFirstLetterAndItsDomain) {
  EXPECT_EQ(masked("email", "ada.lovelace@example.com"), "a***@example.com");
  EXPECT_EQ(masked("email", "a@example.com"), "***@example.com");
  EXPECT_EQ(masked("email", "émile@example.com"), "é***@example.com");
  EXPECT_EQ(masked("email", R"("ada b"@example.com)"), "***@example.com");
  EXPECT_EQ(masked("email", R"(a"@b"@example.com)"), "a***@example.com");
  for (const char* const none : {"", "ada", "@example.com"}) EXPECT_EQ(masked("email", none), "***") << none;
}

TEST(MaskTest, AnAddressShowsItsNetwork) {
  EXPECT_EQ(masked("ip", "203.0.113.217"), "203.0.113.0");
  EXPECT_EQ(masked("ip", "2001:db8:1:2:3:4:5:6"), "2001:db8:1::");
  EXPECT_EQ(masked("ip", "::ffff:203.0.113.217"), "::");
  EXPECT_EQ(masked("ip", "2001:DB8::1"), "2001:db8::");
  for (const char* const none : {"", "localhost", "203.0.113", "203.0.113.217/24", "2001:db8::1%eth0"}) EXPECT_EQ(masked("ip", none), "***") << none;
  EXPECT_EQ(masked("ip", std::string(1'000, '1')), "***");
}

TEST(MaskTest, NamesShowTheirFirstLetterUnlessItIsAll) {
  EXPECT_EQ(masked("name", "Ada"), "A***");
  EXPECT_EQ(masked("username", "\xE6\x9D\x8E\xE5\xB0\x8F"), "\xE6\x9D\x8E***");
  EXPECT_EQ(masked("name", "\xE6\x9D\x8E"), "***");
  EXPECT_EQ(masked("name", ""), "***");
}

TEST(MaskTest, APhoneNumberShowsItsLastTwoDigitsIfThereAreEnough) {
  EXPECT_EQ(masked("phone", "+44 20 7946 0958"), "***58");
  EXPECT_EQ(masked("phone", "12345"), "***");
  EXPECT_EQ(masked("phone", "+44 20 7946 095x"), "***");
  EXPECT_EQ(masked("phone", ""), "***");
}

TEST(MaskTest, AUserAgentShowsItsProductWithoutVersion) {
  EXPECT_EQ(masked("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"), "Mozilla");
  EXPECT_EQ(masked("user-agent", "curl"), "***");
  EXPECT_EQ(masked("user-agent", "/1"), "***");
  EXPECT_EQ(masked("user-agent", std::string(100, 'a') + "/1"), "***");
}

TEST(MaskTest, OfEverythingElseNothingIsShown) {
  for (const char* const klass : {"address", "free-text", "identifier", "a-class-of-ones-own"}) EXPECT_EQ(masked(klass, "secret"), "***") << klass;
}

}  // namespace
}  // namespace user_events::policy
