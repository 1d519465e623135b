#include "destinations/rabbitmq/outstanding.h"

#include <gtest/gtest.h>

#include <vector>

namespace user_events::destinations::rabbitmq {
namespace {

class OutstandingTest : public testing::Test {
 protected:
  void publish(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t n = first; n <= last; ++n) outstanding_.add({.sequence = n});
  }
  std::vector<std::uint64_t> confirm(std::uint64_t tag, bool multiple) {
    std::vector<std::uint64_t> sequences;
    outstanding_.confirm(tag, multiple, [&](const Published& event) { sequences.push_back(event.sequence); });
    return sequences;
  }
  Outstanding outstanding_;
};

using Sequences = std::vector<std::uint64_t>;

TEST_F(OutstandingTest, ATagConfirmsItsEventAndMultipleAllBeforeItThatAreLeft) {
  publish(101, 106);
  EXPECT_EQ(confirm(3, false), Sequences{103});
  EXPECT_EQ(confirm(4, true), (Sequences{101, 102, 104}));
  EXPECT_EQ(confirm(6, false), Sequences{106});
  EXPECT_EQ(outstanding_.size(), 1u);
  EXPECT_EQ(confirm(5, true), Sequences{105});
  EXPECT_TRUE(outstanding_.empty());
}

TEST_F(OutstandingTest, AConfirmThatWasSeenOrIsOfNobodyConfirmsNothing) {
  publish(1, 3);
  EXPECT_EQ(confirm(2, true), (Sequences{1, 2}));
  EXPECT_EQ(confirm(2, true), Sequences{});
  EXPECT_EQ(confirm(1, false), Sequences{});
  EXPECT_EQ(confirm(9, true), Sequences{}) << "a tag that was never given";
  EXPECT_EQ(outstanding_.size(), 1u);
}

TEST_F(OutstandingTest, AReturnedEventIsKnownAtItsConfirm) {
  publish(1, 3);
  ASSERT_NE(outstanding_.mark_returned(2), nullptr);
  EXPECT_EQ(outstanding_.mark_returned(7), nullptr);
  std::vector<bool> returned;
  outstanding_.confirm(3, true, [&](const Published& event) { returned.push_back(event.returned); });
  EXPECT_EQ(returned, (std::vector{false, true, false}));
  EXPECT_EQ(outstanding_.mark_returned(2), nullptr) << "confirmed already";
}

TEST_F(OutstandingTest, TagsBeginAnewAfterDraining) {
  publish(1, 3);
  confirm(1, false);
  Sequences left;
  outstanding_.drain([&](const Published& event) { left.push_back(event.sequence); });
  EXPECT_EQ(left, (Sequences{2, 3}));
  EXPECT_TRUE(outstanding_.empty());
  publish(4, 5);
  EXPECT_EQ(confirm(1, false), Sequences{4});
  outstanding_.drop_last();
  EXPECT_TRUE(outstanding_.empty());
}

}  // namespace
}  // namespace user_events::destinations::rabbitmq
