#include "base/json_text.h"

#include <gtest/gtest.h>

namespace user_events::base {
namespace {

TEST(Utf8, APrefixEndsAtACharacter) {
  const std::string text = "a\xC3\xA9\xF0\x9F\x98\x80z";
  const std::size_t expected[] = {0, 1, 1, 3, 3, 3, 3, 7, 8, 8};
  for (std::size_t most = 0; most < std::size(expected); ++most) EXPECT_EQ(utf8_prefix(text, most), text.substr(0, expected[most])) << most;
}

}  // namespace
}  // namespace user_events::base
