// The campaigns notice a journal that is broken on purpose. This program is linked with a journal whose
// defects can be switched on.
#include <gtest/gtest.h>

#include <cstdio>

#include "fault_campaign.h"
#include "journal/defect.h"
#include "power_cut.h"

namespace user_events::journal::test {
namespace {

/// Switches a defect on for one scope.
class Broken {
 public:
  explicit Broken(std::atomic<bool>& defect) : defect_(defect) { defect_ = true; }
  ~Broken() { defect_ = false; }

 private:
  std::atomic<bool>& defect_;
};

constexpr std::uint64_t kSeeds = 3;

TEST(Defects, WithoutAnyThePowerCutCampaignPasses) {
  EXPECT_EQ(cut_power_at_every_sync(kSeeds, CutDefect::none).first_failure, "");
}

TEST(Defects, ASkippedSyncOfFramesIsNoticedByThePowerCutCampaign) {
  const Broken broken(defect::skip_sync);
  const std::string failure = cut_power_at_every_sync(kSeeds, CutDefect::none).first_failure;
  std::printf("noticed: %s\n", failure.c_str());
  EXPECT_NE(failure, "");
}

TEST(Defects, AnEarlyAcknowledgementIsNoticedByThePowerCutCampaign) {
  const Broken broken(defect::acknowledge_early);
  const std::string failure = cut_power_at_every_sync(kSeeds, CutDefect::none).first_failure;
  std::printf("noticed: %s\n", failure.c_str());
  EXPECT_NE(failure.find("is lost"), std::string::npos);
}

TEST(Defects, ASecondSyncAfterAFailedOneIsNoticedByTheFaultCampaign) {
  const Broken broken(defect::sync_again);
  // Right after the acknowledgement: a segment that ends later may hide the loss.
  const std::string failure = cut_power_after_every_fault(user_events::test::FaultKind::io, 1).first_failure;
  std::printf("noticed: %s\n", failure.c_str());
  EXPECT_NE(failure, "");
}

TEST(Defects, AnEarlyAcknowledgementIsNoticedByTheFaultCampaign) {
  const Broken broken(defect::acknowledge_early);
  const std::string failure =
      fail_every_operation({.kind = user_events::test::FaultKind::io}, Beginning::fresh).first_failure;
  std::printf("noticed: %s\n", failure.c_str());
  EXPECT_NE(failure, "");
}

}  // namespace
}  // namespace user_events::journal::test
