#include "delivery/lanes.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

namespace user_events::delivery {
namespace {

TEST(Lanes, AreFoundByKeyUntilErased) {
  Lanes lanes;
  const auto a = lanes.find_or_add(7);
  EXPECT_EQ(lanes.find_or_add(7), a);
  EXPECT_EQ(lanes.find(7), a);
  EXPECT_EQ(lanes.find(8), kNone);
  lanes.erase(a);
  EXPECT_EQ(lanes.find(7), kNone);
}

TEST(Lanes, AgreeWithAMapOverManyRandomSteps) {
  // Few distinct homes: keys whose product with the multiplier collides often, so that runs and shifts are long.
  std::mt19937_64 random(5);
  Lanes lanes;
  std::unordered_map<std::uint64_t, std::uint32_t> model;
  for (int step = 0; step < 200'000; ++step) {
    const std::uint64_t key = random() % 3'000;
    if (random() % 2 == 0) {
      const auto lane = lanes.find_or_add(key);
      const auto [at, is_new] = model.emplace(key, lane);
      ASSERT_EQ(at->second, lane);
      ASSERT_EQ(lanes[lane].key, key);
      ASSERT_TRUE(!is_new || lanes[lane].head == kNone) << "a reused lane begins empty";
      lanes[lane].head = 1;
    } else if (const auto at = model.find(key); at != model.end()) {
      lanes.erase(at->second);
      model.erase(at);
    }
    const std::uint64_t probe = random() % 3'000;
    const auto at = model.find(probe);
    ASSERT_EQ(lanes.find(probe), at == model.end() ? kNone : at->second);
  }
}

TEST(ReadyList, KeepsOrderThroughRemovalsInTheMiddle) {
  Lanes lanes;
  ReadyList list(Ready::send);
  const auto a = lanes.find_or_add(1), b = lanes.find_or_add(2), c = lanes.find_or_add(3);
  list.push_back(lanes, b);
  list.push_back(lanes, c);
  list.push_front(lanes, a);
  list.remove(lanes, b);
  EXPECT_EQ(list.front(), a);
  list.remove(lanes, a);
  EXPECT_EQ(list.front(), c);
  list.remove(lanes, c);
  EXPECT_TRUE(list.empty());
}

}  // namespace
}  // namespace user_events::delivery
