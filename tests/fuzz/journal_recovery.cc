// A journal of several segments, damaged as disks, copies and people damage it, and recovered. The input is a list of edits (docs of each:
// `edit`). Recovery either refuses the start or gives back records that were written, one after the other from the first that is there;
// it gives the same ones when it runs again, and a reader that changes nothing sees the same.
//
// With the first byte odd, checksums are made right again after the edits, so that what lies behind them is reached. Then records may
// well differ from those that were written, but nothing else changes.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "fuzz.h"
#include "journal/bytes.h"
#include "journal/crc32c.h"
#include "journal/identity.h"
#include "journal/journal.h"
#include "journal/recovery.h"
#include "segment_file.h"
#include "support/crash_file_system.h"
#include "support/seeded_random.h"
#include "support/test_clock.h"

namespace user_events::journal {
namespace {

using test::CrashFileSystem;
using Content = std::vector<std::byte>;

constexpr const char* kDirectory = "/data/journal";
constexpr std::size_t kMaxEdits = 12, kMaxFileBytes = 64u << 10;

/// Everything of a record but where it stands.
using Written = std::tuple<std::string, std::string, std::string, std::string, std::string, std::int64_t>;

Options options(bool read_only) {
  Options out;
  out.directory = kDirectory;
  out.segment_bytes = 16u << 10;
  out.reserve_bytes = 0;
  out.recent_frames_bytes = 0;
  out.scrub_pause = std::chrono::milliseconds(0);
  out.read_only = read_only;
  return out;
}

Written content_of(const RecordView& record) {
  return {std::string(record.id), std::string(record.type), std::string(record.key), std::string(record.scope), std::string(record.payload), record.accepted_ms};
}

using Records = std::map<std::uint64_t, Written>;

/// All that a reader gives until it ends or finds damage.
Records read_all(const Journal& journal, bool& is_whole) {
  Records out;
  Reader reader = journal.reader(0);
  for (;;) {
    const auto chunk = reader.next();
    is_whole = chunk.has_value();
    if (!chunk) fuzz::require(chunk.error().kind == ErrorKind::damaged, "a reader stops at damage and at nothing else: " + describe(chunk.error()));
    if (!chunk || chunk->empty()) return out;
    for (std::size_t i = 0; i < chunk->size(); ++i) {
      const RecordView& record = (*chunk)[i];
      fuzz::require(out.empty() || out.rbegin()->first + 1 == record.sequence, "records follow each other without a gap");
      out.emplace(record.sequence, content_of(record));
    }
  }
}

/// The journal before the damage: three segments, of which the last is the active one.
struct Original {
  Original() {
    auto journal = fuzz::must(Journal::open(disk, clock, random, options(false)), "a new journal");
    for (int n = 0; n < 24; ++n) append(*journal, n);
    bool is_whole = false;
    records = read_all(*journal, is_whole);
    journal->close();
    journal.reset();
    identity = fuzz::must(read_identity(Storage{disk, kDirectory}), "the identity");
    for (const auto& name : *disk.list(kDirectory)) names.push_back(name);
  }

  static void append(Journal& journal, int n) {
    std::vector<RecordDraft> drafts(1 + static_cast<std::size_t>(n % 3));
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < drafts.size(); ++i) ids.push_back("event-" + std::to_string(n) + "-" + std::to_string(i));
    const std::string payload = "payload " + std::string(100 + static_cast<std::size_t>(n) * 31 % 900, 'p');
    for (std::size_t i = 0; i < drafts.size(); ++i) {
      drafts[i].id = ids[i];
      drafts[i].type = "user.created";
      drafts[i].key = "user-1";
      drafts[i].scope = "urn:test";
      drafts[i].payload = payload;
      drafts[i].id_from_caller = n % 2 == 0;
    }
    (void)fuzz::must(journal.append_wait(drafts), "an append");
  }

