#include "delivery/volume.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "encoding/envelope.h"

namespace user_events::delivery::test {
namespace {

using Verdict = Volume::Verdict;

class VolumeTest : public ::testing::Test {
 protected:
  void rules(const std::vector<std::string>& texts) {
    auto made = Volume::make(texts, privacy::RecordOpener());
    ASSERT_TRUE(made) << describe(made.error());
    volume_ = *std::move(made);
  }
  Volume::Decision decide(std::string_view type, std::int64_t accepted_ms, std::string_view address = "192.0.2.1",
                          std::string_view key = "u1") {
    const std::string data = R"({"ipAddress":")" + std::string(address) + R"("})";
    const std::string id = "event-" + std::to_string(++sequence_);
    std::string payload;
    encoding::append_payload({.id = id, .source = "urn:test", .type = type, .partition_key = key, .data = data}, payload);
    journal::RecordView record;
    record.sequence = sequence_;
    record.accepted_ms = accepted_ms;
    record.id = id;
    record.type = type;
    record.key = key;
    record.payload = payload;
    return volume_.decide(record);
  }
  Verdict verdict(std::string_view type, std::int64_t accepted_ms, std::string_view address = "192.0.2.1", std::string_view key = "u1") {
    return decide(type, accepted_ms, address, key).verdict;
  }
  std::vector<std::pair<std::uint64_t, std::uint32_t>> closed(std::int64_t now_ms) {
    std::vector<Volume::Fold> folds;
    volume_.take_closed(now_ms, folds);
    std::vector<std::pair<std::uint64_t, std::uint32_t>> out;
    for (const auto& fold : folds) out.emplace_back(fold.carrier, fold.events);
    std::ranges::sort(out);
    return out;
  }

  Volume volume_;
  std::uint64_t sequence_ = 0;
};

using Folds = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

TEST_F(VolumeTest, WithoutARuleAllPass) {
  rules({});
  EXPECT_EQ(verdict("user.created", 1), Verdict::pass);
  rules({"user.login.failed fold=1s"});
  EXPECT_EQ(verdict("user.created", 1), Verdict::pass);
}

TEST_F(VolumeTest, ASampleIsAboutItsPartAndTheSameEachTime) {
  rules({"user.loggedin sample=0.25"});
  std::vector<bool> first, second;
  for (auto* out : {&first, &second}) {
    sequence_ = 0;
    for (int i = 0; i < 10'000; ++i) out->push_back(verdict("user.loggedin", i) == Verdict::pass);
  }
  EXPECT_EQ(first, second);
  EXPECT_NEAR(static_cast<double>(std::ranges::count(first, true)), 2'500, 200);
}

TEST_F(VolumeTest, ALimitHoldsForEachSourceAndWindow) {
  rules({"user.login.failed limit=2 per=1s by=ipAddress"});
  for (const std::int64_t window : {0, 1'000, 5'000})
    for (const char* address : {"192.0.2.1", "192.0.2.2"})
      for (const auto expected : {Verdict::pass, Verdict::pass, Verdict::drop, Verdict::drop})
        EXPECT_EQ(verdict("user.login.failed", window + 999, address), expected);
}

TEST_F(VolumeTest, AFoldIsCarriedByItsFirstEventAndClosesWithItsWindow) {
  rules({"user.login.failed fold=1s by=ipAddress"});
  EXPECT_EQ(verdict("user.login.failed", 1'000, "192.0.2.1"), Verdict::carry);
  EXPECT_EQ(verdict("user.login.failed", 1'001, "192.0.2.2"), Verdict::carry);
  const auto third = decide("user.login.failed", 1'999, "192.0.2.1");
  EXPECT_EQ(third.verdict, Verdict::join);
  EXPECT_EQ(third.carrier, 1u);
  EXPECT_EQ(volume_.next_close_ms(), 2'000);
  EXPECT_EQ(closed(1'999), Folds{});
  EXPECT_EQ(closed(2'000), (Folds{{1, 2}, {2, 1}}));
  EXPECT_EQ(closed(9'000), Folds{}) << "each fold closes once";
  EXPECT_EQ(volume_.next_close_ms(), 0);
  EXPECT_EQ(verdict("user.login.failed", 2'000, "192.0.2.1"), Verdict::carry);
}

TEST_F(VolumeTest, AnEventOfALaterWindowClosesTheFoldsBefore) {
  rules({"user.login.failed fold=1s"});
  EXPECT_EQ(verdict("user.login.failed", 1'000), Verdict::carry);
  EXPECT_EQ(verdict("user.login.failed", 3'000), Verdict::carry);
  EXPECT_EQ(closed(0), (Folds{{1, 1}}));
}

TEST_F(VolumeTest, WithoutAFieldThePartitionKeyIsTheSource) {
  rules({"user.login.failed fold=1s"});
  EXPECT_EQ(verdict("user.login.failed", 1'000, "192.0.2.1", "u1"), Verdict::carry);
  EXPECT_EQ(verdict("user.login.failed", 1'000, "192.0.2.1", "u2"), Verdict::carry);
  EXPECT_EQ(verdict("user.login.failed", 1'000, "192.0.2.9", "u1"), Verdict::join);
}

TEST_F(VolumeTest, SourcesBeyondTheBoundAreOneSource) {
  rules({"user.login.failed limit=1 per=1s by=ipAddress"});
  for (std::size_t i = 0; i < Volume::kMaxSources; ++i) ASSERT_EQ(verdict("user.login.failed", 1, std::to_string(i)), Verdict::pass);
  EXPECT_EQ(verdict("user.login.failed", 1, "another"), Verdict::pass);
  EXPECT_EQ(verdict("user.login.failed", 1, "one more"), Verdict::drop);
  EXPECT_EQ(verdict("user.login.failed", 1, "0"), Verdict::drop) << "those within it are still told apart";
}

}  // namespace
}  // namespace user_events::delivery::test
