#include "journal/recovery.h"

#include <algorithm>
#include <functional>
#include <map>

#include "base/try.h"
#include "journal/bytes.h"

namespace user_events::journal {
namespace {

using OnFrame = std::function<Result<void>(const FrameScanner::Item&, const Hash&)>;

Result<std::unique_ptr<ports::File>> open_segment_file(const Storage& storage, std::uint64_t ordinal,
                                                       ports::OpenMode mode) {
  return storage.files.open(storage.path(segment_name(ordinal)), mode);
}

/// Calls `on_frame` for each good frame up to `end`; returns where it stopped and why.
struct Walked {
  std::uint64_t offset = 0;
  std::string why;
};
Result<Walked> walk(const ports::File& file, const Segment& segment, std::uint64_t end,
                    const OnFrame& on_frame) {
  FrameScanner scanner(file, segment.info.salt, kSegmentHeaderBytes, end);
  scanner.expect_chain(segment.info.base_sequence, segment.start_hash);
  for (;;) {
    UE_TRY_ASSIGN(const auto item, scanner.next());
    if (!item) return Walked{scanner.offset(), std::string(scanner.why())};
    UE_TRY(on_frame(*item, scanner.hash()));
  }
}

/// The same, and anything but a walk to exactly the segment's end is damage.
Result<void> walk_complete(const Storage& storage, const Segment& segment, const OnFrame& on_frame) {
  UE_TRY_ASSIGN(const auto file, open_segment_file(storage, segment.info.ordinal, ports::OpenMode::read));
  UE_TRY_ASSIGN(const Walked walked, walk(*file, segment, segment.info.end_offset, on_frame));
  if (walked.offset != segment.info.end_offset)
    return damage(segment.info.ordinal, walked.offset, walked.why);
  return {};
}

Result<void> for_each_id(const FrameScanner::Item& item, std::uint64_t ordinal, const IdHasher& hasher,
                         const std::function<void(const IdEntry&)>& on_id) {
  if (item.header.caller_ids == 0) return {};
  std::vector<RecordView> records;
  if (!decode_records(item.header, item.body(), records))
    return damage(ordinal, item.header.offset, "a frame's records are not what its header says");
  for (const RecordView& record : records) {
    if (!record.id_from_caller) continue;
    const IdHashes hashes = hasher(record.scope, record.id);
    on_id({hashes.id_hash, hashes.scoped_hash, record.request_mac, record.sequence});
  }
  return {};
}

std::unexpected<Error> no_journal(const Storage& storage) {
  return fail(ErrorKind::not_found, "no-journal", "no journal in " + storage.directory,
              "name the data_dir of the daemon's configuration");
}

bool stands_where_it_says(const FrameHeader& header, std::uint64_t offset) { return header.offset == offset; }

class Recovery {
 public:
  Recovery(const Storage& storage, const Identity& identity, const IdHasher& hasher)
      : storage_(storage), identity_(identity), hasher_(hasher) {}

  Result<Recovered> run(const ports::Clock& clock, ports::Random& random) {
    // Names that a process before us created may not be durable yet.
    UE_TRY(storage_.sync_directory());
    UE_TRY(read_headers());
    UE_TRY(drop_unused());
    UE_TRY(follow_chain());
    UE_TRY(remove_leftovers());
    if (chain_.empty()) {
      SegmentHeader first;
      first.journal = identity_.journal;
      first.epoch = identity_.epoch;
      UE_TRY(start_segment(first, clock, random));
      return std::move(out_);
    }
    UE_TRY(check_chain());
    UE_TRY(recover_active(chain_.back()));
    if (identity_.new_epoch)
      UE_TRY(start_segment(
          next_header(out_.segments.back(), PreviousEnd::complete, identity_.journal, identity_.epoch), clock,
          random));
    return std::move(out_);
  }

