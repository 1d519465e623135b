// Events that cannot be encoded: not yet, or never.
#include <map>
#include <mutex>

#include "runner_fixture.h"

namespace user_events::delivery::test {
namespace {

using encoding::Readiness;
using Sequences = std::vector<std::uint64_t>;

/// What the encoders of a test's runners do. Thread-safe.
struct Script {
  std::mutex mutex;
  std::map<std::string, Readiness> by_type;
  int postponed = 0;

  void set(const std::string& type, Readiness readiness) {
    std::lock_guard lock(mutex);
    by_type[type] = readiness;
  }
  int times_postponed() {
    std::lock_guard lock(mutex);
    return postponed;
  }
};

class ScriptedEncoder final : public encoding::Encoder {
 public:
  explicit ScriptedEncoder(Script& script) : script_(script) {}
  encoding::Encoding encode(const encoding::Envelope& envelope, const encoding::Position& position, encoding::Encoded& out) override {
    std::lock_guard lock(script_.mutex);
    const auto found = script_.by_type.find(std::string(envelope.type));
    if (found == script_.by_type.end() || found->second == Readiness::ready) return json_->encode(envelope, position, out);
    if (found->second == Readiness::not_now) ++script_.postponed;
    return {found->second, "its schema is not what it should be"};
  }
  std::size_t body_bound_bytes(const encoding::Envelope& envelope) const noexcept override { return json_->body_bound_bytes(envelope); }
  std::string waits_for() const override {
    std::lock_guard lock(script_.mutex);
    return script_.postponed > 0 ? "the registry is away" : "";
  }

 private:
  std::unique_ptr<encoding::Encoder> json_ = encoding::make_json_encoder({});
  Script& script_;
};

class EncodingTest : public RunnerTest {
 protected:
  void start_encoding() {
    const auto started = try_start(broker_.connect(), std::make_unique<ScriptedEncoder>(script_));
    ASSERT_TRUE(started) << describe(started.error());
  }
  Script script_;
};

TEST_F(EncodingTest, WhatCannotBeEncodedYetWaitsWithItsUserWhileOthersGoOn) {
  options_.retry.attempts = 2;
  script_.set("user.updated", Readiness::not_now);
  append("u1", "user.updated");
  append("u1");
  start_encoding();
  for (int i = 0; i < 20; ++i) append("u2");
  ASSERT_TRUE(eventually([&] { return broker_.sequences().size() == 20 && script_.times_postponed() > 5; }));
  EXPECT_TRUE(letters().empty());
  EXPECT_FALSE(runner_->stats().circuit_open) << "it says nothing of the destination";
  EXPECT_EQ(runner_->stats().health.detail, "the registry is away");
  EXPECT_EQ(runner_->stats().retries, 0u);
  script_.set("user.updated", Readiness::ready);
  expect_all_done();
  const auto order = broker_.sequences();
  ASSERT_EQ(order.size(), 22u);
  EXPECT_EQ(Sequences(order.end() - 2, order.end()), (Sequences{1, 2}));
  EXPECT_TRUE(letters().empty()) << "no attempt was counted";
}

TEST_F(EncodingTest, WhileNothingCanBeEncodedEverythingWaitsInTheJournal) {
  options_.park_after = milliseconds(50);
  script_.set("user.created", Readiness::not_now);
  for (int i = 0; i < 100; ++i) append("u" + std::to_string(i));
  start_encoding();
  ASSERT_TRUE(eventually([&] { return script_.times_postponed() > 1'000; }));
  EXPECT_TRUE(letters().empty()) << "nothing else passes, so nothing is pinned and nothing is copied to the dead letter store";
  EXPECT_EQ(runner_->low_water(), 0u);
  script_.set("user.created", Readiness::ready);
  expect_all_done();
  // What comes last may have been parked by then: the others pass.
  EXPECT_TRUE(eventually([&] { return broker_.sequences().size() == 100; }));
}

TEST_F(EncodingTest, WhatPinsOthersIsParkedAndComesOutOfTheStoreInOrder) {
  options_.park_after = milliseconds(50);
  script_.set("user.updated", Readiness::not_now);
  append("u1", "user.updated");
  start_encoding();
  ASSERT_TRUE(eventually([&] { return append("u2"), letters().size() == 1; }));
  EXPECT_EQ(letters()[0].state, DeadLetterState::parked);
  const auto behind = append("u1");
  script_.set("user.updated", Readiness::ready);
  ASSERT_TRUE(eventually([&] { return letters().empty(); }));
  expect_all_done();
  const auto order = broker_.sequences();
  EXPECT_LT(std::ranges::find(order, 1u), std::ranges::find(order, behind));
  EXPECT_EQ(std::ranges::count(order, 1u), 1);
}

TEST_F(EncodingTest, WhatCanNeverBeEncodedIsADeadLetterThatHoldsItsUser) {
  script_.set("user.updated", Readiness::refused);
  append("u1");
  append("u1", "user.updated");
  append("u1");
  append("u2");
  start_encoding();
  expect_all_done();
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 4}));
  auto stored = letters();
  ASSERT_EQ(stored.size(), 2u);
  EXPECT_EQ(stored[0].sequence, 2u);
  EXPECT_EQ(stored[0].reason, "its schema is not what it should be");
  EXPECT_TRUE(eventually([&] { return runner_->stats().refused == 1; }));
  // A replay goes through the same stage.
  ASSERT_TRUE(runner_->replay_letters({}, {}));
  ASSERT_TRUE(eventually([&] { return letters().front().state == DeadLetterState::dead && letters().front().replays == 1; }));
  script_.set("user.updated", Readiness::ready);
  ASSERT_TRUE(runner_->replay_letters({}, {}));
  ASSERT_TRUE(eventually([&] { return letters().empty(); }));
  EXPECT_EQ(broker_.sequences(), (Sequences{1, 4, 2, 3}));
}

TEST_F(EncodingTest, TheEncodersEnvelopeAndBodyAreWhatIsSent) {
  class Other final : public encoding::Encoder {
   public:
    encoding::Encoding encode(const encoding::Envelope& envelope, const encoding::Position&, encoding::Encoded& out) override {
      out.envelope = envelope;
      out.envelope.partition_key = "token";
      out.body = "bytes";
      out.content_type = "application/octet-stream";
      out.headers.clear();
      out.headers.add({"signature", "s"});
      return {};
    }
    std::size_t body_bound_bytes(const encoding::Envelope&) const noexcept override { return 5; }
  };
  append("u1");
  ASSERT_TRUE(try_start(broker_.connect(), std::make_unique<Other>()));
  expect_all_done();
  const auto sent = broker_.deliveries();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].key, "token");
  EXPECT_EQ(sent[0].body, "bytes");
  EXPECT_EQ(sent[0].headers, "signature: s\n");
}

}  // namespace
}  // namespace user_events::delivery::test
