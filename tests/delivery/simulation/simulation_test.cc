// Seeds: UE_SEED=N or `--seed N` replays one; UE_LONG=1 runs ten times as many.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "simulation/simulation.h"

namespace user_events::delivery::simulation {
namespace {

constexpr std::uint64_t kSeeds = 10'000, kLongSeeds = 100'000;
constexpr std::uint64_t kSeedsForADefect = 300;

std::optional<std::uint64_t> given_seed;

std::uint64_t seeds() {
  const char* is_long = std::getenv("UE_LONG");
  return is_long != nullptr && *is_long == '1' ? kLongSeeds : kSeeds;
}

TEST(DeliverySimulation, KeepsOrderLosesNothingAndRepeatsOnlyWhatWasInDoubt) {
  const std::uint64_t first = given_seed.value_or(1), last = given_seed.value_or(seeds());
  Outline sum;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const Outline one = run_simulation(seed);
    ASSERT_TRUE(one.failure.empty()) << "seed " << seed << ": " << one.failure << " (replay: --seed " << seed << ")";
    sum.events += one.events;
    sum.duplicates += one.duplicates;
    sum.dead_letters += one.dead_letters;
    sum.held += one.held;
    sum.crashes += one.crashes;
    sum.parked += one.parked;
    sum.replays += one.replays;
    sum.discarded += one.discarded;
    sum.postponed += one.postponed;
  }
  std::printf("%llu seeds: %llu events, %llu crashes, %llu duplicates (all allowed), %llu dead letters, %llu held behind them, %llu parked, "
              "%llu replayed, %llu discarded, %llu times not encoded\n",
              static_cast<unsigned long long>(last - first + 1), static_cast<unsigned long long>(sum.events),
              static_cast<unsigned long long>(sum.crashes), static_cast<unsigned long long>(sum.duplicates),
              static_cast<unsigned long long>(sum.dead_letters), static_cast<unsigned long long>(sum.held),
              static_cast<unsigned long long>(sum.parked), static_cast<unsigned long long>(sum.replays), static_cast<unsigned long long>(sum.discarded),
              static_cast<unsigned long long>(sum.postponed));
  if (given_seed) return;
  EXPECT_GT(sum.crashes, 0u) << "a simulation without faults proves nothing";
  EXPECT_GT(sum.duplicates, 0u);
  EXPECT_GT(sum.held, 0u);
  EXPECT_GT(sum.parked, 0u);
  EXPECT_GT(sum.replays, 0u);
  EXPECT_GT(sum.discarded, 0u);
  EXPECT_GT(sum.postponed, 0u);
}

class DeliveryDefect : public ::testing::TestWithParam<std::pair<Defect, std::string_view>> {};

TEST_P(DeliveryDefect, IsNoticed) {
  for (std::uint64_t seed = 1; seed <= kSeedsForADefect; ++seed) {
    const Outline one = run_simulation(seed, GetParam().first);
    if (one.failure.empty()) continue;
    std::printf("noticed at seed %llu: %s\n", static_cast<unsigned long long>(seed), one.failure.c_str());
    return;
  }
  FAIL() << "the defect went unnoticed in " << kSeedsForADefect << " seeds";
}

INSTANTIATE_TEST_SUITE_P(Each, DeliveryDefect, ::testing::ValuesIn(kDefects),
                         [](const auto& one) { return std::string(one.param.second); });

}  // namespace
}  // namespace user_events::delivery::simulation

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  using user_events::delivery::simulation::given_seed;
  if (const char* seed = std::getenv("UE_SEED")) given_seed = std::strtoull(seed, nullptr, 10);
  for (int i = 1; i + 1 < argc; ++i)
    if (std::strcmp(argv[i], "--seed") == 0) given_seed = std::strtoull(argv[i + 1], nullptr, 10);
  return RUN_ALL_TESTS();
}
