#include "journal/chain_walk.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

#include "base/try.h"
#include "journal/identity.h"
#include "journal/segment.h"

namespace user_events::journal {
namespace {

/// What the next frame should follow. Unknown behind damage, until a good frame says it anew.
struct Expected {
  std::optional<std::uint64_t> sequence;
  std::optional<Hash> hash;
};

class ChainWalk {
 public:
  ChainWalk(const Storage& storage, const ChainObserver& observer) : storage_(storage), observer_(observer) {}

  Result<ChainSummary> run() {
    UE_TRY(read_headers());
    choose_chain();
    if (chain_.empty()) return fail(ErrorKind::not_found, "no-journal", "no journal in " + storage_.directory, "name the data_dir of the daemon's configuration");
    const SegmentHeader& first = chain_.front();
    out_.journal = journal_text(first.journal);
    out_.before = {first.base_sequence - 1, first.previous_hash};
    out_.end = out_.before;
    for (std::size_t i = 0; i < chain_.size() && !is_enough_; ++i) UE_TRY(walk_segment(chain_[i], i + 1 < chain_.size() ? &chain_[i + 1] : nullptr));
    return std::move(out_);
  }

 private:
  struct Place {
    std::uint64_t ordinal = 0, offset = 0;
  };

  void report(DefectKind kind, Place place, std::uint64_t first, std::uint64_t last, std::string what) {
    if (last != 0 && last < first) first = last = 0;  // no record, as of an empty segment, or numbers that cannot be
    ChainDefect defect{kind, place.ordinal, place.offset, first, last, out_.last_ms, 0, std::move(what)};
    flush();
    held_ = std::move(defect);
  }
  /// A defect is told with the time of the next good record, once that is known.
  void flush() {
    if (held_) observer_.on_defect(*std::move(held_));
    held_.reset();
  }

  Result<void> read_headers() {
    UE_TRY_ASSIGN(const auto names, storage_.files.list(storage_.directory));
    for (const std::string& name : names) {
      const auto ordinal = parse_name(name, ".segment");
      if (!ordinal) continue;
      UE_TRY_ASSIGN(const auto file, storage_.files.open(storage_.path(name), ports::OpenMode::read));
      SegmentHeaderBytes bytes;
      UE_TRY_ASSIGN(const std::size_t got, file->read_at(0, bytes));
      headers_.emplace(*ordinal, decode_segment_header(std::span(bytes).first(got)));
    }
    return {};
  }

  /// From the newest back, as the start does: what a header passes over was given up before anything in it was acknowledged.
  void choose_chain() {
    std::optional<std::uint64_t> wanted;  // the ordinal that the segment behind names
    for (auto at = headers_.rbegin(); at != headers_.rend(); ++at) {
      const auto& [ordinal, header] = *at;
      if (wanted && ordinal > *wanted) continue;
      if (!header || header->ordinal != ordinal || (!chain_.empty() && header->journal != chain_.back().journal)) {
        // The newest may have died before it held anything; an older one is needed.
        if (wanted) report(DefectKind::altered, {ordinal, 0}, 0, 0, "the segment's header is not one of this journal");
        continue;
      }
      if (wanted && ordinal < *wanted) gaps_.emplace(*wanted);
      chain_.push_back(*header);
      wanted = header->previous_ordinal;
    }
    std::ranges::reverse(chain_);
    flush();
  }

  Result<void> walk_segment(const SegmentHeader& header, const SegmentHeader* next) {
    UE_TRY_ASSIGN(const auto file, storage_.files.open(storage_.path(segment_name(header.ordinal)), ports::OpenMode::read));
    UE_TRY_ASSIGN(const std::uint64_t size, file->size());
    UE_TRY_ASSIGN(const auto footer, read_footer(*file, header));
    ++out_.segments;
    join(header);
    expected_ = {header.base_sequence, header.previous_hash};
    const std::uint64_t stated = next != nullptr ? next->previous_end_offset : footer ? footer->info.end_offset : size;
    UE_TRY_ASSIGN(const std::uint64_t offset, walk_frames(*file, header, std::min(stated, size), next != nullptr || footer.has_value()));
    if (is_enough_) return {};
    if (next == nullptr && footer)
      report(DefectKind::truncated, {header.ordinal, offset}, out_.end.sequence + 1, 0, "this segment was complete, and the one behind it is missing");
    else if (next != nullptr && size < stated)
      report(DefectKind::truncated, {header.ordinal, size}, out_.end.sequence + 1, next->base_sequence - 1, "the segment's file is shorter than the next one says");
    if (next == nullptr) flush();
    return {};
  }

  /// Whether the segment begins where the one before ended.
  void join(const SegmentHeader& header) {
    if (out_.segments == 1) return;
    if (gaps_.contains(header.previous_ordinal))
      report(DefectKind::removed, {header.ordinal, 0}, out_.end.sequence + 1, header.base_sequence - 1,
             "the segment " + segment_name(header.previous_ordinal) + " is missing");
    else if (header.base_sequence != out_.end.sequence + 1 && !has_reported_end_)
      report(DefectKind::removed, {header.ordinal, 0}, out_.end.sequence + 1, header.base_sequence - 1, "the segment begins behind records that are missing");
    else if (header.previous_hash != out_.end.hash && !has_reported_end_)
      report(DefectKind::altered, {header.ordinal, 0}, 0, out_.end.sequence, "the segment was begun behind another frame than the one that stands before it now");
    has_reported_end_ = false;
  }

