// The power-cut campaign, shared by the test that it passes and the tests that it notices defects.
#pragma once

#include <string>

#include "campaign.h"
#include "support/crash_file_system.h"

namespace user_events::journal::test {

enum class CutDefect : std::uint8_t { none, disk_ignores_syncs };

struct CutResult {
  std::uint64_t cuts = 0, second_cuts = 0;
  std::string first_failure;  ///< With seed and sync point, to be run again.
};

/// For each seed: cuts the power at the first sync, the second, … until the run gets through.
inline CutResult cut_power_at_every_sync(std::uint64_t seeds, CutDefect defect) {
  CutResult result;
  for (std::uint64_t seed = 1; seed <= seeds && result.first_failure.empty(); ++seed) {
    for (std::uint64_t at = 1; result.first_failure.empty(); ++at) {
      const std::string where = "seed " + std::to_string(seed) + ", sync " + std::to_string(at);
      const Watchdog watchdog("power cut, " + where, std::chrono::seconds(60));
      user_events::test::CrashFileSystem disk;
      if (defect == CutDefect::disk_ignores_syncs) disk.ignore_syncs();
      disk.cut_power_at_sync(at, seed * 1'000 + at);
      Run run(seed);
      run.go(disk);
      const bool cut = disk.power_is_cut();
      result.cuts += cut ? 1 : 0;
      auto survivor = disk.after_power_cut(seed * 1'000 + at);
      if ((seed + at) % 3 == 0) {
        // Once more, while the journal recovers.
        survivor->cut_power_at_sync(1 + at % 5, seed * 7'000 + at);
        static_cast<void>(run.check(*survivor, true));
        result.second_cuts += survivor->power_is_cut() ? 1 : 0;
        survivor = survivor->after_power_cut(seed * 7'000 + at);
      }
      if (std::string wrong = run.check(*survivor); !wrong.empty())
        result.first_failure = where + ": " + wrong;
      if (!cut) break;
    }
  }
  return result;
}

}  // namespace user_events::journal::test
