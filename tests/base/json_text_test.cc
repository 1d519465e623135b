#include "base/json_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

namespace user_events::base {
namespace {

std::string string_of(std::string_view text) {
  std::string out;
  append_json_string(text, out);
  return out;
}

std::string number_of(auto value) {
  std::string out;
  append_json_number(value, out);
  return out;
}

TEST(JsonText, EscapesOnlyWhatMustBe) {
  EXPECT_EQ(string_of(""), "\"\"");
  EXPECT_EQ(string_of("ada@example.com"), "\"ada@example.com\"");
  EXPECT_EQ(string_of("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(string_of("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(string_of(std::string_view("\0\x01\x1f", 3)), R"("\u0000\u0001\u001f")");
  EXPECT_EQ(string_of("\x7f"), "\"\x7f\"");
  EXPECT_EQ(string_of("Grüße 日本 😀"), "\"Grüße 日本 😀\"");
}

TEST(JsonText, EscapesEveryByteAtEveryPlaceAlike) {
  for (std::size_t place = 0; place < 20; ++place) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text(20, 'x');
      text[place] = static_cast<char>(byte);
      const std::string alone = string_of(text.substr(place, 1));
      std::string expected = "\"" + std::string(place, 'x') + alone.substr(1, alone.size() - 2) +
                             std::string(19 - place, 'x') + "\"";
      ASSERT_EQ(string_of(text), expected) << place << " " << byte;
      const bool must = byte < 0x20 || byte == '"' || byte == '\\';
      ASSERT_EQ(alone.size() > 3, must) << byte;
      ASSERT_EQ(json_escaped_size(text), expected.size() - 2) << byte;
    }
  }
}

TEST(JsonText, WritesIntegersWhole) {
  EXPECT_EQ(number_of(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(number_of(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(number_of(std::int64_t{0}), "0");
}

TEST(JsonText, DoublesReadBackTheSame) {
  EXPECT_EQ(number_of(0.1), "0.1");
  std::mt19937_64 random(11);
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(std::strtod(number_of(value).c_str(), nullptr), value);
  }
}

TEST(JsonText, PointerTokensAreEscaped) {
  std::string pointer = "/data";
  append_pointer_token("a/b~c", pointer);
  append_pointer_token("", pointer);
  EXPECT_EQ(pointer, "/data/a~1b~0c/");
}

TEST(JsonText, KnowsValidUtf8) {
  EXPECT_TRUE(is_valid_utf8(""));
  EXPECT_TRUE(is_valid_utf8("Grüße 😀"));
  EXPECT_FALSE(is_valid_utf8("\xff"));
  EXPECT_FALSE(is_valid_utf8("\xc0\xaf"));          // overlong
  EXPECT_FALSE(is_valid_utf8("\xed\xa0\x80"));      // surrogate
  EXPECT_FALSE(is_valid_utf8("\xf4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(is_valid_utf8("\xe2\x82"));          // cut off
}

}  // namespace
}  // namespace user_events::base