  Result<Recovered> run_read_only() {
    UE_TRY(read_headers());
    UE_TRY(drop_unused());
    UE_TRY(follow_chain());
    if (chain_.empty()) return no_journal(storage_);
    UE_TRY(check_chain());
    const SegmentHeader& header = chain_.back();
    UE_TRY_ASSIGN(const auto file, open_segment_file(storage_, header.ordinal, ports::OpenMode::read));
    UE_TRY(walk_active(*file, header));
    out_.epoch = header.epoch;
    return std::move(out_);
  }

 private:
  Result<void> read_headers() {
    UE_TRY_ASSIGN(const auto names, storage_.files.list(storage_.directory));
    for (const std::string& name : names) {
      if (name.ends_with(".tmp")) leftovers_.push_back(name);
      if (const auto ordinal = parse_name(name, ".ids")) indexes_.push_back(*ordinal);
      const auto ordinal = parse_name(name, ".segment");
      if (!ordinal) continue;
      UE_TRY_ASSIGN(const auto file, open_segment_file(storage_, *ordinal, ports::OpenMode::read));
      SegmentHeaderBytes bytes;
      UE_TRY_ASSIGN(const std::size_t got, file->read_at(0, bytes));
      auto header = decode_segment_header(std::span(bytes).first(got));
      if (header && header->journal != identity_.journal)
        return damage(*ordinal, 0, "it belongs to another journal");
      if (header && header->ordinal != *ordinal)
        return damage(*ordinal, 0, "its header is another segment's");
      headers_.emplace(*ordinal, header);
      out_.last_ordinal = *ordinal;
    }
    return {};
  }

  /// A segment whose header did not become durable holds nothing that was acknowledged.
  Result<void> drop_unused() {
    while (!headers_.empty() && !headers_.rbegin()->second) {
      const std::uint64_t ordinal = headers_.rbegin()->first;
      UE_TRY_ASSIGN(const auto file, open_segment_file(storage_, ordinal, ports::OpenMode::read));
      UE_TRY_ASSIGN(const auto frame, find_frame_after(*file, kSegmentHeaderBytes, stands_where_it_says));
      if (frame)
        return damage(ordinal, 0,
                      "its header is not readable, but a frame follows at offset " + std::to_string(*frame));
      leftovers_.push_back(segment_name(ordinal));
      headers_.erase(ordinal);
    }
    return {};
  }

  /// From the newest back. What a header passes over is void: it was given up before anything in it was
  /// acknowledged.
  Result<void> follow_chain() {
    while (!headers_.empty()) {
      const auto [ordinal, header] = *headers_.rbegin();
      if (!header) return damage(ordinal, 0, "its header is not readable");
      chain_.push_back(*header);
      headers_.erase(ordinal);
      while (!headers_.empty() && headers_.rbegin()->first > header->previous_ordinal) {
        leftovers_.push_back(segment_name(headers_.rbegin()->first));
        headers_.erase(headers_.rbegin()->first);
      }
      if (!headers_.empty() && headers_.rbegin()->first != header->previous_ordinal)
        return damage(header->previous_ordinal, 0, "the segment is missing, but there are older ones");
    }
    std::ranges::reverse(chain_);
    return {};
  }

  Result<void> remove_leftovers() {
    for (const std::uint64_t ordinal : indexes_)
      if (std::ranges::find(chain_, ordinal, &SegmentHeader::ordinal) == chain_.end())
        leftovers_.push_back(index_name(ordinal));
    for (const std::string& name : leftovers_) UE_TRY(storage_.files.remove(storage_.path(name)));
    return leftovers_.empty() ? Result<void>{} : storage_.sync_directory();
  }

  Result<void> check_chain() {
    for (std::size_t i = 0; i + 1 < chain_.size(); ++i) UE_TRY(check_complete(chain_[i], chain_[i + 1]));
    return {};
  }

