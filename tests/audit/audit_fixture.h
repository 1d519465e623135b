// An events' journal and an audit log on a disk in memory, a signing key, and an attacker who knows the format as well as we do.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <functional>
#include <map>

#include "audit/log.h"
#include "audit/verify.h"
#include "journal/bytes.h"
#include "journal/crc32c.h"
#include "journal/format.h"
#include "support/crash_file_system.h"
#include "support/seeded_random.h"
#include "support/temporary_directory.h"
#include "support/test_clock.h"

namespace user_events::audit::test {

using Content = std::vector<std::byte>;

/// One frame as an attacker sees it.
struct RawFrame {
  journal::FrameHeader header;
  Content body;
};

class AuditFixture : public ::testing::Test {
 protected:
  AuditFixture() {
    options_.checkpoint_every = std::chrono::hours(24);
    events_with_.directory = "/data/journal";
    events_with_.segment_bytes = 16u << 10;
    events_with_.reserve_bytes = 0;
    events_with_.retention_age = std::chrono::hours(10);
    events_with_.idempotency_window = std::chrono::hours(1);
    key_ = load_key("ours", "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g");
    keys_ = *access::KeySet::parse("{\"keys\":[" + key_->public_jwk() + "]}");
  }

  std::shared_ptr<const signing::Key> load_key(const std::string& name, const std::string& base64) {
    const std::string path = folder_.path() + "/" + name;
    std::ofstream(path) << "-----BEGIN PRIVATE KEY-----\n" << base64 << "\n-----END PRIVATE KEY-----\n";
    ::chmod(path.c_str(), 0600);
    auto key = signing::Key::load({name, "EdDSA", {.file = path, .env = {}, .credential = {}}});
    if (!key) throw std::runtime_error(describe(key.error()));
    return std::make_shared<const signing::Key>(*std::move(key));
  }

  /// Both journals, open.
  struct Open {
    std::unique_ptr<Log> log;
    std::unique_ptr<journal::Journal> events;
    ~Open() { close(); }
    void close() {
      if (events) events->close();
      log.reset();
      events.reset();
    }
  };
  std::unique_ptr<Open> open(ports::FileSystem& files, bool with_key = true) {
    auto out = std::make_unique<Open>();
    auto with = events_with_;
    with.before_removal = [open = out.get()](const journal::Removal& removal) { return open->log->note_removal("events", removal); };
    auto events = journal::Journal::open(files, clock_, random_, with);
    if (!events) throw std::runtime_error(describe(events.error()));
    out->events = *std::move(events);
    auto log = Log::open(files, clock_, random_, "/data/audit", options_, with_key ? key_ : nullptr);
    if (!log) throw std::runtime_error(describe(log.error()));
    out->log = *std::move(log);
    out->log->start(*out->events, "1.0");
    return out;
  }
  std::unique_ptr<Open> open() { return open(disk_); }

