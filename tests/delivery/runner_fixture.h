// What the runner's tests share: a real journal, a real state file, and a destination that is put between restarts.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "delivery/runner.h"
#include "encoding/envelope.h"
#include "fake_destination.h"
#include "ports/random.h"
#include "support/temporary_directory.h"

namespace user_events::delivery::test {

using std::chrono::milliseconds;

class RunnerTest : public ::testing::Test {
 protected:
  RunnerTest() {
    options_.name = "d";
    options_.kind = "fake";
    options_.types = {"user.*"};
    options_.retry = {.initial = milliseconds(5), .max = milliseconds(20)};
    journal_options_.directory = directory_.path() + "/journal";
    journal_options_.reserve_bytes = 0;
    open_journal();
    open_state();
  }
  ~RunnerTest() override { runner_.reset(); }

  void open_journal() {
    journal_.reset();
    auto opened = journal::Journal::open(ports::posix_file_system(), ports::system_clock(), ports::system_random(), journal_options_);
    ASSERT_TRUE(opened) << describe(opened.error());
    journal_ = *std::move(opened);
  }
  void open_state() {
    auto opened = state::State::open(directory_.path() + "/state.db");
    ASSERT_TRUE(opened) << describe(opened.error());
    state_ = *std::move(opened);
  }

  /// Appends one event durably; returns its sequence.
  std::uint64_t append(const std::string& key, const std::string& type = "user.created", std::size_t bytes = 0) {
    return append_batch({key}, type, bytes);
  }
  /// Appends an event for each key, in one batch; returns the last sequence.
  std::uint64_t append_batch(const std::vector<std::string>& keys, const std::string& type = "user.created", std::size_t bytes = 0) {
    std::deque<std::string> texts;
    std::vector<journal::RecordDraft> drafts;
    std::uint64_t number = journal_->durable_sequence();
    for (const auto& key : keys) {
      ++number;
      const auto& id = texts.emplace_back("event-" + std::to_string(number));
      const auto& data = texts.emplace_back(R"({"n":)" + std::to_string(number) + R"(,"p":")" + std::string(bytes, 'x') + "\"}");
      encoding::Envelope envelope;
      envelope.id = id;
      envelope.source = "urn:test";
      envelope.type = type;
      envelope.partition_key = key;
      envelope.time_ms = 1'795'510'800'000;
      envelope.data = data;
      auto& payload = texts.emplace_back();
      encoding::append_payload(envelope, payload);
      auto& draft = drafts.emplace_back();
      draft.id = id;
      draft.type = type;
      draft.key = key;
      draft.scope = "urn:test";
      draft.payload = payload;
    }
    const auto receipts = journal_->append_wait(drafts);
    EXPECT_TRUE(receipts) << describe(receipts.error());
    return receipts ? receipts->back().sequence : 0;
  }

  Result<void> try_start(std::unique_ptr<destinations::Destination> destination,
                         std::unique_ptr<encoding::Encoder> encoder = encoding::make_json_encoder({})) {
    auto started = Runner::start(options_, std::move(destination), std::move(encoder), *journal_, *state_, ports::system_clock());
    if (!started) return std::unexpected(started.error());
    runner_ = *std::move(started);
    return {};
  }
  void start() {
    const auto started = try_start(broker_.connect());
    ASSERT_TRUE(started) << describe(started.error());
  }
  void stop(milliseconds deadline = milliseconds(5'000)) {
    runner_->stop(deadline);
    runner_.reset();
  }
  void restart() {
    stop();
    start();
  }

  static bool eventually(const std::function<bool()>& condition, milliseconds limit = milliseconds(10'000)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(milliseconds(2));
    }
    return true;
  }
  /// Waits until everything in the journal is done.
  void expect_all_done() {
    EXPECT_TRUE(eventually([&] { return runner_->low_water() == journal_->durable_sequence(); }))
        << "low water " << runner_->low_water() << " of " << journal_->durable_sequence() << ", "
        << runner_->stats().health.detail;
  }

  [[nodiscard]] std::vector<state::Letter> letters() {
    std::vector<std::string> destinations;
    auto found = state_->letters({}, 0, 1'000, destinations);
    EXPECT_TRUE(found) << describe(found.error());
    return found ? *std::move(found) : std::vector<state::Letter>{};
  }

  user_events::test::TemporaryDirectory directory_;
  journal::Options journal_options_;
  DestinationOptions options_;
  std::unique_ptr<journal::Journal> journal_;
  std::unique_ptr<state::State> state_;
  FakeBroker broker_;
  std::unique_ptr<Runner> runner_;
};

}  // namespace user_events::delivery::test
