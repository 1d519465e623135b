// One test per thing that can be done to a data directory: what verification says, and what it cannot know.
#include "audit_fixture.h"

namespace user_events::audit::test {
namespace {

class VerifyTest : public AuditFixture {
 protected:
  void expect_clean(const Report& report) {
    for (const auto& finding : report.findings) ADD_FAILURE() << finding.journal << ' ' << finding.kind << ": " << finding.what;
  }
  /// The one finding, of that kind.
  Finding only(const Report& report, const std::string& journal, const std::string& kind) {
    EXPECT_EQ(report.findings.size(), 1u);
    for (const auto& finding : report.findings)
      if (finding.journal == journal && finding.kind == kind) return finding;
    for (const auto& finding : report.findings) ADD_FAILURE() << finding.journal << ' ' << finding.kind << ": " << finding.what;
    return {};
  }
  static bool change_payload_of(RawFrame& frame, std::uint64_t sequence) {
    if (frame.header.first_sequence == sequence) frame.body[frame.body.size() - 16] ^= std::byte{1};
    return true;
  }
};

TEST_F(VerifyTest, NothingIsFoundWhereNothingWasDone) {
  write_history();
  const auto report = verify();
  expect_clean(report);
  EXPECT_EQ(report.events.records, 40u);
  EXPECT_EQ(report.events.end.sequence, 40u);
  EXPECT_GE(report.events.segments, 3u);
  EXPECT_EQ(report.signed_checkpoints, 4u);
  ASSERT_TRUE(report.last_checkpoint);
  EXPECT_EQ(report.last_checkpoint->events.head.sequence, 40u);
}

TEST_F(VerifyTest, NothingIsFoundAfterManyStartsAndACrash) {
  write_history();
  write_history();
  auto opened = open();
  publish(*opened, 5);
  const auto crashed = disk_.copy();
  opened.reset();
  const auto again = open(*crashed);
  again->close();
  const auto report = audit::verify(*crashed, {"/data", &keys_, {}});
  ASSERT_TRUE(report);
  expect_clean(*report);
  EXPECT_EQ(report->events.end.sequence, 85u);
}

TEST_F(VerifyTest, AnAlteredByteIsNamedWithItsPlaceAndTheLastCheckpointBefore) {
  write_history();
  const auto path = segments("journal")[1];
  const auto frame = frames_of(path)[2];
  flip(path, frame.header.offset + 300);
  const auto finding = only(verify(), "events", "altered");
  EXPECT_EQ(finding.segment, 2u);
  EXPECT_EQ(finding.offset, frame.header.offset);
  EXPECT_EQ(finding.first_sequence, frame.header.first_sequence);
  EXPECT_EQ(finding.last_sequence, frame.header.first_sequence);
  EXPECT_EQ(finding.before_ms, frame.header.accepted_first_ms - 1'000);
  EXPECT_EQ(finding.after_ms, frame.header.accepted_first_ms + 1'000);
  ASSERT_TRUE(finding.good_until);
  EXPECT_EQ(finding.good_until->events.head.sequence, (frame.header.first_sequence - 1) / 10 * 10);
}

TEST_F(VerifyTest, AnyByteOfAFrameCounts) {
  write_history();
  const auto path = segments("journal")[0];
  const auto frame = frames_of(path)[3];
  const Content whole = disk_.content(path);
  for (std::uint64_t at = 0; at < frame.header.total_bytes(); at += 7) {
    flip(path, frame.header.offset + at);
    EXPECT_FALSE(verify().findings.empty()) << "byte " << at;
    disk_.set_content(path, whole);
  }
}

TEST_F(VerifyTest, SwappedFramesAreNamed) {
  write_history();
  const auto path = segments("journal")[0];
  const auto frames = frames_of(path);
  Content content = disk_.content(path);
  const auto begin = content.begin() + static_cast<std::ptrdiff_t>(frames[4].header.offset);
  std::rotate(begin, begin + static_cast<std::ptrdiff_t>(frames[4].header.total_bytes()),
              begin + static_cast<std::ptrdiff_t>(frames[4].header.total_bytes() + frames[5].header.total_bytes()));
  disk_.set_content(path, content);
  const auto report = verify();
  ASSERT_FALSE(report.findings.empty());
  EXPECT_EQ(report.findings[0].kind, "reordered");
  EXPECT_EQ(report.findings[0].offset, frames[4].header.offset);
  EXPECT_EQ(report.findings[0].first_sequence, 6u);
}

TEST_F(VerifyTest, ARecordCutOutIsNamed) {
  write_history();
  const auto path = segments("journal")[0];
  const auto frame = frames_of(path)[4];
  Content content = disk_.content(path);
  const auto begin = content.begin() + static_cast<std::ptrdiff_t>(frame.header.offset);
  content.erase(begin, begin + static_cast<std::ptrdiff_t>(frame.header.total_bytes()));
  disk_.set_content(path, content);
  const auto report = verify();
  ASSERT_FALSE(report.findings.empty());
  EXPECT_EQ(report.findings[0].offset, frame.header.offset);
}

TEST_F(VerifyTest, ARecordWipedOutIsNamedByItsNumber) {
  write_history();
  const auto path = segments("journal")[0];
  const auto frame = frames_of(path)[4];
  Content content = disk_.content(path);
  std::fill_n(content.begin() + static_cast<std::ptrdiff_t>(frame.header.offset), frame.header.total_bytes(), std::byte{0});
  disk_.set_content(path, content);
  const auto finding = only(verify(), "events", "altered");
  EXPECT_EQ(finding.first_sequence, 5u);
  EXPECT_EQ(finding.last_sequence, 5u);
}

TEST_F(VerifyTest, ARemovedSegmentIsNamedWhereverItWas) {
  write_history();
  const auto paths = segments("journal");
  const auto middle = frames_of(paths[1]);
  ASSERT_TRUE(disk_.remove(paths[1]));
  auto finding = only(verify(), "events", "removed");
  EXPECT_EQ(finding.first_sequence, middle.front().header.first_sequence);
  EXPECT_EQ(finding.last_sequence, middle.back().header.first_sequence);
}

TEST_F(VerifyTest, TheRemovedFirstSegmentIsNamed) {
  write_history();
  const auto path = segments("journal").front();
  const auto frames = frames_of(path);
  ASSERT_TRUE(disk_.remove(path));
  const auto finding = only(verify(), "events", "removed");
  EXPECT_EQ(finding.first_sequence, 1u);
  EXPECT_EQ(finding.last_sequence, frames.back().header.first_sequence);
}

TEST_F(VerifyTest, TheRemovedLastSegmentIsNamed) {
  write_history();
  const auto path = segments("journal").back();
  const auto frames = frames_of(path);
  ASSERT_TRUE(disk_.remove(path));
  const auto report = verify();
  ASSERT_FALSE(report.findings.empty());
  EXPECT_EQ(report.findings.back().kind, "truncated");
  EXPECT_EQ(report.findings.back().first_sequence, frames.front().header.first_sequence);
  EXPECT_EQ(report.findings.back().last_sequence, 40u);
}

TEST_F(VerifyTest, ATruncatedTailIsFoundByTheCheckpointThatKnewMore) {
  write_history();
  const auto path = segments("journal").back();
  const auto frame = frames_of(path)[1];
  resize(path, frame.header.offset);
  const auto finding = only(verify(), "events", "truncated");
  EXPECT_EQ(finding.first_sequence, frame.header.first_sequence);
  EXPECT_EQ(finding.last_sequence, 40u);
  EXPECT_EQ(finding.offset, frame.header.offset);
}

TEST_F(VerifyTest, AnAlteredLastRecordIsFoundByTheCheckpointThatKnewIt) {
  write_history();
  const auto path = segments("journal").back();
  flip(path, frames_of(path).back().header.offset + 300);
  const auto report = verify();
  const auto finding = only(report, "events", "truncated");
  EXPECT_EQ(finding.first_sequence, 40u);
  EXPECT_EQ(finding.last_sequence, 40u);
  EXPECT_GT(report.events.torn_bytes, 0u);
}

TEST_F(VerifyTest, AFrameThatACrashLeftHalfWrittenIsNoFinding) {
  auto opened = open();
  publish(*opened, 10);
  ASSERT_TRUE(opened->log->checkpoint());
  publish(*opened, 1);
  const auto crashed = disk_.copy();
  opened.reset();
  const auto path = segments("journal").back();
  auto content = crashed->content(path);
  const auto header = frames_of(path).back().header;
  std::fill(content.begin() + static_cast<std::ptrdiff_t>(header.offset + 600), content.end(), std::byte{0});
  crashed->set_content(path, content);
  const auto report = audit::verify(*crashed, {"/data", &keys_, {}});
  ASSERT_TRUE(report);
  expect_clean(*report);
  EXPECT_GT(report->events.torn_bytes, 500u);
}

TEST_F(VerifyTest, AWholeRehashedChainIsFoundBySignaturesOnly) {
  write_history();
  forge("journal", [](RawFrame& frame) { return change_payload_of(frame, 15); });
  const auto finding = only(verify(), "events", "altered");
  EXPECT_EQ(finding.first_sequence, 11u);  // good up to the checkpoint at 10
  EXPECT_EQ(finding.last_sequence, 20u);
  ASSERT_TRUE(finding.good_until);
  EXPECT_EQ(finding.good_until->events.head.sequence, 10u);
}

TEST_F(VerifyTest, ARecordDroppedFromARehashedChainIsFound) {
  write_history();
  forge("journal", [](RawFrame& frame) { return frame.header.first_sequence != 15; });
  EXPECT_FALSE(verify().findings.empty());
}

TEST_F(VerifyTest, CheckpointsThatAreLeftOutAreFound) {
  write_history();
  forge("journal", [](RawFrame& frame) { return change_payload_of(frame, 15); });
  // What cannot be signed is left out.
  forge("audit", [](RawFrame& frame) {
    const std::string body(reinterpret_cast<const char*>(frame.body.data()), frame.body.size());
    return body.find("checkpoint") == std::string::npos;
  });
  const auto report = verify();
  ASSERT_FALSE(report.findings.empty());
  EXPECT_EQ(report.findings[0].what, "no checkpoint is signed");
}

TEST_F(VerifyTest, AnAlteredActIsFoundInTheAuditLogToo) {
  write_history();
  forge("audit", [](RawFrame& frame) { return change_payload_of(frame, 3); });
  const auto report = verify();
  ASSERT_FALSE(report.findings.empty());
  EXPECT_EQ(report.findings[0].journal, "audit");
}

TEST_F(VerifyTest, WhatIsBehindTheLastCheckpointIsProvedByNothing) {
  auto opened = open();
  publish(*opened, 10);
  ASSERT_TRUE(opened->log->checkpoint());
  publish(*opened, 3);
  const auto crashed = disk_.copy();
  opened.reset();
  const auto path = segments("journal").back();
  auto content = crashed->content(path);
  content.resize(frames_of(path).back().header.offset);
  crashed->set_content(path, content);
  const auto report = audit::verify(*crashed, {"/data", &keys_, {}});
  ASSERT_TRUE(report);
  expect_clean(*report);  // docs/security/audit.md says so
}

TEST_F(VerifyTest, BothJournalsCutBackToACheckpointAreFoundByAnAnchorOnly) {
  options_.publish_to = folder_.path() + "/anchors";
  auto opened = open();
  publish(*opened, 10);
  ASSERT_TRUE(opened->log->checkpoint());
  const auto earlier = disk_.copy();
  publish(*opened, 10);
  opened.reset();
  std::ifstream file(options_.publish_to);
  std::vector<std::string> anchors;
  for (std::string line; std::getline(file, line);) anchors.push_back(line);
  const auto unaware = audit::verify(*earlier, {"/data", &keys_, {}});
  ASSERT_TRUE(unaware);
  expect_clean(*unaware);
  const auto aware = audit::verify(*earlier, {"/data", &keys_, anchors});
  ASSERT_TRUE(aware);
  ASSERT_EQ(aware->findings.size(), 2u);
  for (const auto& finding : aware->findings) EXPECT_EQ(finding.kind, "truncated");
  expect_clean(verify(&keys_, anchors));
}

TEST_F(VerifyTest, AnAnchorOfAnotherJournalIsFound) {
  write_history();
  Claims claims;
  claims.at_ms = clock_.unix_ms();
  claims.events = {"0123456789abcdefghjkmnpqrs", {12, {}}};
  claims.audit = verify().last_checkpoint->audit;
  signing::Signer signer(key_);
  const auto finding = only(verify(&keys_, {sign(claims, signer)}), "events", "removed");
  EXPECT_NE(finding.what.find("another journal"), std::string::npos);
}

TEST_F(VerifyTest, RetentionLeavesARecordOfEachSegmentAndVerificationFollowsIt) {
  auto opened = open();
  publish(*opened, 40);
  opened->events->set_needed_after(40);
  clock_.advance(std::chrono::hours(11));
  ASSERT_GE(*opened->events->apply_retention(), 2u);
  opened.reset();
  expect_clean(verify());
  EXPECT_GT(verify().events.before.sequence, 0u);
  // What is removed without a record is found.
  opened = open();
  publish(*opened, 40);
  opened.reset();
  const auto paths = segments("journal");
  ASSERT_GE(paths.size(), 3u);
  ASSERT_TRUE(disk_.remove(paths.front()));
  EXPECT_EQ(only(verify(), "events", "removed").first_sequence, 1u);
}

TEST_F(VerifyTest, ARemovalThatWasRecordedAndNotCarriedOutIsNoFinding) {
  auto opened = open();
  publish(*opened, 40);
  ASSERT_TRUE(opened->log->note_removal("events", {1, 1, {13, {}}, 0}));
  opened.reset();
  expect_clean(verify());
}

TEST_F(VerifyTest, AnAuditLogCutOffBeforeItsLastCheckpointIsFound) {
  write_history();
  const std::size_t frames = frames_of(segments("audit").back()).size();
  std::size_t n = 0;
  forge("audit", [&](RawFrame&) { return ++n == frames; });  // renumbered, it is the first record
  ASSERT_EQ(verify(nullptr).audit.records, 1u);
  EXPECT_FALSE(verify().findings.empty());
}

TEST_F(VerifyTest, ARemovalThatSomebodyWroteBehindTheLastCheckpointExcusesNothing) {
  auto opened = open();
  publish(*opened, 40);
  ASSERT_TRUE(opened->log->checkpoint());
  ASSERT_TRUE(recorded(opened->log.get(), {"destination.pause", "ops", R"("destination":"kafka")"}, [] { return Result<void>(); }));
  const auto crashed = disk_.copy();
  opened.reset();
  for (const char* const journal : {"journal", "audit"})
    for (const auto& path : segments(journal)) disk_.set_content(path, crashed->content(path));
  const auto second = *journal::decode_segment_header(disk_.content(segments("journal").at(1)));
  ASSERT_TRUE(disk_.remove(segments("journal").front()));
  EXPECT_FALSE(verify().findings.empty()) << "no record says so";
  std::string end;
  append_head({second.base_sequence - 1, second.previous_hash}, end);
  const std::string payload = asked_json({kRemoved, {}, R"("journal":"events","end":{)" + end + "}"});
  const journal::RecordDraft removal{.id = "forged", .type = kRemoved, .key = "audit", .scope = {}, .source_position = {}, .key_id = {}, .payload = payload};
  const std::size_t frames = frames_of(segments("audit").back()).size();
  std::size_t n = 0;
  forge("audit", [&](RawFrame& frame) {
    if (++n < frames) return true;
    frame.body.assign((encoded_size(removal) + 7) / 8 * 8, std::byte{0});
    encode(removal, clock_.unix_ms(), frame.body.data());
    frame.header.record_count = 1;
    return true;
  });
  expect_clean(verify(nullptr));  // docs/security/audit.md says so
  EXPECT_EQ(only(verify(), "events", "removed").first_sequence, 1u);
}

TEST_F(VerifyTest, AFrameOfEventsWithoutReadableRecordsIsFound) {
  write_history();
  forge("journal", [](RawFrame& frame) {
    if (frame.header.first_sequence == 40) std::ranges::fill(frame.body, std::byte{0xFF});
    return true;
  });
  const auto findings = verify(nullptr).findings;
  EXPECT_TRUE(std::ranges::any_of(findings, [](const Finding& one) { return one.what == "the frame's records are not what its header says"; }));
}

TEST_F(VerifyTest, WithoutAKeyCheckpointsAreUnsignedAndSaySo) {
  write_history(false);
  const auto report = verify(nullptr);
  expect_clean(report);
  EXPECT_EQ(report.unsigned_checkpoints, 4u);
  EXPECT_FALSE(report.checked_signatures);
  EXPECT_EQ(verify().findings.size(), 1u);  // with keys, none is signed by them
}

TEST_F(VerifyTest, AMissingAuditLogIsAnError) {
  write_history();
  for (const auto& path : segments("audit")) ASSERT_TRUE(disk_.remove(path));
  const auto report = audit::verify(disk_, {"/data", &keys_, {}});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, "no-audit-log");
}

TEST_F(VerifyTest, AnOpenDirectoryIsRefused) {
  const auto opened = open();
  const auto report = audit::verify(disk_, {"/data", &keys_, {}});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, "data-directory-in-use");
}

}  // namespace
}  // namespace user_events::audit::test
