// A data directory with both journals, of several segments, with the checkpoints and exports that left the host, after somebody with write access changed them. The
// input is a list of edits (docs of each: `edit`), or the very lines that are given as checkpoints and as an export.
//
// Where verification finds nothing, all that a genuine checkpoint or anchor names is what was written, as it lies there and as a reader of the journal gives it, and
// an export that is taken holds nothing else; with keys no other checkpoint is believed. What is behind the last one may be anything, and without keys the beginning
// may be gone by a record that somebody forged (docs/security/audit.md). Where nothing was changed, or an end is half written, nothing is found. Verification writes
// nothing, says the same again, and names places and numbers that there are.
//
// Bits of the last two bytes: 0, checksums are made right again after the edits; 1, numbers, places and hashes as well; 2 and 7, then what is left begins the audit
// log, or the events; 3, no keys are given; 4, no anchors; 5, lines instead of edits; 6, it is verified twice; 8, retention has removed nothing.
#include <fmt/format.h>
#include <fuzzer/FuzzedDataProvider.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <ranges>
#include <set>
#include <tuple>

#include "audit/export.h"
#include "audit/log.h"
#include "audit/verify.h"
#include "base/base64url.h"
#include "base/json_reading.h"
#include "fuzz.h"
#include "journal/bytes.h"
#include "journal/crc32c.h"
#include "journal/identity.h"
#include "journal/journal.h"
#include "segment_file.h"
#include "support/crash_file_system.h"
#include "support/seeded_random.h"
#include "support/temporary_directory.h"
#include "support/test_clock.h"

namespace user_events::audit {
namespace {

using fuzz::must;
using fuzz::require;
using test::CrashFileSystem;
using Content = std::vector<std::byte>;
using Files = std::map<std::string, std::string>;

constexpr const char *kEvents = "/data/journal", *kAudit = "/data/audit", *kEvidence = "/evidence";
constexpr const char *kAnchors = "/evidence/checkpoints", *kLines = "/evidence/records.ndjson", *kCsv = "/evidence/records.csv";
constexpr std::size_t kMaxEdits = 8, kMaxFileBytes = 64u << 10;

class Choice {
  const unsigned bits_;
  bool has(int bit) const { return (bits_ >> bit & 1) != 0; }