  /// `frames` frames of one record each, a second apart.
  void publish(Open& open, std::uint64_t frames) {
    for (std::uint64_t i = 0; i < frames; ++i) {
      clock_.advance(std::chrono::seconds(1));
      journal::RecordDraft draft;
      const std::string id = "event-" + std::to_string(++events_);
      const std::string payload(1'000, 'p');
      draft.id = id;
      draft.type = "user.created";
      draft.key = "user-1";
      draft.scope = "urn:test";
      draft.payload = payload;
      ASSERT_TRUE(open.events->append_wait({&draft, 1}));
    }
  }
  /// 40 events, a checkpoint after 10, 20 and 30, and the one of the stop.
  void write_history(bool with_key = true) {
    const auto opened = open(disk_, with_key);
    for (int i = 0; i < 4; ++i) {
      publish(*opened, 10);
      if (i < 3) {
        ASSERT_TRUE(opened->log->checkpoint());
      }
      const Act act{"destination.pause", "ops", R"("destination":"kafka")"};
      ASSERT_TRUE(recorded(opened->log.get(), act, [] { return Result<void>(); }));
    }
  }

  Report verify(const access::KeySet* keys, std::vector<std::string> anchors = {}) {
    auto report = audit::verify(disk_, {"/data", keys, std::move(anchors)});
    if (!report) throw std::runtime_error(describe(report.error()));
    return *std::move(report);
  }
  Report verify() { return verify(&keys_); }

  // ---- the attacker ----
  static std::string segment(const std::string& journal, std::uint64_t ordinal) { return "/data/" + journal + "/" + journal::segment_name(ordinal); }
  std::vector<std::string> segments(const std::string& journal) {
    std::vector<std::string> out;
    const auto names = *disk_.list("/data/" + journal);
    for (const auto& name : names)
      if (name.ends_with(".segment")) out.push_back("/data/" + journal + "/" + name);
    return out;
  }
  std::vector<RawFrame> frames_of(const std::string& path) {
    const Content content = disk_.content(path);
    std::vector<RawFrame> out;
    for (std::uint64_t at = journal::kSegmentHeaderBytes; at + journal::kFrameHeaderBytes <= content.size();) {
      const auto header = journal::decode_frame_header(std::span(content).subspan(at));
      if (!header) break;
      const auto body = content.begin() + static_cast<std::ptrdiff_t>(at + journal::kFrameHeaderBytes);
      out.push_back({*header, Content(body, body + header->body_bytes)});
      at += header->total_bytes();
    }
    return out;
  }
  void flip(const std::string& path, std::uint64_t offset) {
    Content content = disk_.content(path);
    ASSERT_LT(offset, content.size());
    content[offset] ^= std::byte{0x10};
    disk_.set_content(path, content);
  }
  void resize(const std::string& path, std::uint64_t size) {
    Content content = disk_.content(path);
    content.resize(size);
    disk_.set_content(path, content);
  }
  /// Changes frames of a journal, or drops some, and makes everything fit again: offsets, numbers, checksums, hashes, the headers of segments. Footers are
  /// dropped, as they may be.
  void forge(const std::string& journal, const std::function<bool(RawFrame&)>& keep) {
    journal::Hash hash{};
    std::uint64_t next = 0, end = 0;
    bool is_first = true;
    journal::Sha256 sha;
    for (const auto& path : segments(journal)) {
      const Content content = disk_.content(path);
      auto header = *journal::decode_segment_header(content);
      if (!std::exchange(is_first, false)) {
        header.previous_hash = hash;
        header.base_sequence = next;
        header.previous_end_offset = end;
      }
      hash = header.previous_hash;
      next = header.base_sequence;
      Content made(journal::kSegmentHeaderBytes);
      journal::SegmentHeaderBytes bytes;
      encode(header, bytes);
      std::ranges::copy(bytes, made.begin());
      for (RawFrame& frame : frames_of(path)) {
        if (!keep(frame)) continue;
        frame.header.offset = made.size();
        frame.header.first_sequence = next;
        frame.header.previous_hash = hash;
        frame.header.body_bytes = static_cast<std::uint32_t>(frame.body.size());
        frame.header.body_crc = journal::crc32c(frame.body);
        Content whole(journal::kFrameHeaderBytes);
        encode(frame.header, std::span<std::byte, journal::kFrameHeaderBytes>(whole));
        whole.insert(whole.end(), frame.body.begin(), frame.body.end());
        hash = sha(whole);
        next += frame.header.record_count;
        made.insert(made.end(), whole.begin(), whole.end());
      }
      end = made.size();
      disk_.set_content(path, made);
    }
  }

  user_events::test::TemporaryDirectory folder_;
  user_events::test::TestClock clock_;
  user_events::test::SeededRandom random_{7};
  user_events::test::CrashFileSystem disk_;
  AuditOptions options_;
  journal::Options events_with_;
  std::shared_ptr<const signing::Key> key_;
  access::KeySet keys_;
  std::uint64_t events_ = 0;
};

}  // namespace user_events::audit::test
