// Seeds: UE_SEED=N or `--seed N` replays one; UE_LONG=1 runs ten times as many.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "observability/log.h"
#include "whole/world.h"

namespace user_events::delivery::whole {
namespace {

constexpr std::uint64_t kSeeds = 10'000, kLongSeeds = 100'000;
constexpr std::uint64_t kSeedsForADefect = 400;

std::optional<std::uint64_t> given_seed;

std::uint64_t seeds() {
  if (const char* count = std::getenv("UE_SEEDS")) return std::strtoull(count, nullptr, 10);
  const char* is_long = std::getenv("UE_LONG");
  return is_long != nullptr && *is_long == '1' ? kLongSeeds : kSeeds;
}

void add(Outline& sum, const Outline& one) {
  for (const auto member : {&Outline::events, &Outline::destinations, &Outline::arrivals, &Outline::repeats, &Outline::letters, &Outline::held, &Outline::parked,
                            &Outline::copies, &Outline::replays, &Outline::discarded, &Outline::rewinds, &Outline::folded, &Outline::left_out, &Outline::crashes,
                            &Outline::power_cuts, &Outline::restarts, &Outline::pauses, &Outline::jumps, &Outline::read_faults})
    sum.*member += one.*member;
}

/// Runs seeds on all processors until `most` have failed. By seed, what was broken.
std::map<std::uint64_t, std::string> run_seeds(std::uint64_t first, std::uint64_t last, Defect defect, std::size_t most, Outline& sum) {
  std::atomic<std::uint64_t> next{first};
  std::mutex mutex;
  std::map<std::uint64_t, std::string> failed;
  std::atomic<bool> stop{false};
  std::vector<std::jthread> workers;
  for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i)
    workers.emplace_back([&] {
      while (!stop) {
        const std::uint64_t seed = next++;
        if (seed > last) return;
        const Outline one = run_world(seed, defect);
        const std::lock_guard lock(mutex);
        add(sum, one);
        if (!one.failure.empty()) failed.emplace(seed, one.failure);
        stop = failed.size() >= most;
      }
    });
  workers.clear();
  return failed;
}

TEST(DeliveryWhole, EveryDestinationGetsItsOwnInOrderWhateverFails) {
  const std::uint64_t first = given_seed.value_or(1), last = given_seed.value_or(seeds());
  Outline sum;
  constexpr std::size_t kShown = 10;
  const auto failed = run_seeds(first, last, Defect::none, kShown, sum);
  for (const auto& [seed, what] : failed) ADD_FAILURE() << "seed " << seed << ": " << what << " (replay: --seed " << seed << ")";
  ASSERT_TRUE(failed.empty());
  std::printf("%llu seeds:", static_cast<unsigned long long>(last - first + 1));
  for (const auto& [name, count] : std::initializer_list<std::pair<const char*, std::uint64_t>>{
           {"events", sum.events}, {"destinations", sum.destinations}, {"deliveries", sum.arrivals}, {"repeated (all allowed)", sum.repeats},
           {"dead letters", sum.letters}, {"held", sum.held}, {"parked", sum.parked}, {"copies", sum.copies}, {"replayed", sum.replays},
           {"discarded", sum.discarded}, {"rewinds", sum.rewinds}, {"folds", sum.folded}, {"left out", sum.left_out}, {"crashes", sum.crashes},
           {"power cuts among them", sum.power_cuts}, {"orderly restarts", sum.restarts}, {"pauses", sum.pauses}, {"clock jumps", sum.jumps},
           {"failed reads", sum.read_faults}}) {
    std::printf(" %llu %s,", static_cast<unsigned long long>(count), name);
    if (!given_seed) {
      EXPECT_GT(count, 0u) << name << ": a simulation without them proves nothing";
    }
  }
  std::printf("\n");
}

constexpr std::pair<Defect, std::string_view> kDefects[] = {
    {Defect::cursor_shared, "cursor_shared"},
    {Defect::position_early, "position_early"},
    {Defect::position_not_saved, "position_not_saved"},
    {Defect::filter_shared, "filter_shared"},
    {Defect::rewind_skips, "rewind_skips"},
    {Defect::rewind_unmarked, "rewind_unmarked"},
    {Defect::pause_forgotten, "pause_forgotten"},
    {Defect::held_keys_not_loaded, "held_keys_not_loaded"},
    {Defect::skipped_forgotten, "skipped_forgotten"},
    {Defect::letters_lost, "letters_lost"},
    {Defect::letters_of_another, "letters_of_another"},
    {Defect::line_backwards, "line_backwards"},
    {Defect::letter_deleted_early, "letter_deleted_early"},
    {Defect::copy_to_wrong_destination, "copy_to_wrong_destination"},
    {Defect::copy_forgotten, "copy_forgotten"},
    {Defect::copy_taken_for_event, "copy_taken_for_event"},
    {Defect::fold_counted_twice, "fold_counted_twice"},
    {Defect::fold_undercounted, "fold_undercounted"},
    {Defect::doubt_is_accepted, "doubt_is_accepted"},
    {Defect::found_of_other_journal, "found_of_other_journal"},
    {Defect::failures_forgotten, "failures_forgotten"},
};

class DeliveryWholeDefect : public ::testing::TestWithParam<std::pair<Defect, std::string_view>> {};

TEST_P(DeliveryWholeDefect, IsNoticed) {
  Outline sum;
  const auto failed = run_seeds(1, kSeedsForADefect, GetParam().first, 1, sum);
  ASSERT_FALSE(failed.empty()) << "the defect went unnoticed in " << kSeedsForADefect << " seeds";
  std::printf("noticed at seed %llu: %s\n", static_cast<unsigned long long>(failed.begin()->first), failed.begin()->second.c_str());
}

INSTANTIATE_TEST_SUITE_P(Each, DeliveryWholeDefect, ::testing::ValuesIn(kDefects), [](const auto& one) { return std::string(one.param.second); });

}  // namespace
}  // namespace user_events::delivery::whole

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  using user_events::delivery::whole::given_seed;
  user_events::LogOptions silent;
  silent.level = "off";
  user_events::observability::configure_log(silent);
  if (const char* seed = std::getenv("UE_SEED")) given_seed = std::strtoull(seed, nullptr, 10);
  for (int i = 1; i + 1 < argc; ++i)
    if (std::strcmp(argv[i], "--seed") == 0) given_seed = std::strtoull(argv[i + 1], nullptr, 10);
  return RUN_ALL_TESTS();
}
