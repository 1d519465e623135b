#include "privacy/sealed_record.h"

#include "ring_fixture.h"

namespace user_events::privacy::test {
namespace {

const encoding::Envelope kEvent{.id = "e-1", .source = "urn:a", .type = "user.created", .partition_key = "u-1", .time_ms = 5, .data = R"({"userId":"u-1"})"};

class SealedRecordTest : public RingFixture {
 protected:
  SealedRecordTest() {
    append_lane(kUserLane, subject(1), lane_);
    payload_.assign(kSealedHeadBytes, '\0');
    encoding::append_payload(kEvent, payload_);
    payload_.append(kSealedTailBytes, '\0');
  }
  [[nodiscard]] RecordNames names() const { return {"e-1", "user.created", lane_}; }
  void seal() {
    const auto sealed = seal_record(*ring_, names(), payload_);
    ASSERT_TRUE(sealed) << describe(sealed.error());
  }
  [[nodiscard]] Result<encoding::Envelope> open(const RecordNames& names) { return RecordOpener(ring_.get()).open(names, payload_, scratch_); }

  std::unique_ptr<KeyRing> ring_ = start();
  std::string lane_, payload_, scratch_;
};

TEST_F(SealedRecordTest, IsReadAsItWasWritten) {
  seal();
  EXPECT_TRUE(is_sealed(payload_));
  EXPECT_EQ(payload_.find("u-1"), std::string::npos);
  EXPECT_EQ(payload_.find("urn:a"), std::string::npos);
  const auto envelope = open(names());
  ASSERT_TRUE(envelope) << describe(envelope.error());
  EXPECT_EQ(envelope->data, kEvent.data);
  EXPECT_EQ(envelope->source, kEvent.source);
}

TEST_F(SealedRecordTest, IsRefusedAfterAnyChangeOfABit) {
  seal();
  const std::string good = payload_;
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    payload_ = good;
    payload_[bit / 8] = static_cast<char>(payload_[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(open(names())) << "bit " << bit;
  }
}

TEST_F(SealedRecordTest, BelongsToItsIdItsTypeAndItsLane) {
  seal();
  std::string other_lane;
  append_lane(kUserLane, subject(2), other_lane);
  EXPECT_FALSE(open({"e-2", "user.created", lane_}));
  EXPECT_FALSE(open({"e-1", "user.deleted", lane_}));
  EXPECT_FALSE(open({"e-1u", "ser.created", lane_}));
  EXPECT_FALSE(open({"e-1", "user.created", other_lane}));
  EXPECT_TRUE(open(names()));
}

TEST_F(SealedRecordTest, CutOffIsDamaged) {
  seal();
  const std::string good = payload_;
  for (std::size_t size = 1; size < good.size(); ++size) {
    payload_ = good.substr(0, size);
    const auto envelope = open(names());
    ASSERT_FALSE(envelope);
    EXPECT_EQ(envelope.error().kind, ErrorKind::damaged) << size;
  }
}

TEST_F(SealedRecordTest, TheSameEventTwiceIsNotTheSameBytes) {
  std::string twin = payload_;
  seal();
  ASSERT_TRUE(seal_record(*ring_, names(), twin));
  EXPECT_NE(payload_, twin);
}

TEST_F(SealedRecordTest, OfAForgottenUserSaysErased) {
  seal();
  const std::vector<Subject> gone = {subject(1)};
  ASSERT_TRUE(ring_->forget(gone));
  const auto envelope = open(names());
  ASSERT_FALSE(envelope);
  EXPECT_EQ(envelope.error().code, "erased");
}

TEST_F(SealedRecordTest, AClearOneIsReadWithOrWithoutKeysAndASealedOneNotWithout) {
  const std::string clear = payload_.substr(kSealedHeadBytes, payload_.size() - kSealedHeadBytes - kSealedTailBytes);
  EXPECT_TRUE(RecordOpener().open(names(), clear, scratch_));
  EXPECT_TRUE(RecordOpener(ring_.get()).open(names(), clear, scratch_));
  seal();
  const auto envelope = RecordOpener().open(names(), payload_, scratch_);
  ASSERT_FALSE(envelope);
  EXPECT_EQ(envelope.error().code, "sealed");
}

TEST(Subject, LanesReadBack) {
  std::string lane;
  append_lane(kIdentifierLane, subject(77), lane);
  EXPECT_EQ(lane.size(), 36u);
  EXPECT_EQ(subject_of(lane), subject(77));
  EXPECT_EQ(subject_of("u-1"), std::nullopt);
  EXPECT_EQ(subject_of(lane + "0"), std::nullopt);
  lane.back() = 'x';
  EXPECT_EQ(subject_of(lane), std::nullopt);
}

}  // namespace
}  // namespace user_events::privacy::test
