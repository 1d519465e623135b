// Searching events and acts by the index.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "base/json_reading.h"
#include "base/try.h"
#include "base/units.h"
#include "publisher/engine.h"

namespace user_events {
namespace {

constexpr std::size_t kMaxEntries = 1'000;
constexpr std::string_view kEvents = "events", kActs = "audit";  // the journals
/// An event: its lane, and who handed it in, behind the source in the scope.
audit::Terms terms_of_event(const journal::RecordView& record, std::string&) {
  return {record.key, journal::principal_in(record.scope)};
}

/// An act: the user that it names, and the client, without the name that the client added.
audit::Terms terms_of_act(const journal::RecordView& record, std::string& scratch) {
  scratch.clear();
  simdjson::dom::parser parser;
  simdjson::dom::object asked;
  if (const auto object = base::parse_object(parser, record.payload); object && object->at_key("asked").get_object().get(asked) == simdjson::SUCCESS)
    scratch = base::text_of(asked, "user").value_or("");
  return {scratch, record.scope.starts_with('(') ? record.scope : record.scope.substr(0, record.scope.find(" ("))};
}

std::unexpected<Error> no_index() {
  return fail(ErrorKind::usage, "no-index", "there is no index to search with", "make it: user-events audit index on");
}

/// Entries before these numbers of each journal: `EVENTS.ACTS`.
struct Cursor {
  std::uint64_t events = std::numeric_limits<std::uint64_t>::max(), acts = events;
};

Result<Cursor> parse_cursor(std::string_view text) {
  Cursor out;
  if (text.empty()) return out;
  const auto dot = text.find('.');
  const auto events = base::whole_number(text.substr(0, dot)), acts = dot == std::string_view::npos ? std::nullopt : base::whole_number(text.substr(dot + 1));
  if (!events || !acts) return fail(ErrorKind::invalid, "before", "this is not a place to go on from", "take the `next` of the page before, as it is");
  return Cursor{*events, *acts};
}

/// The sequences of a journal that were accepted within the times.
Result<std::pair<std::uint64_t, std::uint64_t>> range_of(const journal::Journal& journal, const AuditQuery& query, std::uint64_t before) {
  std::pair<std::uint64_t, std::uint64_t> range{1, journal.durable_sequence()};
  range.second = std::min(range.second, before == 0 ? 0 : before - 1);
  if (query.since) {
    UE_TRY_ASSIGN(range.first, journal.sequence_at_time(query.since->time_since_epoch().count()));
  }
  if (query.until) {
    UE_TRY_ASSIGN(const auto behind, journal.sequence_at_time(query.until->time_since_epoch().count()));
    range.second = std::min(range.second, behind - 1);
  }
  return range;
}

std::vector<AuditEntry> to_public(std::string_view journal, std::vector<audit::IndexEntry>&& found) {
  std::vector<AuditEntry> out;
  for (auto& entry : found)
    out.push_back({std::string(journal), entry.sequence, Timestamp(std::chrono::milliseconds(entry.accepted_ms)), std::move(entry.id), std::move(entry.type),
                   std::move(entry.principal), {}});
  return out;
}

std::uint64_t behind(const journal::Journal& journal, const audit::Index& index) {
  const auto end = journal.durable_sequence();
  return end - std::min(index.indexed(), end);
}

}  // namespace

Result<void> UserEventPublisher::Impl::open_indexes() {
  const std::string folder = index_folder();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorKind::io, "audit-index", fmt::format("cannot create {}: {}", folder, error.message()));
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  auto made = std::make_shared<Indexes>();
  UE_TRY_ASSIGN(made->events, audit::Index::open(folder + "/events.db", *journal, terms_of_event));
  UE_TRY_ASSIGN(made->acts, audit::Index::open(folder + "/acts.db", audit->journal(), terms_of_act));
  const std::lock_guard lock(indexes_mutex);
  indexes = std::move(made);
  index_problem.clear();
  return {};
}

std::string UserEventPublisher::Impl::why_not_indexed() const {
  const std::lock_guard lock(indexes_mutex);
  if (!indexes) return index_problem;
  const std::string problem = indexes->events->problem();
  return problem.empty() ? indexes->acts->problem() : problem;
}