 public:
  explicit Choice(unsigned bits) : bits_(bits) {}
  const bool mends_checksums = has(0), mends_chain = has(0) && has(1), audit_begins_anew = has(2), events_begin_anew = has(7);
  const bool has_keys = !has(3), has_anchors = !has(4), is_lines = has(5), is_repeated = has(6), has_removed = !has(8);
};

std::string text_of(std::span<const std::byte> content) { return {reinterpret_cast<const char*>(content.data()), content.size()}; }

Content content_of(std::string_view text) {
  const auto bytes = journal::as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

bool is_segment(std::string_view path) { return path.ends_with(".segment"); }
std::string segment(const std::string& directory, std::uint64_t ordinal) { return directory + "/" + journal::segment_name(ordinal); }

/// Where frames, or lines, begin and end.
std::vector<std::size_t> bounds(const std::string& path, const Content& content) {
  std::vector<std::size_t> out{0};
  if (!is_segment(path)) {
    for (std::size_t i = 0; i < content.size(); ++i)
      if (content[i] == std::byte{'\n'}) out.push_back(i + 1);
  } else if (content.size() >= journal::kSegmentHeaderBytes) {
    for (std::size_t at = journal::kSegmentHeaderBytes; at < content.size();) {
      out.push_back(at);
      const auto header = journal::decode_frame_header(std::span(content).subspan(at));
      if (!header) break;
      at += std::min<std::size_t>(header->total_bytes(), content.size() - at);
    }
  }
  if (out.back() != content.size()) out.push_back(content.size());
  return out;
}

/// As the command line reads them.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    if (out.back().ends_with('\r')) out.back().pop_back();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// ---- what there is ----

Files files_in(CrashFileSystem& disk) {
  Files out;
  for (const char* directory : {kEvents, kAudit, kEvidence})
    for (const auto& name : *disk.list(directory)) {
      const std::string path = std::string(directory) + "/" + name;
      out.emplace(path, text_of(disk.content(path)));
    }
  return out;
}

/// One frame as verification walks it.
struct Frame {
  std::uint64_t first = 0, last = 0;
  journal::Hash hash{};
  std::string body;
  friend bool operator==(const Frame&, const Frame&) = default;
};

/// Texts of the checkpoints of the audit log, and all frames.
std::vector<Frame> frames_of(CrashFileSystem& disk, const std::string& directory, std::vector<std::string>* checkpoints = nullptr) {
  std::vector<Frame> out;
  journal::ChainObserver observer;
  observer.on_defect = [](const journal::ChainDefect&) {};
  observer.on_frame = [&](const journal::WalkedFrame& frame) {
    out.push_back({frame.header.first_sequence, frame.header.last_sequence(), frame.hash, text_of(frame.body)});
    std::vector<journal::RecordView> records;
    if (checkpoints == nullptr || !decode_records(frame.header, frame.body, records)) return true;
    for (const auto& record : records) {
      simdjson::dom::parser parser;
      const auto object = record.type == kCheckpoint ? base::parse_object(parser, record.payload) : std::nullopt;
      if (!object) continue;
      simdjson::dom::element claims;
      std::string text(base::text_of(*object, "jws").value_or(""));
      if (text.empty() && object->at_key("claims").get(claims) == simdjson::SUCCESS) text = simdjson::minify(claims);
      checkpoints->push_back(std::move(text));
    }
    return true;
  };
  (void)must(journal::walk_chain(disk, directory, observer), "a walk of what verification has walked");
  return out;
}

/// Everything of a record but where it stands.
using Written = std::tuple<std::string, std::string, std::string, std::string, std::string, std::string, std::string, journal::RequestMac, std::int64_t, bool, bool>;
using Records = std::map<std::uint64_t, Written>;

Written written(const journal::RecordView& r) {
  return {std::string(r.id), std::string(r.type), std::string(r.key), std::string(r.scope), std::string(r.source_position), std::string(r.key_id), std::string(r.payload),
          r.request_mac, r.accepted_ms, r.id_from_caller, r.form == journal::PayloadForm::sealed};
}

journal::Options journal_options(const std::string& directory, bool read_only) {
  journal::Options out;
  out.directory = directory;
  out.segment_bytes = 16u << 10;
  out.reserve_bytes = 0;
  out.recent_frames_bytes = 0;
  out.scrub_pause = std::chrono::milliseconds(0);
  out.read_only = read_only;
  return out;
}

/// What a process reads that may not write; as far as it can be read.
Records read_all(CrashFileSystem& disk, const std::string& directory) {
  Records out;
  const test::TestClock clock;
  test::SeededRandom random(2);
  const auto journal = journal::Journal::open(disk, clock, random, journal_options(directory, true));
  if (!journal) return out;
  auto reader = (*journal)->reader(0);
  for (auto chunk = reader.next(); chunk && !chunk->empty(); chunk = reader.next())
    for (std::size_t i = 0; i < chunk->size(); ++i) out.emplace((*chunk)[i].sequence, written((*chunk)[i]));
  return out;
}

std::string exported(CrashFileSystem& disk, ExportFormat format) {
  std::string out;
  (void)must(export_records(disk, "/data", format, {}, [&](std::string_view line) -> Result<void> {
               out += line;
               return {};
             }), "an export");
  return out;
}

// ---- the directory ----

/// The directory before anything is done to it: four lives of a daemon, the first two without a key, the last ended by a kill. What retention has removed is of the
/// first.
class Original {
 public:
  explicit Original(bool has_removed) : has_removed_(has_removed) {
    load_key();
    for (int n = 0; n < 4; ++n) {
      live(n);
      // The last is killed before it writes that it stops, and a checkpoint.
      if (n == 3) shorten(segment(kAudit, 4), 2);
      keep_texts();
    }
    shorten(segment(kEvents, 4), 0);
    for (const char* directory : {kEvents, kAudit})
      if (has_removed_) must_have(disk->remove(segment(directory, 1)));
    disk = disk->copy();
    publish_evidence();
    look();
  }

  std::unique_ptr<CrashFileSystem> disk = std::make_unique<CrashFileSystem>();
  access::KeySet keys;
  Files files;
  std::vector<std::string> paths;
  std::map<std::string, std::vector<Frame>> frames;  // by directory
  std::map<std::string, Records> records;            // by directory
  std::map<std::string, Checkpoint> genuine;         // by text
  std::set<std::string> lines;                       // of exports

 private:
  /// The secret key of RFC 8037, A.1.
  void load_key() {
    const test::TemporaryDirectory folder;
    const auto path = folder.write("key", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n");
    ::chmod(path.c_str(), 0600);
    key_ = std::make_shared<const signing::Key>(must(signing::Key::load({"ours", "EdDSA", {.file = path, .env = {}, .credential = {}}}), "the key"));
    keys = must(access::KeySet::parse("{\"keys\":[" + key_->public_jwk() + "]}"), "its public half");
  }

  /// Each begins in a copy of the directory, and so with a segment.
  void live(int n) {
    disk = disk->copy();
    AuditOptions with;
    with.checkpoint_every = std::chrono::hours(24);
    const auto events = must(journal::Journal::open(*disk, clock_, random_, journal_options(kEvents, false)), "the events");
    const auto log = must(Log::open(*disk, clock_, log_random_, kAudit, with, n < 2 ? nullptr : key_), "the audit log");
    const std::pair<const char*, journal::Head> ends[] = {{"events", events->head()}, {"audit", log->journal().head()}};
    log->start(*events, "1.0");
    if (n == 1 && has_removed_)
      for (const auto& [name, end] : ends) must_have(log->note_removal(name, {1, 1, end, clock_.unix_ms()}));
    publish(*events, 2);
    pause(log.get());
    must_have(log->checkpoint());
    publish(*events, 1 + n % 2);
    pause(log.get());
    events->close();
    log->stop();
  }

  /// Cuts off the last frames, and the space that is reserved ahead, which would cost more than the rest.
  void shorten(const std::string& path, std::size_t last) {
    auto content = disk->content(path);
    content.resize(bounds(path, content).rbegin()[static_cast<std::ptrdiff_t>(last) + 1]);
    disk->set_content(path, content);
  }

  void publish_evidence() {
    must_have(disk->create_directories(kEvidence));
    std::string anchors;
    for (const auto& text : texts_) anchors += text + "\n";
    disk->set_content(kAnchors, content_of(anchors));
    disk->set_content(kLines, content_of(exported(*disk, ExportFormat::ndjson)));
    disk->set_content(kCsv, content_of(exported(*disk, ExportFormat::csv)));
  }

  /// Writes down what there is.
  void look() {
    files = files_in(*disk);
    for (const auto& text : texts_) genuine.emplace(text, must(read_checkpoint(text, &keys), "a checkpoint"));
    for (const char* path : {kLines, kCsv})
      for (auto& line : lines_of(files[path])) lines.insert(std::move(line));
    for (const char* directory : {kEvents, kAudit}) frames[directory] = frames_of(*disk, directory), records[directory] = read_all(*disk, directory);
    for (const auto& [path, content] : files) paths.push_back(path);
    // Edits are of what is read above all.
    for (const auto& [path, content] : files)
      if (is_segment(path) || path.starts_with(kEvidence)) paths.insert(paths.end(), 3, path);
  }

  /// Of checkpoints that retention may remove later, as well.
  void keep_texts() {
    (void)frames_of(*disk, kAudit, &texts_);
    std::ranges::sort(texts_);
    texts_.erase(std::ranges::unique(texts_).begin(), texts_.end());
  }

  static void pause(Log* log) { must_have(recorded(log, {"destination.pause", "ops", R"("destination":"kafka")"}, [] { return Result<void>(); })); }

  /// Some frames of a few records.
  void publish(journal::Journal& journal, int n) {
    for (int i = 0; i < n; ++i) {
      clock_.advance(std::chrono::seconds(1));
      std::vector<journal::RecordDraft> drafts(1 + static_cast<std::size_t>(i % 2));
      std::vector<std::string> ids;
      for (std::size_t k = 0; k < drafts.size(); ++k) ids.push_back(fmt::format("event-{}", ++events_));
      for (std::size_t k = 0; k < drafts.size(); ++k)
        drafts[k] = {.id = ids[k], .type = "user.created", .key = "user-1", .scope = "urn:test\nclient", .source_position = {}, .key_id = {}, .payload = "payload"};
      (void)must(journal.append_wait(drafts), "an append");
    }
  }

  static void must_have(const Result<void>& done) { require(done.has_value(), "the directory can be made"); }

  bool has_removed_;
  test::TestClock clock_;
  test::SeededRandom random_{1}, log_random_{2};
  std::shared_ptr<const signing::Key> key_;
  std::vector<std::string> texts_;  // of checkpoints, removed ones as well
  std::uint64_t events_ = 0;
};

// ---- the attacker ----

struct Range {
  std::size_t begin = 0, end = 0;
};

std::size_t place(FuzzedDataProvider& input, std::size_t size) { return input.ConsumeIntegralInRange<std::size_t>(0, std::max<std::size_t>(size, 1) - 1); }

/// A frame, a line, or any bytes.
Range pick(FuzzedDataProvider& input, const std::string& path, const Content& content) {
  if (input.ConsumeBool()) {
    const std::size_t begin = place(input, content.size());
    return {begin, begin + std::min(content.size() - begin, place(input, 1'024))};
  }
  const auto at = bounds(path, content);
  const std::size_t n = place(input, at.size());
  return {at[n], n + 1 < at.size() ? at[n + 1] : at[n]};
}

/// A frame with one record of the audit log.
Content frame_of(std::string_view type, std::string_view payload) {
  const journal::RecordDraft draft{.id = "forged", .type = type, .key = "audit", .scope = {}, .source_position = {}, .key_id = {}, .payload = payload};
  Content out(journal::kFrameHeaderBytes + (encoded_size(draft) + 7) / 8 * 8);
  encode(draft, 1'795'510'900'000, out.data() + journal::kFrameHeaderBytes);
  const journal::FrameHeader frame{.first_sequence = 1, .record_count = 1, .body_bytes = static_cast<std::uint32_t>(out.size() - journal::kFrameHeaderBytes)};
  encode(frame, std::span(out).first<journal::kFrameHeaderBytes>());
  return out;
}

/// What a segment says that was before it.
ChainHead before(const Content& segment) {
  const auto header = journal::decode_segment_header(segment);
  return header ? ChainHead{journal::journal_text(header->journal), {header->base_sequence - 1, header->previous_hash}} : ChainHead{};
}

/// As retention writes that everything before a segment was removed.
Content forged_removal(CrashFileSystem& disk, const std::string& path) {
  std::string end;
  append_head(before(disk.content(path)).head, end);
  return frame_of(kRemoved, asked_json({kRemoved, {}, fmt::format(R"("journal":"{}","end":{{{}}})", path.starts_with(kAudit) ? "audit" : "events", end)}));
}

/// With what is right, and a signature of something else.
Content forged_checkpoint(CrashFileSystem& disk, const Original& original) {
  const Claims claims{1'795'510'900'000, before(disk.content(segment(kEvents, 4))), before(disk.content(segment(kAudit, 4)))};
  const std::string& genuine = std::ranges::find_if(original.genuine, [](const auto& one) { return one.second.is_signed; })->first;
  const auto first = genuine.find('.'), last = genuine.rfind('.');
  const std::string jws = genuine.substr(0, first) + "." + base::base64url(to_json(claims)) + genuine.substr(last);
  return frame_of(kCheckpoint, fmt::format(R"({{"act":"checkpoint","jws":"{}"}})", jws));
}

/// One change of one file. Bytes are chosen only where checksums are mended or there is none, so that none comes right by itself.
void edit(CrashFileSystem& disk, const Original& original, const Choice& choice, FuzzedDataProvider& input) {
  const std::string& path = original.paths[place(input, original.paths.size())];
  if (!*disk.exists(path)) return;
  Content content = disk.content(path);
  const auto [begin, end] = pick(input, path, content);
  const auto at = [&content](std::size_t offset) { return content.begin() + static_cast<std::ptrdiff_t>(offset); };
  switch (input.ConsumeIntegralInRange<int>(0, 10)) {
    case 0:  // a byte
      if (!content.empty()) content[std::min(begin, content.size() - 1)] ^= std::byte{input.ConsumeIntegral<std::uint8_t>()};
      break;
    case 1: {  // other bytes
      const auto bytes = input.ConsumeBytes<std::uint8_t>(place(input, 64));
      if (!choice.mends_checksums && !path.starts_with(kEvidence)) return;
      for (std::size_t i = 0; i < bytes.size() && begin + i < content.size(); ++i) content[begin + i] = std::byte{bytes[i]};
      break;
    }
    case 2:  // cut off
      content.resize(begin);
      break;
    case 3:  // longer, with zeros
      content.resize(std::min(kMaxFileBytes, content.size() + place(input, 512)));
      break;
    case 4:  // a hole
      std::fill(at(begin), at(end), std::byte{0});
      break;
    case 5:  // cut out
      content.erase(at(begin), at(end));
      break;
    case 6: {  // a piece of any file, in between or in place of what was there
      const std::string& other = original.paths[place(input, original.paths.size())];
      const Content from = disk.content(other);
      const Range piece = pick(input, other, from);
      if (input.ConsumeBool()) content.erase(at(begin), at(std::min(content.size(), begin + piece.end - piece.begin)));
      if (content.size() + piece.end - piece.begin > kMaxFileBytes) return;
      content.insert(at(begin), from.begin() + static_cast<std::ptrdiff_t>(piece.begin), from.begin() + static_cast<std::ptrdiff_t>(piece.end));
      break;
    }
    case 7: {  // in another order
      const std::size_t further = pick(input, path, content).end;
      if (further > end) std::rotate(at(begin), at(end), at(further));
      break;
    }
    case 8: {  // behind it, a record that excuses what was done
      const std::string& other = original.paths[place(input, original.paths.size())];
      const Content record = input.ConsumeBool() ? forged_checkpoint(disk, original) : forged_removal(disk, other);
      if (choice.mends_checksums) content.insert(at(end), record.begin(), record.end());
      break;
    }
    case 9:  // gone
      (void)disk.remove(path);
      return;
    default: {  // under another segment's name
      const std::string other = path.substr(0, path.rfind('/') + 1) + journal::segment_name(1 + place(input, 6));
      if (other == path) return;
      if (*disk.exists(other)) (void)disk.remove(other);
      (void)disk.rename(path, other);
      return;
    }
  }
  disk.set_content(path, content);
}

/// Frames, and the segment's header, follow from what is before; they are cut off behind the last. Footers go, as they may.
class Forgery {
 public:
  explicit Forgery(bool begins_anew) : is_first_(!begins_anew) { next_.previous_end = journal::PreviousEnd::none; }

  void take(std::uint64_t ordinal, Content& content) {
    auto header = journal::decode_segment_header(content);
    if (!header) return;
    if (!std::exchange(is_first_, false)) {
      header->base_sequence = next_.base_sequence;
      header->previous_ordinal = next_.previous_ordinal;
      header->previous_end_offset = next_.previous_end_offset;
      header->previous_end = next_.previous_end;
      header->previous_hash = next_.previous_hash;
    }
    header->ordinal = ordinal;
    journal::SegmentHeaderBytes bytes;
    encode(*header, bytes);
    std::ranges::copy(bytes, content.begin());
    next_ = *header;
    std::size_t at = journal::kSegmentHeaderBytes;
    while (const auto size = chain(header->salt, at, content)) at += size;
    content.resize(at);
    next_.previous_ordinal = ordinal;
    next_.previous_end_offset = at;
    next_.previous_end = journal::PreviousEnd::complete;
  }

 private:
  /// The size of the frame at `at`; 0: there is none.
  std::size_t chain(std::uint64_t salt, std::size_t at, Content& content) {
    const auto rest = std::span(content).subspan(at);
    auto frame = journal::decode_frame_header(rest);
    if (!frame || frame->total_bytes() > rest.size()) return 0;
    frame->salt = salt;
    frame->offset = at;
    frame->first_sequence = next_.base_sequence;
    frame->previous_hash = next_.previous_hash;
    encode(*frame, rest.first<journal::kFrameHeaderBytes>());
    next_.base_sequence += frame->record_count;
    next_.previous_hash = sha_(rest.first(frame->total_bytes()));
    return frame->total_bytes();
  }

  bool is_first_;
  journal::SegmentHeader next_;  // what the next one says of what is before it
  journal::Sha256 sha_;
};

void mend(CrashFileSystem& disk, const Choice& choice) {
  for (const std::string directory : {kEvents, kAudit}) {
    Forgery forgery(directory == kAudit ? choice.audit_begins_anew : choice.events_begin_anew);
    for (const auto& name : *disk.list(directory)) {
      if (!is_segment(name)) continue;
      const std::string path = directory + "/" + name;
      Content content = disk.content(path);
      fuzz::mend_checksums(content);
      if (choice.mends_chain) forgery.take(*journal::parse_name(name, ".segment"), content);
      disk.set_content(path, content);
    }
  }
}

// ---- the promises ----

std::string said(const std::optional<Claims>& claims) { return claims ? to_json(*claims) : "-"; }

std::string said(const journal::ChainSummary& s) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {}\n", s.journal, s.segments, s.frames, s.records, s.bytes, s.before.sequence, s.end.sequence, s.first_ms,
                     s.last_ms, s.last_ordinal, s.last_offset, s.torn_bytes);
}

std::string said(const Finding& f) {
  return fmt::format("{} {} {} {} {}-{} {}-{} {} {}\n", f.journal, f.kind, f.segment, f.offset, f.first_sequence, f.last_sequence, f.before_ms, f.after_ms, f.what,
                     said(f.good_until));
}

/// All of it, to be compared and shown.
std::string said(const Result<Report>& report) {
  if (!report) return describe(report.error());
  std::string out = said(report->events) + said(report->audit);
  out += fmt::format("{} {} {} {} {}\n", report->signed_checkpoints, report->unsigned_checkpoints, report->anchors, report->more_findings, said(report->last_checkpoint));
  for (const auto& finding : report->findings) out += said(finding);
  return out;
}

class Check {
 public:
  Check(const Original& original, CrashFileSystem& disk, const Choice& choice) : original_(original), disk_(disk), choice_(choice), now_(files_in(disk)) {
    if (choice.has_anchors)
      for (auto& line : lines_of(text_of(disk.content(kAnchors))))
        if (!line.empty()) anchors_.push_back(std::move(line));
  }

  void run() {
    const Request request{"/data", choice_.has_keys ? &original_.keys : nullptr, anchors_};
    const auto report = verify(disk_, request);
    require(files_in(disk_) == now_, "verification writes nothing");
    said_ = said(report);
    if (choice_.is_repeated) require(said(verify(disk_, request)) == said_, "verification says the same again");
    if (!report) return check_error(report.error());
    check_numbers(*report);
    check_believed(*report);
    is_untouched_ = is_same("/data");
    if (report->findings.empty())
      check_unharmed();
    else
      promise(!has_only_ends(), "a directory that is as it was written, or ends half written, has no finding");
    for (const char* path : {kLines, kCsv}) check_lines(path, report->findings.empty());
  }

 private:
  /// With what was said.
  void promise(bool holds, std::string_view what) const {
    if (!holds) std::fprintf(stderr, "%s", said_.c_str());
    require(holds, what);
  }

  bool is_same(std::string_view below) const {
    const auto counts = [&](const auto& file) { return file.first.starts_with(below); };
    return std::ranges::equal(now_ | std::views::filter(counts), original_.files | std::views::filter(counts));
  }

  /// The newest segments have something behind their end, or nothing was changed. Where checksums were mended that may be anything.
  bool has_only_ends() const {
    if (choice_.mends_checksums || !is_same(kAnchors) || now_.size() != original_.files.size()) return false;
    return std::ranges::all_of(original_.files, [&](const auto& was) {
      const auto now = now_.find(was.first);
      if (now == now_.end()) return false;
      const auto behind = std::next(now);
      const bool is_newest = is_segment(was.first) && (behind == now_.end() || !is_segment(behind->first));
      return is_newest ? now->second.starts_with(was.second) : now->second == was.second;
    });
  }

  void check_error(const Error& error) const {
    promise(error.kind == ErrorKind::not_found, "what is wrong with a journal is a finding, not an error");
    const auto has_journal = [&](std::string_view directory) {
      return std::ranges::any_of(now_, [&](const auto& file) {
        const auto header = file.first.starts_with(directory) && is_segment(file.first) ? journal::decode_segment_header(journal::as_bytes(file.second)) : std::nullopt;
        return header && file.first.ends_with(journal::segment_name(header->ordinal));
      });
    };
    promise(!has_journal(kEvents) || !has_journal(kAudit), "a journal that is there is found");
  }

  void check_numbers(const Report& report) const {
    promise(report.findings.size() <= kMaxFindings && (report.more_findings == 0 || report.findings.size() == kMaxFindings), "findings are kept up to their bound");
    static const std::set<std::string_view> journals{"events", "audit", "anchor"}, kinds{"altered", "removed", "reordered", "truncated", "checkpoint"};
    for (const auto& finding : report.findings) {
      promise(journals.contains(finding.journal) && kinds.contains(finding.kind) && !finding.what.empty(), "a finding says what it is about");
      promise(finding.first_sequence <= finding.last_sequence || finding.last_sequence == 0, "records are counted upwards");
      promise(choice_.mends_checksums || finding.before_ms <= finding.after_ms || finding.after_ms == 0, "times go on");
      if (finding.segment == 0) continue;
      const auto path = segment(finding.journal == "audit" ? kAudit : kEvents, finding.segment);
      promise(now_.contains(path) && finding.offset <= now_.at(path).size(), "a finding is at a place that there is");
    }
  }

  /// Nobody else has the key, so with it nothing is believed but what the daemon wrote.
  void check_believed(const Report& report) const {
    std::size_t refused = 0;
    for (const auto& finding : report.findings) refused += finding.journal == "anchor" ? 1 : 0;
    promise(report.anchors + refused == anchors_.size() || report.more_findings != 0, "each anchor is read or refused");
    if (!choice_.has_keys || !std::ranges::all_of(anchors_, [&](const auto& line) { return original_.genuine.contains(line); })) return;
    promise(is_genuine(report.last_checkpoint), "the last checkpoint is one that was written");
    for (const auto& finding : report.findings) promise(is_genuine(finding.good_until), "what a finding is behind is a checkpoint that was written");
  }

  bool is_genuine(const std::optional<Claims>& claims) const {
    const auto is_it = [&](const auto& one) { return (one.second.is_signed || !anchors_.empty()) && to_json(one.second.claims) == to_json(*claims); };
    return !claims || std::ranges::any_of(original_.genuine, is_it);
  }

  /// Nothing was found: what genuine checkpoints name is as it was written.
  void check_unharmed() {
    std::vector<std::string> checkpoints;
    const auto audit = frames_of(disk_, kAudit, &checkpoints), events = frames_of(disk_, kEvents);
    for (const auto& text : checkpoints) {
      // Without keys, and without a checksum that tells, anybody can write one.
      const bool tells = (choice_.has_keys && !text.starts_with('{')) || !choice_.mends_checksums;
      promise(!tells || original_.genuine.contains(text), "a checkpoint that is believed is one that was written");
      learn(text);
    }
    if (choice_.has_keys) promise(known_[kAudit] != 0, "with keys something was signed");
    for (const auto& text : anchors_) learn(text);
    check_frames(kEvents, events);
    check_frames(kAudit, audit);
    check_records(kEvents);
    check_records(kAudit);
  }

  void learn(const std::string& text) {
    const auto found = original_.genuine.find(text);
    if (found == original_.genuine.end()) return;
    known_[kEvents] = std::max(known_[kEvents], found->second.claims.events.head.sequence);
    known_[kAudit] = std::max(known_[kAudit], found->second.claims.audit.head.sequence);
  }

  void check_frames(const std::string& directory, const std::vector<Frame>& now) {
    const auto& was = original_.frames.at(directory);
    const auto up_to = [&](std::uint64_t last) { return std::ranges::partition_point(was, [&](const Frame& frame) { return frame.last <= last; }); };
    const auto end = up_to(known_[directory]);
    auto begin = was.begin();
    // Without keys anybody can write that retention removed something.
    if (!choice_.has_keys && choice_.mends_checksums) begin = now.empty() ? end : std::min(end, up_to(now.front().first - 1));
    promise(now.size() >= static_cast<std::size_t>(end - begin) && std::equal(begin, end, now.begin()),
            "where nothing is found, every frame that a checkpoint names is there and as it was written");
  }

  void check_records(const std::string& directory) {
    const auto now = read_all(disk_, directory);
    const auto& was = original_.records.at(directory);
    for (const auto& [sequence, record] : now) {
      if (sequence > known_[directory]) return;
      const auto found = was.find(sequence);
      promise(found != was.end() && found->second == record, "where nothing is found, a reader reads what was written");
    }
    promise(now.empty() || now.rbegin()->first >= known_[directory], "and all of it");
  }

  // ---- exports ----

  void check_lines(const std::string& path, bool is_sound) {
    const bool is_same_export = is_same(path);
    if (is_same_export && !is_sound) return;
    const auto lines = lines_of(text_of(disk_.content(path)));
    std::string last;
    for (const auto& line : lines)
      if (!line.empty()) last = line;
    std::size_t at = 0;
    const auto count = check_export(disk_, "/data", last, [&]() -> std::optional<std::string> { return at < lines.size() ? std::optional(lines[at++]) : std::nullopt; });
    require(files_in(disk_) == now_, "a comparison writes nothing");
    if (!count) {
      promise(!is_untouched_ || !is_same_export, "what was exported is what is there");
      promise(count.error().kind == ErrorKind::damaged || count.error().kind == ErrorKind::not_found, "a difference is damage");
      return promise(!is_sound || count.error().code == "export", "what verification finds nothing about can be exported");
    }
    if (is_sound) check_taken(lines, *count);
  }

  /// The number of a record that a line is about, and of which journal.
  static std::pair<std::string, std::uint64_t> subject(const std::string& line) {
    char name[8] = {};
    unsigned long long sequence = 0;
    if (std::sscanf(line.c_str(), R"({"journal":"%7[a-z]","sequence":%llu)", name, &sequence) != 2) (void)std::sscanf(line.c_str(), "%7[a-z],%llu", name, &sequence);
    return {name == std::string_view("audit") ? kAudit : kEvents, sequence};
  }

  /// Lines that were taken are those that were exported, without a gap.
  void check_taken(const std::vector<std::string>& lines, std::uint64_t count) {
    const std::size_t head = lines.front().starts_with('{') ? 0 : 1;
    promise(lines.size() == count + head + 1, "each line is counted");
    std::pair<std::string, std::uint64_t> before{kAudit, 0};
    for (std::size_t i = head; i + 1 < lines.size(); ++i) {
      const auto now = subject(lines[i]);
      promise(now.first == before.first ? before.second == 0 || now.second == before.second + 1 : now.first == kEvents, "acts, then events, none missing in between");
      promise(original_.lines.contains(lines[i]) || (!is_untouched_ && now.second > known_[now.first]), "a line that is taken is one that was exported");
      before = now;
    }
  }

  const Original& original_;
  CrashFileSystem& disk_;
  const Choice& choice_;
  const Files now_;
  std::vector<std::string> anchors_;
  bool is_untouched_ = false;
  std::string said_;
  std::map<std::string, std::uint64_t> known_;  // by directory: up to here a genuine checkpoint, or anchor, knows it
};

void check(const std::uint8_t* data, std::size_t size) {
  static const Original whole(false), removed(true);
  FuzzedDataProvider input(data, size);
  const Choice choice(input.ConsumeIntegral<std::uint16_t>());
  const Original& original = choice.has_removed ? removed : whole;
  const auto disk = original.disk->copy();
  if (choice.is_lines) {
    const auto text = input.ConsumeRemainingBytesAsString();
    std::string_view rest = text;
    disk->set_content(kAnchors, content_of(fuzz::take_part(rest)));
    if (!rest.empty()) disk->set_content(kLines, content_of(rest));
  }
  for (std::size_t n = 0; n < kMaxEdits && input.remaining_bytes() > 0; ++n) edit(*disk, original, choice, input);
  if (choice.mends_checksums) mend(*disk, choice);
  Check(original, *disk, choice).run();
}

}  // namespace
}  // namespace user_events::audit

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  user_events::audit::check(data, size);
  return 0;
}
