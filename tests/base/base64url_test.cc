#include "base/base64url.h"

#include <gtest/gtest.h>

namespace user_events::base {
namespace {

TEST(Base64Url, ReadsWhatItWritesForEveryLength) {
  std::string bytes;
  for (int i = 0; i < 200; ++i) {
    const auto text = base64url(bytes);
    EXPECT_EQ(parse_base64url(text), bytes);
    EXPECT_EQ(text.find_first_of("+/="), std::string::npos);
    bytes += static_cast<char>(i * 37);
  }
}

TEST(Base64Url, OneValueHasOneText) {
  EXPECT_EQ(parse_base64url("AQ"), "\x01");
  for (const char* text : {"AR", "A", "AQ==", "AQ\n", "A+", "A/", "AQ AQ", "AAAAA"}) EXPECT_FALSE(parse_base64url(text).has_value()) << text;
}

}  // namespace
}  // namespace user_events::base
