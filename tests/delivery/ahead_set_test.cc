#include "delivery/ahead_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace user_events::delivery {
namespace {

using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

TEST(AheadSet, AgreesWithASetWhileSliding) {
  std::mt19937_64 random(3);
  AheadSet ahead(1);
  std::set<std::uint64_t> model;
  std::uint64_t first = 1;
  for (int step = 0; step < 3'000; ++step) {
    for (int i = 0; i < 40; ++i) {
      const std::uint64_t sequence = first + random() % 2'000;
      ASSERT_TRUE(ahead.add(sequence));
      model.insert(sequence);
    }
    first += random() % 500;
    ahead.drop_below(first);
    model.erase(model.begin(), model.lower_bound(first));
    for (int i = 0; i < 20; ++i) {
      const std::uint64_t sequence = first + random() % 3'000;
      ASSERT_EQ(ahead.contains(sequence), model.contains(sequence));
    }
    if (step % 100 != 0) continue;
    Ranges expected, got;
    for (const auto sequence : model) append_range(sequence, sequence + 1, expected);
    ahead.append_ranges(first, got);
    ASSERT_EQ(got, expected);
  }
}

TEST(AheadSet, RefusesWhatIsTooFarAheadInsteadOfGrowingWithoutBound) {
  AheadSet ahead(1);
  EXPECT_FALSE(ahead.add(std::uint64_t{1} << 60));
  EXPECT_FALSE(ahead.contains(std::uint64_t{1} << 60));
}

TEST(AheadSet, JoinsRangesOverWordBorders) {
  AheadSet ahead(1);
  for (std::uint64_t sequence = 60; sequence < 200; ++sequence) ASSERT_TRUE(ahead.add(sequence));
  Ranges out{{10, 62}};
  ahead.append_ranges(62, out);
  EXPECT_EQ(out, (Ranges{{10, 200}}));
}

}  // namespace
}  // namespace user_events::delivery
