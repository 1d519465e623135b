#include "base/hash64.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>
#include <vector>

namespace user_events::base {
namespace {

TEST(Hash64, DependsOnEveryByteTheLengthAndTheSeed) {
  for (std::size_t size = 0; size <= 70; ++size) {
    const std::string text(size, 'u');
    const std::uint64_t hash = hash64(text, 1);
    EXPECT_EQ(hash64(std::string(text), 1), hash);
    EXPECT_NE(hash64(text, 2), hash);
    EXPECT_NE(hash64(text + '\0', 1), hash);
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = text;
      other[i] = 'v';
      EXPECT_NE(hash64(other, 1), hash) << size << " " << i;
    }
  }
}

TEST(Hash64, SpreadsUserIdsEvenly) {
  constexpr std::size_t kBuckets = 64, kKeys = 64'000;
  std::vector<int> count(kBuckets);
  std::set<std::uint64_t> seen;
  for (std::size_t i = 0; i < kKeys; ++i) {
    const std::uint64_t hash = hash64("user-" + std::to_string(i), 42);
    seen.insert(hash);
    ++count[hash % kBuckets];
  }
  EXPECT_EQ(seen.size(), kKeys);
  for (const int n : count) EXPECT_NEAR(n, 1'000, 200);  // more than six standard deviations
}

TEST(Hash64, OneFlippedBitFlipsAboutHalf) {
  int flipped = 0;
  for (int i = 0; i < 256; ++i) {
    std::string a = "user-" + std::to_string(i), b = a;
    b[0] = static_cast<char>(b[0] ^ 1);
    flipped += std::popcount(hash64(a, 5) ^ hash64(b, 5));
  }
  EXPECT_NEAR(flipped / 256.0, 32.0, 2.0);
}

}  // namespace
}  // namespace user_events::base