  Result<void> check_complete(const SegmentHeader& header, const SegmentHeader& next) {
    UE_TRY_ASSIGN(const auto file, open_segment_file(storage_, header.ordinal, ports::OpenMode::read));
    UE_TRY_ASSIGN(auto footer, read_footer(*file, header));
    Segment segment = begin_segment(header);
    if (footer) {
      segment = *std::move(footer);
    } else {
      // The next header is durable, the footer need not be. The next header says where the frames end.
      UE_TRY_ASSIGN(const Walked walked, walk(*file, segment, next.previous_end_offset,
                                              [&](const FrameScanner::Item& item, const Hash& hash) {
                                                segment.add(item.header, hash);
                                                return Result<void>{};
                                              }));
      if (walked.offset != next.previous_end_offset) return damage(header.ordinal, walked.offset, walked.why);
      segment.file_bytes = segment.info.end_offset;
      if (next.previous_end == PreviousEnd::complete) UE_TRY(check_nothing_follows(*file, segment));
    }
    if (segment.info.end_offset != next.previous_end_offset || segment.info.last_hash != next.previous_hash ||
        segment.info.last_sequence + 1 != next.base_sequence)
      return damage(header.ordinal, segment.info.end_offset,
                    "it does not end where the next segment says it does");
    out_.segments.push_back(std::move(segment));
    return {};
  }

  /// A segment is complete because its next frame went elsewhere. One that stands here all the same may have
  /// been acknowledged, and the next segment does not know it.
  Result<void> check_nothing_follows(const ports::File& file, const Segment& segment) {
    UE_TRY_ASSIGN(const std::uint64_t size, file.size());
    if (size <= segment.info.end_offset) return {};
    FrameScanner scanner(file, segment.info.salt, segment.info.end_offset, size);
    scanner.expect_chain(segment.info.last_sequence + 1, segment.info.last_hash);
    UE_TRY_ASSIGN(const auto frame, scanner.next());
    if (!frame) return {};
    return damage(segment.info.ordinal, segment.info.end_offset,
                  "a frame follows where the next segment says that this one ends");
  }

  /// What walking the active segment shows: its size, where its last good frame begins and ends.
  struct Active {
    std::uint64_t file_bytes = 0, last_frame = 0, end = 0;
  };

  /// Adds the active segment to the result. Error `damaged` when a good frame follows a bad one.
  Result<Active> walk_active(const ports::File& file, const SegmentHeader& header) {
    Active active;
    UE_TRY_ASSIGN(active.file_bytes, file.size());
    UE_TRY_ASSIGN(const auto footer, read_footer(file, header));
    if (footer) return damage(header.ordinal, footer->info.end_offset, "the segment after it is missing");
    Segment segment = begin_segment(header);
    const auto take = [&](const FrameScanner::Item& item, const Hash& hash) -> Result<void> {
      active.last_frame = item.header.offset;
      segment.add(item.header, hash);
      return for_each_id(item, header.ordinal, hasher_, [&](const IdEntry& id) { out_.ids.insert(id); });
    };
    UE_TRY_ASSIGN(const Walked walked, walk(file, segment, active.file_bytes, take));
    active.end = walked.offset;
    if (active.end < active.file_bytes) {
      // Payloads may hold any bytes, but nobody outside knows the salt.
      const auto later_frame = [&](const FrameHeader& frame, std::uint64_t) {
        return frame.salt == header.salt && frame.first_sequence > segment.info.last_sequence;
      };
      UE_TRY_ASSIGN(const auto later, find_frame_after(file, active.end + kFrameAlignment, later_frame));
      if (later)
        return damage(header.ordinal, active.end,
                      walked.why + ", but another frame follows at offset " + std::to_string(*later));
    }
    segment.file_bytes = active.end;
    out_.segments.push_back(std::move(segment));
    return active;
  }

