// Finding records by id and by time.
#include <algorithm>
#include <optional>

#include "base/try.h"
#include "base/uuid.h"
#include "journal/impl.h"

namespace user_events::journal {
namespace {

/// A generated id carries the time it was made. Its record was accepted at most this much later…
constexpr std::int64_t kAcceptedLaterMs = 10'000;
/// …or, when the clock was set back meanwhile, this much earlier.
constexpr std::int64_t kAcceptedEarlierMs = 1'000;

/// Frames between two sparse entries: sequences (after, last].
struct Span {
  std::uint64_t after = 0, last = 0;
  std::int64_t accepted_last_ms = 0;
};

/// The spans of a segment that may hold a record accepted, by the clock of then, within [from_ms, to_ms].
Result<void> append_spans(const View& view, const Storage& storage, const Segment& segment,
                          std::int64_t from_ms, std::int64_t to_ms, std::vector<Span>& spans) {
  if (segment.empty() || segment.info.accepted_last_ms < from_ms || segment.info.wall_lowest_ms > to_ms)
    return {};
  UE_TRY_ASSIGN(const auto file,
                storage.files.open(storage.path(segment_name(segment.info.ordinal)), ports::OpenMode::read));
  UE_TRY_ASSIGN(const auto sparse, sparse_entries(view, *file, segment.info.ordinal));
  for (std::size_t i = 0; i < sparse.size(); ++i) {
    const bool is_last = i + 1 == sparse.size();
    const Span span{sparse[i].first_sequence - 1,
                    is_last ? segment.info.last_sequence : sparse[i + 1].first_sequence - 1,
                    is_last ? segment.info.accepted_last_ms : sparse[i + 1].accepted_first_ms};
    if (span.accepted_last_ms >= from_ms && sparse[i].wall_lowest_ms <= to_ms) spans.push_back(span);
  }
  return {};
}

bool matches(const RecordView& record, std::string_view scope, std::string_view id) {
  return record.id == id && (scope.empty() || record.scope == scope);
}

Result<std::optional<Journal::Found>> find_in(const View& view, const Storage& storage, const Span& span,
                                              std::string_view scope, std::string_view id) {
  Reader::Impl reader(view, storage, span.after);
  while (reader.after() < span.last) {
    UE_TRY_ASSIGN(Chunk chunk, reader.next());
    if (chunk.empty()) break;
    for (std::size_t i = 0; i < chunk.size(); ++i)
      if (matches(chunk[i], scope, id)) return Journal::Found{std::move(chunk), i};
  }
  return std::nullopt;
}

/// What retention removed meanwhile is not found, and no error.
bool gone(const Error& error) { return error.kind == ErrorKind::not_found; }

}  // namespace

Result<std::optional<Journal::Found>> Journal::Impl::find_by_index(std::string_view scope,
                                                                   std::string_view id) const {
  UE_TRY_ASSIGN(auto entries, stage->find_id(hasher->id_hash(id)));
  std::ranges::sort(entries, std::ranges::greater{}, &IdEntry::sequence);
  for (const IdEntry& entry : entries) {
    if (entry.sequence > view->durable()) continue;
    auto found = find_in(*view, storage, {entry.sequence - 1, entry.sequence, 0}, scope, id);
    if (found ? found->has_value() : !gone(found.error())) return found;
  }
  return std::nullopt;
}

Result<std::optional<Journal::Found>> Journal::Impl::find_by_time(std::string_view scope,
                                                                  std::string_view id) const {
  const auto made_ms = base::uuid7_time_ms(id);
  if (!made_ms) return std::nullopt;
  std::vector<Span> spans;
  for (const Segment& segment : view->segments()) {
    auto appended = append_spans(*view, storage, segment, *made_ms - kAcceptedEarlierMs,
                                 *made_ms + kAcceptedLaterMs, spans);
    if (!appended && !gone(appended.error())) return std::unexpected(std::move(appended).error());
  }
  // Nearly always the record is in the first span that reaches the time.
  std::ranges::stable_partition(spans, [&](const Span& span) { return span.accepted_last_ms >= *made_ms; });
  for (const Span& span : spans) {
    auto found = find_in(*view, storage, span, scope, id);
    if (found ? found->has_value() : !gone(found.error())) return found;
  }
  return std::nullopt;
}

Result<Journal::Found> Journal::find(std::string_view scope, std::string_view id) const {
  UE_TRY_ASSIGN(auto indexed, impl_->find_by_index(scope, id));
  if (indexed) return *std::move(indexed);
  UE_TRY_ASSIGN(auto timed, impl_->find_by_time(scope, id));
  if (timed) return *std::move(timed);
  return fail(ErrorKind::not_found, "no-such-event", "the journal holds no event with this id");
}

Result<std::uint64_t> Journal::sequence_at_time(std::int64_t time_ms) const {
  const View& view = *impl_->view;
  const std::vector<Segment> segments = view.segments();
  const auto segment = std::ranges::find_if(
      segments, [&](const Segment& s) { return !s.empty() && s.info.accepted_last_ms >= time_ms; });
  if (segment == segments.end()) return view.durable() + 1;
  UE_TRY_ASSIGN(const auto file,
                impl_->storage.files.open(impl_->storage.path(segment_name(segment->info.ordinal)),
                                          ports::OpenMode::read));
  UE_TRY_ASSIGN(const auto sparse, sparse_entries(view, *file, segment->info.ordinal));
  const auto behind = std::ranges::lower_bound(sparse, time_ms, {}, &SparseEntry::accepted_first_ms);
  Reader::Impl reader(
      view, impl_->storage,
      behind == sparse.begin() ? segment->info.base_sequence - 1 : std::prev(behind)->first_sequence - 1);
  for (;;) {
    UE_TRY_ASSIGN(const Chunk chunk, reader.next());
    if (chunk.empty()) return reader.after() + 1;
    for (std::size_t i = 0; i < chunk.size(); ++i)
      if (chunk[i].accepted_ms >= time_ms) return chunk[i].sequence;
  }
}

}  // namespace user_events::journal
