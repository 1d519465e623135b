// What the journal's tests share: records that can be told apart, and a journal that is opened again and
// again.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "journal/journal.h"
#include "ports/file_system.h"
#include "support/seeded_random.h"
#include "support/temporary_directory.h"
#include "support/test_clock.h"

namespace user_events::journal::test {

/// A draft that owns its text.
struct OwnedDraft {
  std::string id, type = "user.created", key = "user-1", scope = "urn:test", source_position, key_id, payload;
  bool id_from_caller = false;
  RequestMac mac{};

  [[nodiscard]] RecordDraft view() const {
    RecordDraft draft;
    draft.id = id;
    draft.type = type;
    draft.key = key;
    draft.scope = scope;
    draft.source_position = source_position;
    draft.key_id = key_id;
    draft.id_from_caller = id_from_caller;
    draft.request_mac = mac;
    draft.payload = payload;
    return draft;
  }
};

/// Record number `n`; its payload follows from the number.
inline OwnedDraft numbered(std::uint64_t n, std::size_t payload_bytes = 40) {
  OwnedDraft draft;
  draft.id = "event-" + std::to_string(n);
  draft.key = "user-" + std::to_string(n % 7);
  draft.payload = "payload of " + std::to_string(n) + " ";
  while (draft.payload.size() < payload_bytes) draft.payload.push_back(static_cast<char>('a' + n % 26));
  return draft;
}

/// The same with an id that the caller gave; `content` tells requests with the same id apart.
inline OwnedDraft with_caller_id(const std::string& id, std::uint8_t content = 1) {
  OwnedDraft draft = numbered(content);
  draft.id = id;
  draft.id_from_caller = true;
  draft.mac.fill(static_cast<std::byte>(content));
  return draft;
}

inline Result<std::vector<Receipt>> append(Journal& journal, const std::vector<OwnedDraft>& drafts) {
  std::vector<RecordDraft> views;
  for (const OwnedDraft& draft : drafts) views.push_back(draft.view());
  return journal.append_wait(views);
}

inline Result<std::vector<Receipt>> append_numbered(Journal& journal, std::uint64_t first,
                                                    std::uint64_t count, std::size_t payload_bytes = 40) {
  std::vector<OwnedDraft> drafts;
  for (std::uint64_t n = first; n < first + count; ++n) drafts.push_back(numbered(n, payload_bytes));
  return append(journal, drafts);
}

/// Sequence and id of everything the reader returns until the end; the error, if it ends with one.
struct ReadBack {
  std::vector<std::pair<std::uint64_t, std::string>> records;
  std::vector<std::string> payloads;
  std::optional<Error> error;
};
inline ReadBack read_all(const Journal& journal, std::uint64_t after = 0) {
  ReadBack out;
  Reader reader = journal.reader(after);
  for (;;) {
    auto chunk = reader.next();
    if (!chunk) {
      out.error = chunk.error();
      return out;
    }
    if (chunk->empty()) return out;
    for (std::size_t i = 0; i < chunk->size(); ++i) {
      out.records.emplace_back((*chunk)[i].sequence, std::string((*chunk)[i].id));
      out.payloads.emplace_back((*chunk)[i].payload);
    }
  }
}

/// A journal in a temporary directory on the real file system.
class JournalTest : public ::testing::Test {
 protected:
  JournalTest() {
    options_.directory = directory_.path() + "/journal";
    options_.segment_bytes = 64u << 10;
    options_.reserve_bytes = 0;
    options_.recent_frames_bytes = 0;  // reads come from the disk
    options_.scrub_pause = std::chrono::milliseconds(0);
  }

  Result<std::unique_ptr<Journal>> try_open() {
    return Journal::open(ports::posix_file_system(), clock_, random_, options_);
  }
  void open() {
    journal_.reset();
    auto opened = try_open();
    ASSERT_TRUE(opened) << describe(opened.error());
    journal_ = *std::move(opened);
  }
  void reopen() { open(); }
  void close() { journal_.reset(); }
  void append(std::uint64_t first, std::uint64_t count, std::size_t payload_bytes = 40) {
    const auto receipts = append_numbered(*journal_, first, count, payload_bytes);
    ASSERT_TRUE(receipts) << describe(receipts.error());
    ASSERT_EQ(receipts->size(), count);
  }
  /// Records 1..count are there, in order, with their content, and the chain is whole.
  void expect_records(std::uint64_t count) {
    const ReadBack back = read_all(*journal_);
    ASSERT_FALSE(back.error) << describe(*back.error);
    ASSERT_EQ(back.records.size(), count);
    for (std::uint64_t n = 1; n <= count; ++n) {
      ASSERT_EQ(back.records[n - 1].first, n);
      ASSERT_EQ(back.records[n - 1].second, "event-" + std::to_string(n));
      ASSERT_TRUE(back.payloads[n - 1].starts_with("payload of " + std::to_string(n) + " "));
    }
    const auto verified = journal_->verify();
    ASSERT_TRUE(verified) << describe(verified.error());
  }

  user_events::test::TemporaryDirectory directory_;
  user_events::test::TestClock clock_;
  user_events::test::SeededRandom random_{1};
  Options options_;
  std::unique_ptr<Journal> journal_;
};

}  // namespace user_events::journal::test
