// The fault campaign, shared by the test that it passes and the tests that it notices defects.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "campaign.h"
#include "support/crash_file_system.h"
#include "support/fault_file_system.h"

namespace user_events::journal::test {

struct FaultResult {
  std::uint64_t operations = 0;
  std::string first_failure;
};

/// What the failing run finds: nothing, or a journal with records, which it must recover under the fault.
enum class Beginning : std::uint8_t { fresh, with_records };

/// Lets the n-th operation fail for every n until a run gets through.
inline FaultResult fail_every_operation(user_events::test::Fault fault, Beginning beginning) {
  using user_events::test::CrashFileSystem;
  using user_events::test::FaultFileSystem;
  constexpr std::uint64_t kSeed = 7;
  for (std::uint64_t n = 1;; ++n) {
    const std::string where = "operation " + std::to_string(n);
    const Watchdog watchdog("fault at " + where, std::chrono::seconds(60));
    CrashFileSystem disk;
    Run run(kSeed);
    if (beginning == Beginning::with_records) run.go(disk);
    std::uint64_t operations = 0;
    fault.at = n;
    {
      FaultFileSystem faulty(disk, fault, [&](const std::string& path) { disk.drop_unsynced(path); });
      // A fault that passes must leave a journal that accepts again; one that stays need only be refused
      // clearly.
      run.go(faulty, !fault.for_ever);
      operations = faulty.operations();
    }
    if (!run.recovered()) return {n, where + ": the journal does not accept again"};
    auto after_cut = disk.after_power_cut(n);
    if (std::string wrong = run.check(*after_cut); !wrong.empty())
      return {n, where + ", after a power cut: " + wrong};
    if (std::string wrong = run.check(disk, true); !wrong.empty())
      return {n, where + ", after the process ended: " + wrong};
    // What the next process found in memory must have become durable before it built on it.
    after_cut = disk.after_power_cut(n + 1);
    if (std::string wrong = run.check(*after_cut); !wrong.empty())
      return {n, where + ", after the next process and a power cut: " + wrong};
    if (operations < n) return {n - 1, {}};
  }
}

/// Lets the n-th operation fail once, for every n, and cuts the power right after the first acknowledgement
/// that follows: what a journal does to go on after a fault must be durable before anybody relies on it.
inline FaultResult cut_power_after_every_fault(user_events::test::FaultKind kind, std::uint64_t seed) {
  using user_events::test::CrashFileSystem;
  using user_events::test::FaultFileSystem;
  constexpr std::uint64_t kPicturesOfOneCut = 6;
  for (std::uint64_t n = 1;; ++n) {
    const std::string where = "seed " + std::to_string(seed) + ", operation " + std::to_string(n);
    const Watchdog watchdog("power cut after a fault, " + where, std::chrono::seconds(60));
    CrashFileSystem disk;
    Run run(seed);
    std::vector<std::unique_ptr<CrashFileSystem>> survivors;
    FaultFileSystem faulty(disk, {.at = n, .kind = kind},
                           [&](const std::string& path) { disk.drop_unsynced(path); });
    run.set_on_acknowledged([&] {
      if (!faulty.has_failed()) return false;
      for (std::uint64_t i = 0; survivors.size() < kPicturesOfOneCut; ++i)
        survivors.push_back(disk.after_power_cut(n * 100 + i));
      disk.cut_power(n);
      return true;
    });
    run.go(faulty, true);
    if (!faulty.has_failed()) return {n - 1, {}};
    for (const auto& survivor : survivors)
      if (std::string wrong = run.check(*survivor); !wrong.empty()) return {n, where + ": " + wrong};
  }
}

}  // namespace user_events::journal::test