  Result<void> recover_active(const SegmentHeader& header) {
    UE_TRY_ASSIGN(auto file, open_segment_file(storage_, header.ordinal, ports::OpenMode::read_write));
    UE_TRY_ASSIGN(const Active active, walk_active(*file, header));
    if (active.end < active.file_bytes) {
      UE_TRY_ASSIGN(const std::uint64_t torn_end, end_of_content(*file, active.end));
      if (torn_end > active.end) out_.torn_tail = {header.ordinal, active.end, torn_end - active.end};
      UE_TRY(file->truncate(active.end));
    }
    UE_TRY(make_durable(*file, header, active.last_frame, active.end));
    out_.active = {std::move(file), active.end, active.end};
    return {};
  }

  /// The header and the last frame may be in memory only, even as clean pages after a sync that failed:
  /// written again, they are on the disk before anybody builds on them. Earlier frames were synced before the
  /// last was written.
  Result<void> make_durable(ports::File& file, const SegmentHeader& header, std::uint64_t last_frame,
                            std::uint64_t end) {
    SegmentHeaderBytes bytes;
    encode(header, bytes);
    UE_TRY(file.write_at(0, bytes));
    if (last_frame != 0) {
      std::vector<std::byte> frame(end - last_frame);
      UE_TRY_ASSIGN(const std::size_t got, file.read_at(last_frame, frame));
      UE_TRY(file.write_at(last_frame, std::span(frame).first(got)));
    }
    return file.sync_data();
  }

  Result<void> start_segment(SegmentHeader header, const ports::Clock& clock, ports::Random& random) {
    header.ordinal = ++out_.last_ordinal;
    header.created_ms = clock.wall().time_since_epoch().count();
    header.salt = random.next_u64();
    UE_TRY_ASSIGN(out_.active.file, create_segment(storage_, header));
    out_.active.allocated_bytes = out_.active.zeroed_bytes = kSegmentHeaderBytes;
    out_.ids = IdTable();
    out_.segments.push_back(begin_segment(header));
    return {};
  }

  const Storage& storage_;
  const Identity& identity_;
  const IdHasher& hasher_;
  std::map<std::uint64_t, std::optional<SegmentHeader>> headers_;
  std::vector<SegmentHeader> chain_;
  std::vector<std::uint64_t> indexes_;
  std::vector<std::string> leftovers_;
  Recovered out_;
};

}  // namespace

Result<void> require_segments(const Storage& storage) {
  const auto found = has_segments(storage);
  if (found ? !*found : found.error().kind == ErrorKind::not_found) return no_journal(storage);
  return found ? Result<void>{} : std::unexpected(found.error());
}

Result<bool> has_segments(const Storage& storage) {
  UE_TRY_ASSIGN(const auto names, storage.files.list(storage.directory));
  return std::ranges::any_of(
      names, [](const std::string& name) { return parse_name(name, ".segment").has_value(); });
}

Result<Recovered> recover(const Storage& storage, const Identity& identity, const ports::Clock& clock,
                          ports::Random& random, const IdHasher& hasher) {
  return Recovery(storage, identity, hasher).run(clock, random);
}

Result<Recovered> recover_read_only(const Storage& storage, const Identity& identity,
                                    const IdHasher& hasher) {
  return Recovery(storage, identity, hasher).run_read_only();
}

Result<IdEntries> read_ids(const Storage& storage, const Segment& segment, const IdHasher& hasher) {
  IdEntries ids;
  UE_TRY(walk_complete(storage, segment, [&](const FrameScanner::Item& item, const Hash&) {
    return for_each_id(item, segment.info.ordinal, hasher, [&](const IdEntry& id) { ids.push_back(id); });
  }));
  return ids;
}

Result<void> scrub(const Storage& storage, const Segment& segment) {
  Hash last = segment.start_hash;
  UE_TRY(walk_complete(storage, segment, [&](const FrameScanner::Item&, const Hash& hash) {
    last = hash;
    return Result<void>{};
  }));
  if (last != segment.info.last_hash)
    return damage(segment.info.ordinal, segment.info.end_offset,
                  "its last frame's hash is not the one recorded");
  return {};
}

}  // namespace user_events::journal
