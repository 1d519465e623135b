// One test per kind of damage on disk: what is cut off, what refuses the start, what stops a reader.
#include <algorithm>
#include <thread>

#include "journal/format.h"
#include "journal_fixture.h"
#include "support/crash_file_system.h"
#include "support/fault_file_system.h"

namespace user_events::journal::test {
namespace {

using user_events::test::CrashFileSystem;
using Content = std::vector<std::byte>;

/// A journal on a disk in memory whose bytes can be changed between two opens.
class DamageTest : public ::testing::Test {
 protected:
  DamageTest() {
    options_.directory = "/data/journal";
    options_.segment_bytes = 16u << 10;
    options_.reserve_bytes = 0;
    options_.recent_frames_bytes = 0;
    options_.scrub_pause = std::chrono::milliseconds(0);
  }

  Result<std::unique_ptr<Journal>> try_open() { return Journal::open(disk_, clock_, random_, options_); }
  std::unique_ptr<Journal> open() {
    auto opened = try_open();
    EXPECT_TRUE(opened) << describe(opened.error());
    return opened ? *std::move(opened) : nullptr;
  }
  /// `frames` frames of one record each.
  void write_frames(std::uint64_t frames, std::size_t payload_bytes = 1'000) {
    const auto journal = open();
    for (std::uint64_t n = 1; n <= frames; ++n) ASSERT_TRUE(append_numbered(*journal, n, 1, payload_bytes));
  }
  static std::string segment(std::uint64_t ordinal) { return "/data/journal/" + segment_name(ordinal); }
  /// Offsets of the frames in a segment.
  std::vector<std::uint64_t> frames_of(std::uint64_t ordinal) {
    const Content content = disk_.content(segment(ordinal));
    std::vector<std::uint64_t> offsets;
    for (std::uint64_t at = kSegmentHeaderBytes; at + kFrameHeaderBytes <= content.size();) {
      const auto header = decode_frame_header(std::span(content).subspan(at));
      if (!header) break;
      offsets.push_back(at);
      at += header->total_bytes();
    }
    return offsets;
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
  void expect_refused(std::uint64_t ordinal, const std::string& what) {
    const auto opened = try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::damaged);
    EXPECT_NE(opened.error().message.find(segment_name(ordinal)), std::string::npos)
        << opened.error().message;
    EXPECT_NE(opened.error().message.find(what), std::string::npos) << opened.error().message;
  }
  void expect_records(std::uint64_t count) {
    const auto journal = open();
    ASSERT_TRUE(journal);
    const ReadBack back = read_all(*journal);
    EXPECT_FALSE(back.error);
    EXPECT_EQ(back.records.size(), count);
    const auto receipts = append_numbered(*journal, count + 1, 1);
    ASSERT_TRUE(receipts) << describe(receipts.error());
    EXPECT_EQ((*receipts)[0].sequence, count + 1);
    EXPECT_TRUE(journal->verify());
  }

