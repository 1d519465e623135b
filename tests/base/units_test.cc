#include "base/units.h"

#include <gtest/gtest.h>

#include "base/nearest.h"

namespace user_events::base {
namespace {

using namespace std::chrono_literals;

TEST(Units, WholeNumbersAreDigitsAndNothingElse) {
  EXPECT_EQ(whole_number("0"), 0u);
  EXPECT_EQ(whole_number("18446744073709551615"), ~0ull);
  for (const char* bad : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "18446744073709551616"}) EXPECT_EQ(whole_number(bad), std::nullopt) << bad;
}

TEST(Units, DurationsAreWholeNumbersWithAUnit) {
  EXPECT_EQ(parse_duration("100ms"), 100ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("10m"), 10min);
  EXPECT_EQ(parse_duration("24h"), 24h);
  EXPECT_EQ(parse_duration("7d"), 168h);
  EXPECT_EQ(parse_duration("0s"), 0ms);
  for (const char* bad : {"", "5", "s", "-1s", "1.5s", "1 s", "1S", "1w", "1s ", " 1s", "0x1s", "1h30m",
                          "99999999999999999999s", "40000d"}) {
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
  }
}

TEST(Units, SizesKnowPowersOfTwoAndOfTen) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("512"), 512u);
  EXPECT_EQ(parse_size("64MiB"), 67'108'864u);
  EXPECT_EQ(parse_size("64MB"), 64'000'000u);
  EXPECT_EQ(parse_size("64kB"), 64'000u);
  EXPECT_EQ(parse_size("1TiB"), 1ull << 40);
  for (const char* bad :
       {"", "MiB", "-1", "1.5MiB", "1 MiB", "1mib", "1PB", "9223372036854775809", "99999999TiB"}) {
    EXPECT_EQ(parse_size(bad), std::nullopt) << bad;
  }
}

TEST(Units, TextsReadBackToTheSameValue) {
  for (const std::int64_t ms : {0, 1, 999, 1'000, 90'000, 86'400'000, 604'800'000, 123'456'789}) {
    EXPECT_EQ(parse_duration(duration_text(std::chrono::milliseconds(ms))), std::chrono::milliseconds(ms));
  }
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(168h), "7d");
  for (const std::uint64_t bytes :
       {0ull, 1ull, 1'000ull, 1'024ull, 1'000'000ull, 67'108'864ull, 67'108'865ull, 1ull << 62}) {
    EXPECT_EQ(parse_size(size_text(bytes)), bytes);
  }
  EXPECT_EQ(size_text(64ull << 20), "64MiB");
  EXPECT_EQ(size_text(1'000), "1kB");
}

TEST(Nearest, NamesWhatWasProbablyMeant) {
  const std::vector<std::string> names = {"data_dir", "http.listen", "journal.segment_bytes"};
  EXPECT_EQ(base::nearest("datadir", names), "data_dir");
  EXPECT_EQ(base::nearest("http.lisen", names), "http.listen");
  EXPECT_EQ(base::nearest("HTTP-Listen", names), "http.listen");
  EXPECT_EQ(base::nearest("journal.segment_size", names), "journal.segment_bytes");
  EXPECT_EQ(base::nearest("colour", names), "");
  EXPECT_EQ(base::nearest(std::string(10'000, 'x'), names), "");
}

}  // namespace
}  // namespace user_events::base
