// The power goes at every sync of a small run; what was acknowledged is there afterwards.
#include "power_cut.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "campaign.h"

namespace user_events::journal::test {
namespace {

TEST(PowerCut, AtEverySyncPointNothingAcknowledgedIsLost) {
  const CutResult result = cut_power_at_every_sync(seed_count(), CutDefect::none);
  std::printf("power cut: seeds 1..%llu, %llu cuts, %llu of them again during recovery\n",
              static_cast<unsigned long long>(seed_count()), static_cast<unsigned long long>(result.cuts),
              static_cast<unsigned long long>(result.second_cuts));
  EXPECT_EQ(result.first_failure, "");
  EXPECT_GT(result.cuts, seed_count() * 20);
}

TEST(PowerCut, ADiskThatLiesAboutSyncsIsNoticed) {
  EXPECT_NE(cut_power_at_every_sync(5, CutDefect::disk_ignores_syncs).first_failure, "");
}

}  // namespace
}  // namespace user_events::journal::test