  CrashFileSystem disk_;
  user_events::test::TestClock clock_;
  user_events::test::SeededRandom random_{1};
  Options options_;
};

// ---- the tail of the active segment: what a crash leaves ----

TEST_F(DamageTest, TornTailIsCutOffAtStart) {
  write_frames(5);
  const auto frames = frames_of(1);
  ASSERT_EQ(frames.size(), 5u);
  resize(segment(1), frames[4] + 300);
  expect_records(4);
}

TEST_F(DamageTest, TailCutInsideAFrameHeaderIsCutOff) {
  write_frames(5);
  resize(segment(1), frames_of(1)[4] + 100);
  expect_records(4);
}

TEST_F(DamageTest, LastFrameWithAHoleIsCutOff) {
  write_frames(5);
  Content content = disk_.content(segment(1));
  const auto hole = static_cast<std::ptrdiff_t>(frames_of(1)[4] + 512);
  std::fill(content.begin() + hole, content.begin() + hole + 100, std::byte{0});
  disk_.set_content(segment(1), content);
  expect_records(4);
}

TEST_F(DamageTest, LastFrameWithALostHeaderIsCutOff) {
  write_frames(5);
  Content content = disk_.content(segment(1));
  const auto header = static_cast<std::ptrdiff_t>(frames_of(1)[4]);
  std::fill(content.begin() + header, content.begin() + header + kFrameHeaderBytes, std::byte{0});
  disk_.set_content(segment(1), content);
  expect_records(4);
}

TEST_F(DamageTest, ZerosBehindTheLastFrameAreNoDamage) {
  write_frames(5);
  resize(segment(1), 60'000);
  expect_records(5);
}

TEST_F(DamageTest, GarbageBehindTheLastFrameIsCutOff) {
  write_frames(5);
  Content content = disk_.content(segment(1));
  content.resize(frames_of(1)[4] + 1'500);
  for (int i = 0; i < 5'000; ++i) content.push_back(static_cast<std::byte>(random_.below(256)));
  disk_.set_content(segment(1), content);
  const auto journal = open();
  ASSERT_TRUE(journal);
  EXPECT_EQ(journal->durable_sequence(), 5u);
}

TEST_F(DamageTest, APayloadThatLooksLikeAFrameDoesNotStopACutOff) {
  // Whoever can publish can write any bytes, but cannot know the segment's salt; not even an older frame's
  // copy counts.
  write_frames(3);
  const Content content = disk_.content(segment(1));
  const auto forged = std::span(content).subspan(frames_of(1)[0], 1'200);
  {
    const auto journal = open();
    OwnedDraft draft = numbered(4);
    draft.payload.assign(reinterpret_cast<const char*>(forged.data()), forged.size());
    while (draft.payload.size() < 4'000) draft.payload += draft.payload;
    ASSERT_TRUE(append(*journal, {draft}));
  }
  flip(segment(1), frames_of(1)[3] + 140);
  expect_records(3);
}

// ---- damage before a good frame ----

TEST_F(DamageTest, AFlippedBitInAFrameBodyBeforeAGoodOneRefusesTheStart) {
  write_frames(5);
  const auto frames = frames_of(1);
  flip(segment(1), frames[2] + 500);
  expect_refused(1, "at offset " + std::to_string(frames[2]));
}

TEST_F(DamageTest, AFlippedBitInAFrameHeaderBeforeAGoodOneRefusesTheStart) {
  write_frames(5);
  const auto frames = frames_of(1);
  flip(segment(1), frames[2] + 30);
  expect_refused(1, "at offset " + std::to_string(frames[2]));
}

TEST_F(DamageTest, AZeroedFrameBeforeAGoodOneRefusesTheStart) {
  write_frames(5);
  const auto frames = frames_of(1);
  Content content = disk_.content(segment(1));
  std::fill(content.begin() + static_cast<std::ptrdiff_t>(frames[1]),
            content.begin() + static_cast<std::ptrdiff_t>(frames[2]), std::byte{0});
  disk_.set_content(segment(1), content);
  expect_refused(1, "at offset " + std::to_string(frames[1]));
}

TEST_F(DamageTest, ARemovedFrameRefusesTheStart) {
  write_frames(5);
  const auto frames = frames_of(1);
  Content content = disk_.content(segment(1));
  content.erase(content.begin() + static_cast<std::ptrdiff_t>(frames[1]),
                content.begin() + static_cast<std::ptrdiff_t>(frames[2]));
  disk_.set_content(segment(1), content);
  expect_refused(1, "at offset " + std::to_string(frames[1]));
}

TEST_F(DamageTest, ARewrittenFrameWithRightChecksumsBreaksTheChain) {
  write_frames(5);
  const auto frames = frames_of(1);
  Content content = disk_.content(segment(1));
  auto header = *decode_frame_header(std::span(content).subspan(frames[1]));
  header.wall_lowest_ms -= 1;  // a forger who recomputes the header's checksum
  encode(header, std::span<std::byte, kFrameHeaderBytes>(content.data() + frames[1], kFrameHeaderBytes));
  disk_.set_content(segment(1), content);
  expect_refused(1, "at offset " + std::to_string(frames[2]));
}

// ---- segment headers ----

TEST_F(DamageTest, ANewSegmentWithoutADurableHeaderIsDropped) {
  write_frames(3);
  for (const std::size_t size : {0, 100, 4096, 20'000}) {
    disk_.set_content(segment(2), Content(size));
    const auto journal = open();
    ASSERT_TRUE(journal) << size;
    EXPECT_EQ(journal->durable_sequence(), 3u);
  }
  expect_records(3);
}

TEST_F(DamageTest, AnEmptyFirstSegmentIsMadeAgain) {
  {
    const auto journal = open();
  }
  disk_.set_content(segment(1), {});
  expect_records(0);
}

TEST_F(DamageTest, ADamagedHeaderBeforeGoodFramesRefusesTheStart) {
  write_frames(3);
  flip(segment(1), 70);
  expect_refused(1, "header is not readable");
}

TEST_F(DamageTest, ADamagedHeaderOfASealedSegmentRefusesTheStart) {
  write_frames(30);
  flip(segment(1), 70);
  expect_refused(1, "header is not readable");
}

TEST_F(DamageTest, ASegmentOfAnotherJournalRefusesTheStart) {
  write_frames(3);
  CrashFileSystem other;
  {
    user_events::test::SeededRandom random(99);
    auto journal = Journal::open(other, clock_, random, options_);
    ASSERT_TRUE(journal);
    ASSERT_TRUE(append_numbered(**journal, 1, 3));
  }
  disk_.set_content(segment(1), other.content(segment(1)));
  expect_refused(1, "another journal");
}

TEST_F(DamageTest, ASegmentUnderAnothersNameRefusesTheStart) {
  write_frames(30);
  disk_.set_content(segment(2), disk_.content(segment(1)));
  expect_refused(2, "another segment's");
}

// ---- sealed segments ----

TEST_F(DamageTest, AMissingSegmentInTheMiddleRefusesTheStart) {
  write_frames(60);
  ASSERT_GE(open()->stats().segments, 4u);
  ASSERT_TRUE(disk_.remove(segment(2)));
  expect_refused(2, "missing");
}

TEST_F(DamageTest, AMissingNewestSegmentRefusesTheStart) {
  write_frames(30);
  const std::uint64_t newest = open()->stats().segments;
  ASSERT_TRUE(disk_.remove(segment(newest)));
  expect_refused(newest - 1, "the segment after it is missing");
}

TEST_F(DamageTest, AFrameBehindTheEndThatTheNextSegmentNamesRefusesTheStartUnlessAWriteFailedThere) {
  write_frames(5);
  const Content first = disk_.content(segment(1));
  const auto frames = frames_of(1);
  const auto last = decode_frame_header(std::span(first).subspan(frames.back()));
  auto header = decode_segment_header(first);
  ASSERT_TRUE(last && header);
  header->ordinal = 2;
  header->base_sequence = last->first_sequence;
  header->previous_ordinal = 1;
  header->previous_end_offset = frames.back();
  header->previous_hash = last->previous_hash;
  header->salt += 1;
  const auto begin_next = [&](PreviousEnd previous_end) {
    header->previous_end = previous_end;
    SegmentHeaderBytes bytes;
    encode(*header, bytes);
    disk_.set_content(segment(2), Content(bytes.begin(), bytes.end()));
  };
  begin_next(PreviousEnd::complete);
  expect_refused(1, "a frame follows where the next segment says that this one ends");
  begin_next(PreviousEnd::broken);
  expect_records(4);
}

TEST_F(DamageTest, ALostFooterIsMadeAgain) {
  write_frames(30);
  const Content whole = disk_.content(segment(1));
  flip(segment(1), whole.size() - 50);
  expect_records(30);
  EXPECT_EQ(disk_.content(segment(1)), whole);
}

TEST_F(DamageTest, ASealedSegmentCutShortRefusesTheStart) {
  write_frames(30);
  const auto frames = frames_of(1);
  resize(segment(1), frames.back());
  expect_refused(1, "at offset " + std::to_string(frames.back()));
}

TEST_F(DamageTest, AFooterOfAnotherContentRefusesTheStart) {
  write_frames(30);
  // A whole and valid older state of the segment, as a restored single file would be.
  Content content = disk_.content(segment(1));
  auto footer = decode_footer(std::span(content).last(kFooterBytes));
  ASSERT_TRUE(footer);
  const auto frames = frames_of(1);
  footer->footer.end_offset = frames.back();
  footer->footer.last_sequence -= 1;
  content.resize(frames.back());
  const std::string encoded = encode_footer(footer->footer, {});
  for (const char c : encoded) content.push_back(static_cast<std::byte>(c));
  disk_.set_content(segment(1), content);
  expect_refused(1, "does not end where the next segment says");
}

TEST_F(DamageTest, DamageInASealedSegmentStopsReadersThereAndIsNeverSkipped) {
  write_frames(30);
  const auto frames = frames_of(1);
  flip(segment(1), frames[3] + 500);
  const auto journal = open();  // the start checks the active segment and the footers only
  ASSERT_TRUE(journal);
  Reader reader = journal->reader(0);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(reader.next());
  for (int i = 0; i < 3; ++i) {
    const auto chunk = reader.next();
    ASSERT_FALSE(chunk);
    EXPECT_EQ(chunk.error().kind, ErrorKind::damaged);
    EXPECT_NE(chunk.error().message.find("offset " + std::to_string(frames[3])), std::string::npos);
  }
  const auto verified = journal->verify();
  ASSERT_FALSE(verified);
  EXPECT_NE(verified.error().message.find("offset " + std::to_string(frames[3])), std::string::npos);
}

TEST_F(DamageTest, TheScrubberReportsDamageInASealedSegment) {
  write_frames(60);
  flip(segment(2), frames_of(2)[1] + 500);
  options_.scrub_pause = std::chrono::milliseconds(1);
  const auto journal = open();
  ASSERT_TRUE(journal);
  for (int i = 0; i < 500 && journal->stats().problem.empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_NE(journal->stats().problem.find(segment_name(2)), std::string::npos) << journal->stats().problem;
}

TEST_F(DamageTest, TheScrubberComesBackToASegmentThatCouldNotBeRead) {
  write_frames(60);
  flip(segment(2), frames_of(2)[1] + 500);
  options_.scrub_pause = std::chrono::milliseconds(50);
  user_events::test::FaultFileSystem faulty(disk_, {});
  const auto unreadable = [](const std::string& what) {
    return what.starts_with("read ") && what.ends_with(segment_name(2));
  };
  auto opened = Journal::open(faulty, clock_, random_, options_);
  ASSERT_TRUE(opened);
  faulty.arm({.at = 1, .for_ever = true, .concerns = unreadable});
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  EXPECT_EQ((*opened)->stats().problem, "");
  faulty.mend();
  for (int i = 0; i < 500 && (*opened)->stats().problem.empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_NE((*opened)->stats().problem.find(segment_name(2)), std::string::npos);
}

TEST_F(DamageTest, ASwappedFrameOfTheSameSegmentStopsReaders) {
  write_frames(30);
  const auto frames = frames_of(1);
  Content content = disk_.content(segment(1));
  const auto size = static_cast<std::ptrdiff_t>(frames[1] - frames[0]);
  std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(frames[0]), size,
              content.begin() + static_cast<std::ptrdiff_t>(frames[1]));
  disk_.set_content(segment(1), content);
  const auto journal = open();
  Reader reader = journal->reader(0);
  ASSERT_TRUE(reader.next());
  const auto chunk = reader.next();
  ASSERT_FALSE(chunk);
  EXPECT_EQ(chunk.error().kind, ErrorKind::damaged);
}

// ---- small files ----

TEST_F(DamageTest, AMissingSecretRefusesTheStart) {
  write_frames(3);
  ASSERT_TRUE(disk_.remove("/data/journal/secret"));
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::damaged);
  EXPECT_NE(opened.error().message.find("secret"), std::string::npos);
}

TEST_F(DamageTest, ADamagedSecretRefusesTheStart) {
  write_frames(3);
  flip("/data/journal/secret", 20);
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::damaged);
}

TEST_F(DamageTest, ADamagedEpochMarkerBeginsANewEpoch) {
  write_frames(3);
  const std::string before = open()->id();
  flip("/data/journal/epoch", 20);
  EXPECT_NE(open()->id(), before);
  expect_records(3);
}

TEST_F(DamageTest, LeftOverTemporaryFilesAndOrphanIndexesAreRemoved) {
  write_frames(3);
  disk_.set_content("/data/journal/epoch.tmp", Content(10));
  disk_.set_content("/data/journal/" + index_name(77), Content(10));
  expect_records(3);
  EXPECT_FALSE(*disk_.exists("/data/journal/epoch.tmp"));
  EXPECT_FALSE(*disk_.exists("/data/journal/" + index_name(77)));
}

}  // namespace
}  // namespace user_events::journal::test
