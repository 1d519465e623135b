#include "privacy/key_cache.h"

#include <algorithm>

#include "ring_fixture.h"

namespace user_events::privacy::test {
namespace {

KeyId id_of(std::uint64_t number) {
  KeyId id{};
  std::memcpy(id.data(), &number, sizeof number);
  id[15] = std::byte{9};
  return id;
}

TEST(KeyCache, FindsWhatWasPutLastAndNothingElse) {
  KeyCache cache(8);
  const std::array<unsigned char, crypto::kKeyBytes> first = {1}, second = {2};
  EXPECT_EQ(cache.find(subject(1)), nullptr);
  cache.put(subject(1), id_of(1), first);
  cache.put(subject(1), id_of(2), second);
  const auto* const slot = cache.find(subject(1));
  ASSERT_NE(slot, nullptr);
  EXPECT_EQ(slot->id, id_of(2));
  EXPECT_TRUE(std::ranges::equal(slot->key, second));
  EXPECT_EQ(cache.find(subject(2)), nullptr);
  cache.erase(subject(1));
  EXPECT_EQ(cache.find(subject(1)), nullptr);
}

TEST(KeyCache, HoldsAsManyAsItHasRoomForAndStaysRight) {
  KeyCache cache(64);
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const std::array<unsigned char, crypto::kKeyBytes> key = {static_cast<unsigned char>(i), static_cast<unsigned char>(i >> 8)};
    cache.put(subject(i), id_of(i), key);
  }
  std::size_t there = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i)
    if (const auto* const slot = cache.find(subject(i))) {
      ++there;
      EXPECT_EQ(slot->id, id_of(i));
      EXPECT_EQ(slot->key[0], static_cast<unsigned char>(i));
    }
  EXPECT_EQ(there, 64u);
}

}  // namespace
}  // namespace user_events::privacy::test
