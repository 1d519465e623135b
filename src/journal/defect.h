// Deliberate defects for the tests that prove the campaigns: only the test library is built with
// UE_JOURNAL_DEFECTS.
#pragma once

#ifdef UE_JOURNAL_DEFECTS

#include <atomic>

namespace user_events::journal::defect {
inline std::atomic<bool> skip_sync{false};
inline std::atomic<bool> acknowledge_early{false};
inline std::atomic<bool> sync_again{false};
}  // namespace user_events::journal::defect

#define UE_DEFECT_SKIP_SYNC(code) \
  if (defect::skip_sync) {        \
    code;                         \
  }
#define UE_DEFECT_ACKNOWLEDGE_EARLY(code) \
  if (defect::acknowledge_early) {        \
    code;                                 \
  }
#define UE_DEFECT_SYNC_AGAIN(code) \
  if (defect::sync_again) {        \
    code;                          \
  }

#else

#define UE_DEFECT_SKIP_SYNC(code)
#define UE_DEFECT_ACKNOWLEDGE_EARLY(code)
#define UE_DEFECT_SYNC_AGAIN(code)

#endif
