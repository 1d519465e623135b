#include "base/uuid.h"

#include <gtest/gtest.h>

#include <set>

namespace user_events::base {
namespace {

TEST(Uuid, HasTheShapeOfVersionSevenAndHoldsItsTime) {
  constexpr std::int64_t kTime = 1'795'510'800'000;
  for (int i = 0; i < 1'000; ++i) {
    std::string text;
    append_uuid7(kTime, ports::system_random(), text);
    ASSERT_EQ(text.size(), kUuidTextSize);
    for (const std::size_t dash : {8u, 13u, 18u, 23u}) ASSERT_EQ(text[dash], '-');
    ASSERT_EQ(text.find_first_not_of("0123456789abcdef-"), std::string::npos);
    ASSERT_EQ(text[14], '7');
    ASSERT_NE(std::string_view("89ab").find(text[19]), std::string_view::npos);
    ASSERT_EQ(uuid7_time_ms(text), kTime);
  }
}

TEST(Uuid, LaterMillisecondsSortAfterEarlierOnes) {
  std::string last;
  for (std::int64_t ms = 1'795'510'800'000; ms < 1'795'510'801'000; ++ms) {
    std::string text;
    append_uuid7(ms, ports::system_random(), text);
    ASSERT_LT(last, text);
    last = text;
  }
}

TEST(Uuid, TwoOfTheSameMillisecondDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) {
    std::string text;
    append_uuid7(1, ports::system_random(), text);
    ASSERT_TRUE(seen.insert(text).second);
  }
}

TEST(Uuid, ReadsOnlyVersionSeven) {
  EXPECT_EQ(uuid7_time_ms("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"),
            0x017F22E279B0);  // the example of RFC 9562, appendix A.6
  EXPECT_EQ(uuid7_time_ms("017f22e2-79b0-4cc3-98c4-dc0c0c07398f"), std::nullopt);
  EXPECT_EQ(uuid7_time_ms("017f22e2-79b0-7cc3-78c4-dc0c0c07398f"), std::nullopt);
  EXPECT_EQ(uuid7_time_ms("017f22e2-79b0-7cc3-98c4-dc0c0c07398g"), std::nullopt);
  EXPECT_EQ(uuid7_time_ms("017f22e279b0-7cc3-98c4-dc0c0c07398f-"), std::nullopt);
  EXPECT_EQ(uuid7_time_ms(""), std::nullopt);
}

}  // namespace
}  // namespace user_events::base