  Result<std::uint64_t> walk_frames(const ports::File& file, const SegmentHeader& header, std::uint64_t end, bool complete) {
    std::uint64_t offset = kSegmentHeaderBytes;
    while (offset < end) {
      FrameScanner scanner(file, header.salt, offset, end);
      for (;;) {
        UE_TRY_ASSIGN(const auto item, scanner.next());
        if (!item) break;
        take(*item, header.ordinal);
        offset = scanner.offset();
        if (is_enough_) return offset;
      }
      if (offset >= end) break;
      UE_TRY_ASSIGN(const auto further, go_on(file, header, offset, end, scanner.why(), complete));
      if (!further) break;
      offset = *further;
    }
    return offset;
  }

  void take(const FrameScanner::Item& item, std::uint64_t ordinal) {
    const FrameHeader& header = item.header;
    const Place place{ordinal, header.offset};
    if (expected_.sequence && header.first_sequence > *expected_.sequence)
      report(DefectKind::removed, place, *expected_.sequence, header.first_sequence - 1, "records are missing before this frame");
    else if (expected_.sequence && header.first_sequence < *expected_.sequence)
      report(DefectKind::reordered, place, header.first_sequence, header.last_sequence(), "a frame with earlier numbers stands here");
    else if (expected_.hash && header.previous_hash != *expected_.hash)
      report(DefectKind::altered, place, 0, header.first_sequence - 1, "this frame was written behind another one than stands before it now");
    if (held_ && held_->after_ms == 0) held_->after_ms = header.accepted_first_ms;
    flush();
    if (out_.frames++ == 0) out_.first_ms = header.accepted_first_ms;
    out_.records += header.record_count;
    out_.bytes += header.total_bytes();
    out_.last_ms = header.accepted_last_ms;
    out_.end = {header.last_sequence(), sha_(item.bytes)};
    out_.last_ordinal = ordinal;
    out_.last_offset = header.offset + header.total_bytes();
    expected_ = {out_.end.sequence + 1, out_.end.hash};
    has_reported_end_ = false;
    is_enough_ = !observer_.on_frame({header, item.body(), out_.end.hash, ordinal, out_.journal});
  }

  /// Names what is wrong at `offset` and says where to go on; nothing: nowhere.
  Result<std::optional<std::uint64_t>> go_on(const ports::File& file, const SegmentHeader& header, std::uint64_t offset, std::uint64_t end, std::string_view why,
                                             bool complete) {
    const auto matches = [&](const FrameHeader& frame, std::uint64_t at) { return frame.salt == header.salt && frame.offset == at && at < end; };
    UE_TRY_ASSIGN(const auto next, find_frame_after(file, offset + kFrameAlignment, matches));
    std::array<std::byte, kFrameHeaderBytes> bytes{};
    UE_TRY_ASSIGN(const std::size_t got, file.read_at(offset, bytes));
    const auto here = decode_frame_header(std::span(bytes).first(got));
    if (!next && !complete) return torn(file, offset);
    const std::uint64_t first = expected_.sequence.value_or(0);
    std::uint64_t after = 0;  // the first record of the frame where it goes on
    if (next) {
      UE_TRY_ASSIGN(const std::size_t read, file.read_at(*next, bytes));
      if (const auto frame = decode_frame_header(std::span(bytes).first(read))) after = frame->first_sequence;
    }
    const std::uint64_t last = after > first ? after - 1 : 0;
    if (here && here->salt == header.salt && here->offset != offset)
      report(DefectKind::reordered, {header.ordinal, offset}, here->first_sequence, here->last_sequence(), "the frame of another place stands here");
    else if (here && here->salt != header.salt)
      report(DefectKind::reordered, {header.ordinal, offset}, first, last, "a frame of another segment stands here");
    else if (here)
      report(DefectKind::altered, {header.ordinal, offset}, here->first_sequence, here->last_sequence(), std::string(why));
    else
      report(DefectKind::altered, {header.ordinal, offset}, first, last, std::string(why));
    expected_ = {};
    has_reported_end_ = true;
    return next;
  }

  /// The end of the newest segment: nothing behind it was acknowledged, or nobody can tell that it was.
  Result<std::optional<std::uint64_t>> torn(const ports::File& file, std::uint64_t offset) {
    UE_TRY_ASSIGN(const std::uint64_t content_end, end_of_content(file, offset));
    out_.torn_bytes = content_end - offset;
    return std::nullopt;
  }

  const Storage& storage_;
  const ChainObserver& observer_;
  std::map<std::uint64_t, std::optional<SegmentHeader>> headers_;
  std::vector<SegmentHeader> chain_;                // oldest first
  std::set<std::uint64_t> gaps_;                    // ordinals that are named and not there
  Expected expected_;
  bool has_reported_end_ = false;  // the segment under way ends in a defect that has been named
  bool is_enough_ = false;         // the observer wants no more
  std::optional<ChainDefect> held_;
  Sha256 sha_;
  ChainSummary out_;
};

}  // namespace

std::string_view to_text(DefectKind kind) noexcept {
  switch (kind) {
    case DefectKind::altered: return "altered";
    case DefectKind::removed: return "removed";
    case DefectKind::reordered: return "reordered";
    case DefectKind::truncated: return "truncated";
  }
  return "altered";
}

Result<ChainSummary> walk_chain(ports::FileSystem& files, const std::string& directory, const ChainObserver& observer) {
  const Storage storage{files, directory};
  return ChainWalk(storage, observer).run();
}

}  // namespace user_events::journal
