// What the tests of the line-writing destinations share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "destinations/destination.h"
#include "destinations/encode.h"

namespace user_events::destinations::test {

using std::chrono::milliseconds;

/// Messages with a text of their own.
class Messages {
 public:
  explicit Messages(const DestinationOptions& options) : options_(options) {}
  /// Its views are valid until the next one.
  Message make(std::uint64_t sequence, std::size_t bytes = 0) {
    const auto& id = texts_.emplace_back("event-" + std::to_string(sequence));
    const auto& data = texts_.emplace_back("{\"n\":" + std::to_string(sequence) + ",\"p\":\"" + std::string(bytes, 'x') + "\"}");
    Message message;
    message.envelope.id = id;
    message.envelope.source = "urn:test";
    message.envelope.type = "user.created";
    message.envelope.partition_key = "u1";
    message.envelope.time_ms = 1'795'510'800'000;
    message.envelope.data = data;
    message.position = {"journal-of-a-test-0000000000", sequence};
    return tests::encode(options_, message);
  }

 private:
  const DestinationOptions& options_;
  std::deque<std::string> texts_;
};

/// Outcomes by sequence; each sequence may be reported once.
struct Outcomes {
  std::map<std::uint64_t, Outcome> by_sequence;
  std::string last_reason;
  void poll(Destination& destination, milliseconds timeout = milliseconds(10)) {
    std::vector<Report> reports;
    destination.poll(reports, timeout);
    for (const auto& report : reports) {
      EXPECT_TRUE(by_sequence.emplace(report.sequence, report.outcome).second) << "reported twice: " << report.sequence;
      EXPECT_EQ(report.outcome == Outcome::accepted, report.reason.empty());
      if (!report.reason.empty()) last_reason = report.reason;
    }
  }
  [[nodiscard]] std::size_t count(Outcome outcome) const {
    std::size_t n = 0;
    for (const auto& [sequence, one] : by_sequence) n += one == outcome ? 1u : 0u;
    return n;
  }
};

inline std::unique_ptr<Destination> make(const DestinationOptions& options) {
  auto made = find_kind(options.kind)->make(options);
  EXPECT_TRUE(made) << describe(made.error());
  return made ? *std::move(made) : nullptr;
}

}  // namespace user_events::destinations::test
