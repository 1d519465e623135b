#include "audit/log.h"

#include "audit_fixture.h"
#include "support/fault_file_system.h"

namespace user_events::audit::test {
namespace {

class LogTest : public AuditFixture {
 protected:
  /// Type and payload of each record.
  std::vector<std::pair<std::string, std::string>> records(const journal::Journal& journal) {
    std::vector<std::pair<std::string, std::string>> out;
    auto reader = journal.reader(0);
    for (;;) {
      const auto chunk = reader.next();
      if (!chunk || chunk->empty()) return out;
      for (std::size_t i = 0; i < chunk->size(); ++i) out.emplace_back((*chunk)[i].type, (*chunk)[i].payload);
    }
  }
  /// Those of one type, of what is on the disk.
  std::vector<std::string> written(const std::string& type) {
    std::vector<std::string> out;
    const auto journal = *journal::Journal::open(disk_, clock_, random_, {.read_only = true, .directory = "/data/audit"});
    for (const auto& [kind, payload] : records(*journal))
      if (kind == type) out.push_back(payload);
    return out;
  }
};

TEST_F(LogTest, AnActLiesBetweenTwoRecordsWithItsOutcome) {
  {
    const auto opened = open();
    const Act act{"keys.forget", "ops", R"("user":"usr_1")"};
    const auto done = recorded(opened->log.get(), act, [] { return Result<int>(3); }, [](const auto& keys) { return "\"keys\":" + std::to_string(*keys); });
    EXPECT_EQ(done, 3);
    const auto failed = recorded(opened->log.get(), act, []() -> Result<int> { return fail(ErrorKind::conflict, "events-under-way", "canary"); },
                                 [](const auto&) { return std::string(); });
    EXPECT_EQ(failed.error().code, "events-under-way");
  }
  const auto acts = written("keys.forget");
  ASSERT_EQ(acts.size(), 4u);
  EXPECT_EQ(acts[0], R"({"act":"keys.forget","stage":"asked","principal":"ops","asked":{"user":"usr_1"}})");
  EXPECT_EQ(acts[1], R"({"act":"keys.forget","stage":"ended","principal":"ops","of":2,"outcome":"done","counts":{"keys":3}})");
  EXPECT_EQ(acts[3], R"({"act":"keys.forget","stage":"ended","principal":"ops","of":4,"outcome":"failed","code":"events-under-way"})");
}

TEST_F(LogTest, ALongPrincipalIsCutAtACharacter) {
  const auto opened = open();
  ASSERT_TRUE(opened->log->asked({"keys.rotate", std::string(1'023, 'a') + "\xC3\xA9", {}}));
  const auto chunk = opened->log->journal().reader(opened->log->journal().durable_sequence() - 1).next();
  ASSERT_TRUE(chunk && chunk->size() == 1);
  EXPECT_EQ((*chunk)[0].scope, std::string(1'023, 'a'));
}

TEST_F(LogTest, WhatCannotBeWrittenDownIsNotCarriedOut) {
  user_events::test::FaultFileSystem files(disk_, {});
  const auto opened = open(files);
  files.arm({.at = 1, .kind = user_events::test::FaultKind::io, .for_ever = true});
  bool is_carried_out = false;
  const auto done = recorded(opened->log.get(), {"destination.pause", "ops", {}}, [&] {
    is_carried_out = true;
    return Result<void>();
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "audit-log");
  EXPECT_FALSE(is_carried_out);
  EXPECT_NE(opened->log->stats().problem, "");
  files.mend();
}

TEST_F(LogTest, AnOutcomeThatCannotBeWrittenDownIsAnErrorThatSaysItWasCarriedOut) {
  user_events::test::FaultFileSystem files(disk_, {});
  const auto opened = open(files);
  const auto done = recorded(opened->log.get(), {"destination.pause", "ops", {}}, [&] {
    files.arm({.at = 1, .kind = user_events::test::FaultKind::io, .for_ever = true});
    return Result<void>();
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "audit-outcome");
  files.mend();
}

TEST_F(LogTest, StartAndStopNameWhereTheEventsAre) {
  write_history();
  const auto starts = written("start"), stops = written("stop");
  ASSERT_EQ(starts.size(), 1u);
  ASSERT_EQ(stops.size(), 1u);
  EXPECT_NE(starts[0].find(R"("events":{"sequence":0,"hash":"0000)"), std::string::npos) << starts[0];
  EXPECT_NE(stops[0].find(R"("events":{"sequence":40,)"), std::string::npos) << stops[0];
  EXPECT_EQ(written("checkpoint").size(), 4u);
}

TEST_F(LogTest, WhatAStartCutsOffIsRecorded) {
  write_history();
  const std::string path = segments("journal").back();
  const auto last = frames_of(path).back().header;
  Content content = disk_.content(path);
  content.resize(last.offset + last.total_bytes());
  content.resize(content.size() + 100, std::byte{0x5a});
  disk_.set_content(path, content);
  open();
  const auto cut = written("journal.recovered");
  ASSERT_EQ(cut.size(), 1u);
  EXPECT_NE(cut[0].find("\"bytes\":100,"), std::string::npos) << cut[0];
}

TEST_F(LogTest, RefusedRequestsAreSummedUp) {
  {
    const auto opened = open();
    for (int i = 0; i < 1'000; ++i) opened->log->note_denial("ops", "action-not-granted", "keys");
    for (int i = 0; i < 500; ++i) opened->log->note_denial("(unknown)", "bad-token", {});
  }
  std::uint64_t ops = 0, records = 0;
  for (const auto& payload : written("access.denied")) {
    ++records;
    if (const auto at = payload.find(R"("principal":"ops","reason":"action-not-granted","action":"keys","count":)"); at != std::string::npos)
      ops += std::stoull(payload.substr(payload.find("\"count\":", at) + 8));
  }
  EXPECT_EQ(ops, 1'000u);
  EXPECT_LE(records, 3u);
}

TEST_F(LogTest, DifferentSumsAreBounded) {
  Denials denials;
  for (std::size_t i = 0; i < kMaxDenialSums + 36; ++i) static_cast<void>(denials.note("client-" + std::to_string(i), "bad-token", {}));
  const std::string sums = denials.take();
  EXPECT_NE(sums.find(R"("other":36)"), std::string::npos);
  EXPECT_LT(sums.size(), 128 * kMaxDenialSums);
  EXPECT_EQ(denials.take(), "");
}

TEST_F(LogTest, CheckpointsArePublishedAsLines) {
  options_.publish_to = folder_.path() + "/anchors";
  write_history();
  std::ifstream file(options_.publish_to);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 4u);
  for (const auto& line : lines) EXPECT_TRUE(read_checkpoint(line, &keys_));
}

TEST_F(LogTest, ACheckpointThatCannotBePublishedIsMadeAllTheSameAndTold) {
  options_.publish_to = folder_.path() + "/no-such-folder/anchors";
  const auto opened = open();
  EXPECT_TRUE(opened->log->checkpoint());
  EXPECT_NE(opened->log->stats().problem.find("no-such-folder"), std::string::npos);
  EXPECT_EQ(opened->log->stats().checkpoints, 1u);
}

}  // namespace
}  // namespace user_events::audit::test