std::shared_ptr<UserEventPublisher::Impl::Indexes> UserEventPublisher::Impl::current_indexes() const {
  const std::lock_guard lock(indexes_mutex);
  return indexes;
}

/// Ended outside the lock: their threads may be in the middle of a transaction.
void UserEventPublisher::Impl::end_indexes() {
  std::shared_ptr<Indexes> ended;
  const std::lock_guard lock(indexes_mutex);
  ended.swap(indexes);
  index_problem.clear();
}

Result<void> UserEventPublisher::Impl::remove_indexes() {
  end_indexes();
  std::error_code error;
  std::filesystem::remove_all(index_folder(), error);
  if (error) return fail(ErrorKind::io, "audit-index", fmt::format("cannot remove {}: {}", index_folder(), error.message()));
  return {};
}

Result<void> UserEventPublisher::switch_audit_index(bool on, const std::string& by) {
  if (!impl_->audit) return fail(ErrorKind::usage, "read-only", "the data directory is open for reading only", "ask the daemon that runs on it");
  return audit::recorded(impl_->audit.get(), {"audit.index", by, on ? R"("on":true)" : R"("on":false)"}, [&]() -> Result<void> {
    const std::lock_guard one_at_a_time(impl_->index_switch_mutex);
    if (!on) return impl_->remove_indexes();
    if (impl_->current_indexes()) return {};
    auto opened = impl_->open_indexes();
    // Else the next start would try again.
    if (!opened) (void)impl_->remove_indexes();
    return opened;
  });
}

/// The record of each act, which the index does not hold.
Result<void> UserEventPublisher::Impl::add_records(std::vector<AuditEntry>& entries) const {
  auto reader = audit->journal().reader(0);
  for (auto& entry : entries) {
    if (entry.journal != kActs) continue;
    reader.seek(entry.sequence - 1);
    UE_TRY_ASSIGN(const auto chunk, reader.next());
    if (!chunk.empty() && chunk[0].sequence == entry.sequence) entry.record = chunk[0].payload;
  }
  return {};
}

Result<AuditPage> UserEventPublisher::audit_search(const AuditQuery& query) const {
  const auto indexes = impl_->current_indexes();
  if (!indexes) return no_index();
  if (query.limit == 0 || query.limit > kMaxEntries) return fail(ErrorKind::invalid, "limit", fmt::format("limit must be 1 to {}", kMaxEntries));
  UE_TRY_ASSIGN(Cursor cursor, parse_cursor(query.before));
  const auto& acts_journal = impl_->audit->journal();
  audit::IndexQuery wanted;
  wanted.types = query.types;
  wanted.principal = query.principal;
  wanted.limit = query.limit + 1;
  if (!query.user.empty()) {
    wanted.users = {impl_->former->lane(query.user), impl_->former->token(query.user)};
    if (privacy::subject_of(query.user)) wanted.users.push_back(query.user);
  }
  AuditPage page;
  page.events_behind = behind(*impl_->journal, *indexes->events);
  page.acts_behind = behind(acts_journal, *indexes->acts);
  UE_TRY_ASSIGN(std::tie(wanted.first, wanted.last), range_of(*impl_->journal, query, cursor.events));
  UE_TRY_ASSIGN(auto events, indexes->events->search(wanted));
  UE_TRY_ASSIGN(std::tie(wanted.first, wanted.last), range_of(acts_journal, query, cursor.acts));
  UE_TRY_ASSIGN(auto acts, indexes->acts->search(wanted));
  // Each journal in its own order, whatever its clock did.
  std::ranges::merge(to_public(kEvents, std::move(events)), to_public(kActs, std::move(acts)), std::back_inserter(page.entries), std::greater(), &AuditEntry::time, &AuditEntry::time);
  page.more = page.entries.size() > query.limit;
  if (page.more) {
    page.entries.resize(query.limit);
    for (const auto& entry : page.entries) (entry.journal == kEvents ? cursor.events : cursor.acts) = entry.sequence;
    page.next = fmt::format("{}.{}", cursor.events, cursor.acts);
  }
  UE_TRY(impl_->add_records(page.entries));
  return page;
}

}  // namespace user_events
