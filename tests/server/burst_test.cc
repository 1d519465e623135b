// The hold that requests at hand share, with the other thread's steps put exactly where they hurt.
#include "server/burst.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace user_events::server {
namespace {

/// Counts holds as the journal does. `in_between` runs once, while a hold is taken: what another thread does just then.
struct Holds {
  int held = 0, least = 0;
  std::function<void()> in_between;

  void begin_burst() {
    ++held;
    if (auto other = std::exchange(in_between, nullptr)) other();
  }
  void end_burst() { least = std::min(least, --held); }
};

TEST(Burst, ManyWhoBeginShareOneHoldUntilTheEnd) {
  Holds holds;
  Burst burst(holds);
  burst.end();
  EXPECT_EQ(holds.held, 0);
  burst.begin();
  burst.begin();
  EXPECT_EQ(holds.held, 1);
  burst.end();
  burst.end();
  EXPECT_EQ(holds.held, 0);
  EXPECT_EQ(holds.least, 0);
}

TEST(Burst, AReleaseBetweenAHoldAndItsFlagDoesNotOvertakeTheHold) {
  struct Late : Holds {
    std::function<void()> before;
    void begin_burst() {
      before();  // the other thread comes before the hold is counted
      Holds::begin_burst();
    }
  } holds;
  Burst burst(holds);
  holds.before = [&] { burst.end(); };
  burst.begin();
  EXPECT_EQ(holds.held, 1);
  holds.before = [] {};
  holds.in_between = [&] { burst.end(); };
  burst.end();
  burst.begin();
  EXPECT_EQ(holds.least, 0) << "released before it was held";
  burst.end();
  EXPECT_EQ(holds.held, 0);
}

TEST(Burst, OfTwoWhoBeginTogetherOneHoldIsLeftAndOneReleaseEndsIt) {
  Holds holds;
  Burst burst(holds);
  holds.in_between = [&] { burst.begin(); };
  burst.begin();
  EXPECT_EQ(holds.held, 1);
  burst.end();
  EXPECT_EQ(holds.held, 0);
  EXPECT_EQ(holds.least, 0);
}

}  // namespace
}  // namespace user_events::server