  CrashFileSystem disk;
  test::TestClock clock;
  test::SeededRandom random{1};
  Records records;
  Identity identity;
  std::vector<std::string> names;
};

/// One change of one file. Bytes are changed by exclusive or and copied, never chosen, so that no checksum comes right by itself.
void edit(CrashFileSystem& disk, const std::vector<std::string>& names, FuzzedDataProvider& input) {
  const std::string path = std::string(kDirectory) + "/" + names[input.ConsumeIntegralInRange<std::size_t>(0, names.size() - 1)];
  if (!*disk.exists(path)) return;
  Content content = disk.content(path);
  const auto place = [&input](std::size_t size) { return input.ConsumeIntegralInRange<std::size_t>(0, std::max<std::size_t>(size, 1) - 1); };
  switch (input.ConsumeIntegralInRange<int>(0, 6)) {
    case 0:  // a byte
      if (!content.empty()) content[place(content.size())] ^= std::byte{input.ConsumeIntegral<std::uint8_t>()};
      break;
    case 1:  // cut off
      content.resize(place(content.size()));
      break;
    case 2:  // longer, with zeros
      content.resize(std::min(kMaxFileBytes, content.size() + place(8'192)));
      break;
    case 3: {  // a hole
      const std::size_t at = place(content.size()), size = std::min(content.size() - at, place(4'096));
      std::fill_n(content.begin() + static_cast<std::ptrdiff_t>(at), size, std::byte{0});
      break;
    }
    case 4: {  // a piece of another file, in its place or elsewhere
      const std::string other = std::string(kDirectory) + "/" + names[place(names.size())];
      if (!*disk.exists(other)) return;
      const Content from = disk.content(other);
      const std::size_t begin = place(from.size()), size = std::min(from.size() - begin, place(8'192));
      const std::size_t at = input.ConsumeBool() ? begin : place(content.size());
      if (at + size > kMaxFileBytes) return;
      content.resize(std::max(content.size(), at + size));
      std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(begin), size, content.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    }
    case 5:  // gone
      (void)disk.remove(path);
      return;
    default: {  // under another segment's name
      const std::string other = std::string(kDirectory) + "/" + segment_name(1 + place(6));
      if (*disk.exists(other)) (void)disk.remove(other);
      (void)disk.rename(path, other);
      return;
    }
  }
  disk.set_content(path, content);
}

void check_written(const Records& found, const Records& original) {
  for (const auto& [sequence, content] : found) {
    const auto was = original.find(sequence);
    fuzz::require(was != original.end() && was->second == content, "recovery invents no record and changes none");
  }
}

/// What a process sees that may not write.
std::optional<Records> look(CrashFileSystem& disk, const Original& original, bool& is_whole) {
  test::SeededRandom random(2);
  const auto journal = Journal::open(disk, original.clock, random, options(true));
  if (!journal) return std::nullopt;
  return read_all(**journal, is_whole);
}

void check(const std::uint8_t* data, std::size_t size) {
  static const Original original;
  FuzzedDataProvider input(data, size);
  const bool mends = (input.ConsumeIntegral<std::uint8_t>() & 1) != 0;
  const auto disk = original.disk.copy();
  for (std::size_t n = 0; n < kMaxEdits && input.remaining_bytes() > 0; ++n) edit(*disk, original.names, input);
  if (mends) {
    for (const auto& name : *disk->list(kDirectory)) {
      if (!name.ends_with(".segment")) continue;
      Content content = disk->content(std::string(kDirectory) + "/" + name);
      fuzz::mend_checksums(content);
      disk->set_content(std::string(kDirectory) + "/" + name, content);
    }
  }
  bool is_whole = false, is_whole_after = false;
  const auto before = look(*disk, original, is_whole);
  if (before && !mends) check_written(*before, original.records);

  const Storage storage{*disk, kDirectory};
  const IdHasher hasher(original.identity.secret);
  test::SeededRandom random(3);
  const auto recovered = recover(storage, original.identity, original.clock, random, hasher);
  if (!recovered) return;
  const std::uint64_t last = recovered->segments.back().info.last_sequence;
  fuzz::require(std::ranges::is_sorted(recovered->segments, {}, [](const Segment& s) { return s.info.base_sequence; }), "segments are in order");
  const auto again = recover(storage, original.identity, original.clock, random, hasher);
  fuzz::require(again && again->segments.back().info.last_sequence == last, "recovery gives the same when it runs again");
  const auto after = look(*disk, original, is_whole_after);
  if (!after) return;  // identity files are damaged
  if (!mends) check_written(*after, original.records);
  if (before && is_whole && is_whole_after) fuzz::require(*before == *after, "a reader that changes nothing sees what recovery keeps");
  if (is_whole_after && !after->empty()) fuzz::require(after->rbegin()->first == last, "all that recovery keeps is read");
}

}  // namespace
}  // namespace user_events::journal

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  user_events::journal::check(data, size);
  return 0;
}
