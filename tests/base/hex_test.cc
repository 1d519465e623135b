#include "base/hex.h"

#include <gtest/gtest.h>

#include <array>

namespace user_events::base {
namespace {

TEST(Hex, WritesLowerCaseAndReadsBothCases) {
  std::string text = "x";
  append_hex(std::string_view("\x00\x7f\xff\xa5", 4), text);
  EXPECT_EQ(text, "x007fffa5");
  std::array<unsigned char, 4> bytes{};
  ASSERT_TRUE(parse_hex("007FfFa5", bytes));
  EXPECT_EQ(bytes, (std::array<unsigned char, 4>{0, 0x7f, 0xff, 0xa5}));
}

TEST(Hex, RefusesOtherLengthsAndWhatIsNoDigit) {
  std::array<unsigned char, 2> bytes{};
  for (const auto* text : {"", "00", "00000", "000000", "00 0", "0x00", "00g0", "0/00", "0:00", "00@0", "00`0"}) EXPECT_FALSE(parse_hex(text, bytes)) << text;
}

}  // namespace
}  // namespace user_events::base
