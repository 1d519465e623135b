#include "audit/export.h"

#include "audit_fixture.h"

namespace user_events::audit::test {
namespace {

class ExportTest : public AuditFixture {
 protected:
  std::vector<std::string> exported(ExportFormat format = ExportFormat::ndjson, const ExportRange& range = {}) {
    std::vector<std::string> lines;
    const auto done = export_records(disk_, "/data", format, range, [&](std::string_view line) -> Result<void> {
      lines.emplace_back(line.substr(0, line.find_last_not_of("\r\n") + 1));
      return {};
    });
    EXPECT_TRUE(done) << describe(done.error());
    return lines;
  }
  Result<std::uint64_t> check(const std::vector<std::string>& lines) {
    std::size_t at = 0;
    return check_export(disk_, "/data", lines.back(), [&]() -> std::optional<std::string> { return at < lines.size() ? std::optional(lines[at++]) : std::nullopt; });
  }
};

TEST_F(ExportTest, GivesALineForEachRecordAndNothingOfAnEventsContent) {
  write_history();
  const auto lines = exported();
  EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line.starts_with(R"({"journal":"events",)"); }), 40);
  EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line.find("pppp") != std::string::npos; }), 0);
  EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line.find(R"("type":"destination.pause","principal":"ops","record":{"act":"destination.pause")") != std::string::npos; }), 8);
  EXPECT_EQ(*check(lines), lines.size() - 1);
}

TEST_F(ExportTest, AnyChangedMissingDoubledOrMovedLineIsFound) {
  write_history();
  for (const auto format : {ExportFormat::ndjson, ExportFormat::csv}) {
    const auto good = exported(format);
    ASSERT_TRUE(check(good));
    for (std::size_t i = 0; i < good.size(); i += 5) {
      auto bad = good;
      bad[i][bad[i].size() / 2] ^= 1;
      EXPECT_FALSE(check(bad)) << "changed " << i;
      bad = good;
      bad.erase(bad.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_FALSE(check(bad)) << "missing " << i;
      bad = good;
      bad.insert(bad.begin() + static_cast<std::ptrdiff_t>(i), good[i]);
      EXPECT_FALSE(check(bad)) << "doubled " << i;
    }
    auto bad = good;
    std::swap(bad[3], bad[4]);
    EXPECT_FALSE(check(bad));
    bad = good;
    bad.pop_back();
    EXPECT_FALSE(check(bad));
  }
}

TEST_F(ExportTest, StaysRightWhenTheDirectoryHasGrown) {
  write_history();
  const auto lines = exported();
  write_history();
  EXPECT_TRUE(check(lines));
  EXPECT_GT(exported().size(), lines.size());
}

TEST_F(ExportTest, TimesBoundIt) {
  write_history();
  const auto lines = exported(ExportFormat::ndjson, {.since_ms = clock_.unix_ms() - 4'000, .until_ms = clock_.unix_ms()});
  EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line.starts_with(R"({"journal":"events",)"); }), 4);
  EXPECT_TRUE(check(lines));
}

TEST_F(ExportTest, ADamagedJournalIsNotExported) {
  write_history();
  const auto path = segments("journal")[0];
  flip(path, frames_of(path)[3].header.offset + 300);
  EXPECT_EQ(export_records(disk_, "/data", ExportFormat::csv, {}, [](std::string_view) { return Result<void>(); }).error().kind, ErrorKind::damaged);
}

TEST_F(ExportTest, TextThatASpreadsheetWouldRunIsMadePlain) {
  {
    const auto opened = open();
    ASSERT_TRUE(recorded(opened->log.get(), {"destination.pause", "=cmd|' /C calc'!A0", {}}, [] { return Result<void>(); }));
  }
  const auto lines = exported(ExportFormat::csv);
  EXPECT_TRUE(std::ranges::any_of(lines, [](const auto& line) { return line.find(R"(,"'=cmd|)") != std::string::npos; }));
  EXPECT_FALSE(std::ranges::any_of(lines, [](const auto& line) { return line.find(R"(,"=cmd|)") != std::string::npos; }));
}

}  // namespace
}  // namespace user_events::audit::test
