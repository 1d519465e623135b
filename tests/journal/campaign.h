// A small run of a journal over any file system, and what must hold for whatever is found afterwards.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "journal/journal.h"
#include "support/seeded_random.h"
#include "support/test_clock.h"

namespace user_events::journal::test {

/// One batch of the run and how it ended.
struct RunBatch {
  std::vector<std::string> ids;
  std::vector<std::string> payloads;
  bool caller_ids = false;
  bool acknowledged = false;
  std::vector<std::uint64_t> sequences;  ///< When acknowledged.
  std::optional<Error> error;            ///< When not.
};

/// Submits batches of several sizes, some at once, with ids of callers and without, and lets retention remove
/// segments.
class Run {
 public:
  explicit Run(std::uint64_t seed) : seed_(seed) {}

  /// Opens, appends, closes. Nothing but a refusal may come of a failing file system. `patient`: waits until
  /// a journal that refuses accepts again, and gives up with `recovered() == false` when it does not.
  void go(ports::FileSystem& files, bool patient = false);
  [[nodiscard]] bool recovered() const { return recovered_; }
  /// Called on the commit thread right after a batch is acknowledged; when it answers true, the run ends.
  void set_on_acknowledged(std::function<bool()> call) { on_acknowledged_ = std::move(call); }
  [[nodiscard]] const std::optional<Error>& open_error() const { return open_error_; }

  /// Empty when all is well: opens the journal again and checks that every acknowledged record is there,
  /// whole, in order and known by its id; that batches are all or none; that the chain is whole; and that the
  /// journal goes on. `goes_on`: what the check itself appends belongs to the run from now on, because this
  /// file system is looked at again.
  [[nodiscard]] std::string check(ports::FileSystem& files, bool goes_on = false);

 private:
  struct Waiting {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t open = 0;
  };

  RunBatch make_batch(user_events::test::SeededRandom& random);
  void submit(Journal& journal, RunBatch& batch, Waiting& waiting);
  void wait_until_accepting(Journal& journal);
  std::string check_records(Journal& journal);
  std::string check_ids(Journal& journal);
  std::string check_goes_on(Journal& journal);

  std::uint64_t seed_, next_id_ = 1, needed_after_ = 0;
  user_events::test::TestClock clock_;
  std::vector<RunBatch> batches_;
  std::optional<Error> open_error_;
  bool recovered_ = true;
  std::function<bool()> on_acknowledged_;
  std::atomic<bool> over_{false};
};

[[nodiscard]] Options run_options();
/// 20, or 200 with UE_LONG=1 in the environment.
[[nodiscard]] std::uint64_t seed_count();

/// Ends the process with a message when the work it stands beside takes too long: a hang is a failure, too.
class Watchdog {
 public:
  Watchdog(std::string what, std::chrono::seconds limit);
  ~Watchdog();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace user_events::journal::test
