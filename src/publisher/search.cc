// Searching events and acts by the index.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/json_reading.h"
#include "base/try.h"
#include "base/type_filter.h"
#include "publisher/engine.h"

namespace user_events {
namespace {

constexpr std::size_t kMaxEntries = 1'000;
/// After the acts that are there to be found.
constexpr std::string_view kActs[] = {"access.denied", "audit.index", "checkpoint", "config.load", "config.reload", "dead-letters.cancel", "dead-letters.discard",
                                      "dead-letters.replay", "destination.pause", "destination.replay", "destination.resume", "hold.add", "hold.remove",
                                      "journal.recovered", "journal.removed", "keys.forget", "keys.rotate", "start", "stop"};

/// An event: its lane, and who handed it in, behind the source in the scope.
audit::Terms terms_of_event(const journal::RecordView& record, std::string&) {
  const auto line = record.scope.find('\n');
  return {record.key, line == std::string_view::npos ? std::string_view() : record.scope.substr(line + 1)};
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

/// The types that patterns name, of events and of acts; both empty: all.
struct Chosen {
  std::vector<std::string> events, acts;
  bool any_event = true, any_act = true;
};

Result<Chosen> choose(const std::vector<std::string>& patterns, const catalogue::Catalogue& catalogue) {
  Chosen out;
  if (patterns.empty()) return out;
  std::vector<std::string> of_events;
  for (const auto& pattern : patterns) {
    if (std::ranges::find(kActs, pattern) != std::end(kActs))
      out.acts.push_back(pattern);
    else
      of_events.push_back(pattern);
  }
  if (!of_events.empty()) {
    UE_TRY_ASSIGN(const auto filter, base::TypeFilter::parse(of_events));
    for (const auto* type : catalogue.all())
      if (filter.matches(type->name) && (out.events.empty() || out.events.back() != type->name)) out.events.push_back(type->name);
  }
  out.any_event = !out.events.empty();
  out.any_act = !out.acts.empty();
  return out;
}

/// The sequences of a journal that were accepted within the times.
Result<std::pair<std::uint64_t, std::uint64_t>> range_of(const journal::Journal& journal, const AuditQuery& query) {
  std::pair<std::uint64_t, std::uint64_t> range{1, journal.durable_sequence()};
  if (query.since) {
    UE_TRY_ASSIGN(range.first, journal.sequence_at_time(query.since->time_since_epoch().count()));
  }
  if (query.until) {
    UE_TRY_ASSIGN(const auto behind, journal.sequence_at_time(query.until->time_since_epoch().count()));
    range.second = behind - 1;
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
  return {};
}

std::shared_ptr<UserEventPublisher::Impl::Indexes> UserEventPublisher::Impl::current_indexes() const {
  const std::lock_guard lock(indexes_mutex);
  return indexes;
}

Result<void> UserEventPublisher::switch_audit_index(bool on, const std::string& by) {
  if (!impl_->audit) return fail(ErrorKind::usage, "read-only", "the data directory is open for reading only", "ask the daemon that runs on it");
  return audit::recorded(impl_->audit.get(), {"audit.index", by, on ? R"("on":true)" : R"("on":false)"}, [&]() -> Result<void> {
    if (on) return impl_->current_indexes() ? Result<void>() : impl_->open_indexes();
    {
      const std::lock_guard lock(impl_->indexes_mutex);
      impl_->indexes.reset();
    }
    std::error_code error;
    std::filesystem::remove_all(impl_->index_folder(), error);
    if (error) return fail(ErrorKind::io, "audit-index", fmt::format("cannot remove {}: {}", impl_->index_folder(), error.message()));
    return {};
  });
}

Result<std::vector<AuditEntry>> UserEventPublisher::Impl::find_acts(audit::Index& index, const audit::IndexQuery& query) const {
  UE_TRY_ASSIGN(auto found, index.search(query));
  auto out = to_public("audit", std::move(found));
  for (auto& entry : out) {
    UE_TRY_ASSIGN(const auto chunk, audit->journal().reader(entry.sequence - 1).next());
    if (!chunk.empty() && chunk[0].sequence == entry.sequence) entry.record = chunk[0].payload;
  }
  return out;
}

Result<AuditPage> UserEventPublisher::audit_search(const AuditQuery& query) const {
  const auto indexes = impl_->current_indexes();
  if (!indexes) return no_index();
  if (query.limit == 0 || query.limit > kMaxEntries) return fail(ErrorKind::invalid, "limit", fmt::format("limit must be 1 to {}", kMaxEntries));
  UE_TRY_ASSIGN(const Chosen chosen, choose(query.types, impl_->types->catalogue().now()));
  audit::IndexQuery wanted;
  wanted.principal = query.principal;
  wanted.limit = query.limit + 1;
  if (!query.user.empty()) {
    wanted.users = {impl_->former->lane(query.user), impl_->former->token(query.user)};
    if (privacy::subject_of(query.user)) wanted.users.push_back(query.user);
  }
  AuditPage page;
  if (chosen.any_event) {
    UE_TRY_ASSIGN(std::tie(wanted.first, wanted.last), range_of(*impl_->journal, query));
    wanted.types = chosen.events;
    UE_TRY_ASSIGN(auto found, indexes->events->search(wanted));
    page.entries = to_public("events", std::move(found));
  }
  if (chosen.any_act) {
    UE_TRY_ASSIGN(std::tie(wanted.first, wanted.last), range_of(impl_->audit->journal(), query));
    wanted.types = chosen.acts;
    UE_TRY_ASSIGN(auto acts, impl_->find_acts(*indexes->acts, wanted));
    page.entries.insert(page.entries.end(), std::make_move_iterator(acts.begin()), std::make_move_iterator(acts.end()));
  }
  std::ranges::stable_sort(page.entries, std::greater(), &AuditEntry::time);
  page.more = page.entries.size() > query.limit;
  if (page.more) page.entries.resize(query.limit);
  page.events_behind = impl_->journal->durable_sequence() - std::min(indexes->events->indexed(), impl_->journal->durable_sequence());
  return page;
}

}  // namespace user_events
