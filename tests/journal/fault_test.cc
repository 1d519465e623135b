// Every single operation of a small run fails in turn, in several ways; nothing acknowledged is lost and
// nothing hangs.
#include <gtest/gtest.h>

#include <cstdio>

#include "fault_campaign.h"

namespace user_events::journal::test {
namespace {

using user_events::test::FaultKind;

// How many operations a run has depends on how many appends share a frame; far fewer would show nothing.
constexpr std::uint64_t kFewestOperations = 40;

void expect_survived(FaultKind kind, bool for_ever) {
  for (const Beginning beginning : {Beginning::fresh, Beginning::with_records}) {
    const FaultResult result = fail_every_operation({.kind = kind, .for_ever = for_ever}, beginning);
    std::printf("faults: %llu operations\n", static_cast<unsigned long long>(result.operations));
    EXPECT_EQ(result.first_failure, "");
    EXPECT_GT(result.operations, kFewestOperations);
  }
}

void expect_power_cuts_survived(FaultKind kind) {
  for (std::uint64_t seed = 1; seed <= seed_count() / 4; ++seed) {
    const FaultResult result = cut_power_after_every_fault(kind, seed);
    ASSERT_EQ(result.first_failure, "");
    ASSERT_GT(result.operations, kFewestOperations);
  }
}

TEST(Fault, APowerCutAfterTheFirstAcknowledgementThatFollowsAnInputOutputError) {
  expect_power_cuts_survived(FaultKind::io);
}
TEST(Fault, APowerCutAfterTheFirstAcknowledgementThatFollowsAFullDisk) {
  expect_power_cuts_survived(FaultKind::full);
}
TEST(Fault, APowerCutAfterTheFirstAcknowledgementThatFollowsAShortWrite) {
  expect_power_cuts_survived(FaultKind::short_write);
}

TEST(Fault, AnInputOutputErrorOnceAtEveryOperation) { expect_survived(FaultKind::io, false); }
TEST(Fault, AnInputOutputErrorForEverFromEveryOperation) { expect_survived(FaultKind::io, true); }
TEST(Fault, AFullDiskOnceAtEveryOperation) { expect_survived(FaultKind::full, false); }
TEST(Fault, AFullDiskForEverFromEveryOperation) { expect_survived(FaultKind::full, true); }
TEST(Fault, AShortWriteOnceAtEveryOperation) { expect_survived(FaultKind::short_write, false); }
TEST(Fault, AShortWriteForEverFromEveryOperation) { expect_survived(FaultKind::short_write, true); }

}  // namespace
}  // namespace user_events::journal::test
