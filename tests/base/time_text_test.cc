#include "base/time_text.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

namespace user_events::base {
namespace {

std::string text_of(std::int64_t ms) {
  std::string out;
  append_time(ms, out);
  return out;
}

TEST(TimeText, WritesUtcWithMilliseconds) {
  EXPECT_EQ(text_of(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(text_of(1'795'510'800'000), "2026-11-24T09:00:00.000Z");
  EXPECT_EQ(text_of(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(text_of(951'782'400'123), "2000-02-29T00:00:00.123Z");
}

TEST(TimeText, ClampsToTheYearsThatFourDigitsHold) {
  EXPECT_EQ(text_of(INT64_MIN), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(text_of(INT64_MAX), "9999-12-31T23:59:59.999Z");
}

TEST(TimeText, AgreesWithTheStandardCalendarOnRandomTimes) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::int64_t> times(-62'167'219'200'000, 253'402'300'799'999);
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t ms = times(random);
    const std::string text = text_of(ms);
    ASSERT_EQ(parse_time(text), ms) << text;
    const auto day =
        std::chrono::floor<std::chrono::days>(std::chrono::sys_time(std::chrono::milliseconds(ms)));
    const std::chrono::year_month_day date(day);
    ASSERT_EQ(std::stoi(text.substr(0, 4)), static_cast<int>(date.year()));
    ASSERT_EQ(std::stoul(text.substr(5, 2)), static_cast<unsigned>(date.month()));
    ASSERT_EQ(std::stoul(text.substr(8, 2)), static_cast<unsigned>(date.day()));
  }
}

TEST(TimeText, ReadsOffsetsFractionsAndLowerCase) {
  EXPECT_EQ(parse_time("2026-11-24T10:00:00+01:00"), 1'795'510'800'000);
  EXPECT_EQ(parse_time("2026-11-24T03:30:00.5-05:30"), 1'795'510'800'500);
  EXPECT_EQ(parse_time("2026-11-24t09:00:00z"), 1'795'510'800'000);
  EXPECT_EQ(parse_time("2026-11-24T09:00:00.123999999999999999999Z"), 1'795'510'800'123);
  EXPECT_EQ(parse_time("2026-11-24T09:00:00-00:00"), 1'795'510'800'000);
}

TEST(TimeText, ALeapSecondStandsOnlyBeforeMidnightUtc) {
  EXPECT_EQ(parse_time("1998-12-31T23:59:60Z"), 915'148'800'000);
  EXPECT_EQ(parse_time("1998-12-31T15:59:60.123-08:00"), 915'148'800'123);
  EXPECT_EQ(parse_time("1998-12-31T22:59:60Z"), std::nullopt);
  EXPECT_EQ(parse_time("1998-12-31T23:58:60Z"), std::nullopt);
  EXPECT_EQ(parse_time("1998-12-31T23:59:60+01:00"), std::nullopt);
}

TEST(TimeText, RefusesWhatIsNoDateTime) {
  for (const char* text : {"",
                           "2026",
                           "2026-11-24",
                           "2026-11-24T09:00:00",
                           "2026-11-24 09:00:00Z",
                           "2026-11-24T09:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-02-29T00:00:00Z",
                           "2026-04-31T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-11-24T24:00:00Z",
                           "2026-11-24T09:60:00Z",
                           "2026-11-24T09:00:61Z",
                           "2026-11-24T09:00:00.Z",
                           "2026-11-24T09:00:00+24:00",
                           "2026-11-24T09:00:00+01:60",
                           "2026-11-24T09:00:00+0100",
                           "2026-11-24T09:00:00+01",
                           "2026-11-24T09:00:00ZZ",
                           " 2026-11-24T09:00:00Z",
                           "2026-11-24T09:00:00Z ",
                           "26-11-24T09:00:00Z",
                           "+2026-11-24T09:00:00Z",
                           "2026-1-24T09:00:00Z",
                           "2026-11-24T9:00:00Z",
                           "1963-06-1\u09ea"
                           "T00:00:00Z",
                           "0000-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01",
                           "9999-12-31T23:59:60Z"})
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
}

TEST(TimeText, APointInTimeIsReadAndWrittenAsItsMilliseconds) {
  const Timestamp time(std::chrono::milliseconds(1'795'510'800'123));
  std::string out = "at ";
  append_timestamp(time, out);
  EXPECT_EQ(out, "at 2026-11-24T09:00:00.123Z");
  EXPECT_EQ(parse_timestamp("2026-11-24T10:00:00.123+01:00"), time);
  EXPECT_EQ(parse_timestamp("1969-12-31T23:59:59.999Z"), Timestamp(std::chrono::milliseconds(-1)));
  EXPECT_EQ(parse_timestamp("2026-11-24"), std::nullopt);
  EXPECT_EQ(parse_timestamp(""), std::nullopt);
}

}  // namespace
}  // namespace user_events::base
