// The ways out for people and services: pages of events, one event, schemas.
#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"
#include "base/type_filter.h"
#include "base/type_versions.h"
#include "catalogue/succession.h"
#include "encoding/envelope.h"
#include "exports/asyncapi.h"
#include "publisher/engine.h"

namespace user_events {
namespace {

constexpr std::size_t kMaxPageEvents = 1'000;
/// One call reads at most about this much of the journal, so that a filter that matches nothing answers in bounded time.
constexpr std::size_t kMaxScanBytes = 16u << 20;

/// Says of a failed cast which event it was.
Error not_in_that_version(Error error, std::uint64_t sequence) {
  error.message = fmt::format("event number {}: {}", sequence, error.message);
  error.hint = fmt::format("ask for another version of its type, or go on after it (after={})", sequence);
  error.fields.clear();
  return error;
}

/// The event as it stands in the journal, in the version that is wanted of its type, and what of it the reader gets to see.
class Stored {
 public:
  Stored(const std::string& journal_id, const privacy::RecordOpener& opener, const std::string& source, const casts::Casts& casts,
         base::TypeVersions versions, std::optional<policy::Disclosure> disclosure)
      : journal_id_(journal_id), opener_(opener), source_(source), casts_(casts), versions_(std::move(versions)), disclosure_(std::move(disclosure)) {}

  Result<StoredEvent> read(const journal::RecordView& record) {
    auto opened = opener_.open({record.id, record.type, record.key}, record.payload, opened_);
    if (!opened && privacy::is_erased(opened.error())) return to_erased(record);
    UE_TRY_ASSIGN(auto envelope, std::move(opened));
    if (const auto wanted = versions_.of(record.type); wanted != 0 && wanted != envelope.version) {
      data_.clear();
      if (auto cast = casts_.cast(record.type, envelope.version, wanted, envelope.data, data_); !cast)
        return std::unexpected(not_in_that_version(std::move(cast).error(), record.sequence));
      envelope.data = data_;
      envelope.version = wanted;
    }
    if (disclosure_)
      if (auto shown = disclosure_->apply(envelope); !shown)
        return privacy::is_erased(shown.error()) ? Result<StoredEvent>(to_erased(record)) : std::unexpected(std::move(shown).error());
    return to_event(envelope, record);
  }

 private:
  StoredEvent to_event(const encoding::Envelope& envelope, const journal::RecordView& record) const {
    StoredEvent event;
    event.sequence = record.sequence;
    event.type = record.type;
    encoding::append_cloudevents_json(envelope, {journal_id_, record.sequence}, event.json);
    return event;
  }

  StoredEvent to_erased(const journal::RecordView& record) const {
    StoredEvent event;
    event.sequence = record.sequence;
    event.type = record.type;
    encoding::append_erased_json({.id = record.id, .source = source_, .type = record.type, .time_ms = record.accepted_ms},
                                 {journal_id_, record.sequence}, event.json);
    return event;
  }

  const std::string& journal_id_;
  const privacy::RecordOpener opener_;
  const std::string& source_;
  const casts::Casts& casts_;
  const base::TypeVersions versions_;
  std::optional<policy::Disclosure> disclosure_;  // none: everything is shown
  std::string opened_, data_;
};

std::unexpected<Error> user_hidden() {
  return fail(ErrorKind::forbidden, "user-hidden", "this reader is shown no user ids, and cannot ask for the events of one", "leave `user` out; `subject` and `partitionkey` of events hold a token");
}

SchemaInfo to_info(const catalogue::EventType& type) { return {type.name, type.version, type.title, type.schema_text}; }

std::vector<SchemaInfo> to_infos(const catalogue::Catalogue& catalogue) {
  std::vector<SchemaInfo> out;
  for (const auto* type : catalogue.all()) out.push_back(to_info(*type));
  return out;
}

}  // namespace

Result<void> UserEventPublisher::check_policies(const std::vector<ClientOptions>& clients) const { return impl_->views->check(clients); }

Result<ReadPage> UserEventPublisher::read(const ReadQuery& query) const {
  if (query.limit == 0 || query.limit > kMaxPageEvents)
    return fail(ErrorKind::invalid, "limit", fmt::format("limit must be 1 to {}", kMaxPageEvents));
  UE_TRY_ASSIGN(const bool names_users, impl_->views->names_users(query.view));
  if (!names_users && !query.user.empty()) return user_hidden();
  UE_TRY_ASSIGN(auto disclosure, impl_->views->of(query.view));
  UE_TRY_ASSIGN(const auto filter, base::TypeFilter::parse(query.types));
  const std::string lane = query.user.empty() ? std::string() : impl_->former->lane(query.user);
  UE_TRY_ASSIGN(auto versions, base::TypeVersions::parse(query.versions));
  Stored stored(impl_->journal->id(), impl_->opener(), impl_->options.source, impl_->types->casts().now(), std::move(versions),
                std::move(disclosure));
  UE_TRY_ASSIGN(const auto visible, base::TypeFilter::parse(query.within));
  ReadPage page;
  page.next = query.after;
  const auto first = impl_->journal->stats().first_sequence;
  auto reader = impl_->journal->reader(std::max(query.after, first - 1));
  for (std::size_t scanned = 0; scanned < kMaxScanBytes;) {
    UE_TRY_ASSIGN(const auto chunk, reader.next());
    if (chunk.empty()) break;
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      const auto& record = chunk[i];
      if (page.events.size() == query.limit) return page;
      scanned += record.payload.size() + record.id.size();
      if (filter.matches(record.type) && visible.matches(record.type) && (lane.empty() || record.key == lane)) {
        auto event = stored.read(record);
        // What lies before it is answered first; then the page begins with the event that cannot be, and says so.
        if (!event && event.error().kind == ErrorKind::invalid && page.next != query.after) return page;
        if (!event) return std::unexpected(std::move(event).error());
        page.events.push_back(*std::move(event));
      }
      page.next = record.sequence;
    }
  }
  return page;
}

Result<StoredEvent> UserEventPublisher::find(std::string_view id, const std::vector<std::string>& versions,
                                             const std::vector<std::string>& within, const ReaderView& view) const {
  UE_TRY_ASSIGN(auto wanted, base::TypeVersions::parse(versions));
  UE_TRY_ASSIGN(const auto visible, base::TypeFilter::parse(within));
  UE_TRY_ASSIGN(const auto found, impl_->journal->find({}, id));
  const auto& record = found.chunk[found.index];
  // Word for word what the journal says of an id that is not there: that there is such an event is not told.
  if (!visible.matches(record.type)) return fail(ErrorKind::not_found, "no-such-event", "the journal holds no event with this id");
  UE_TRY_ASSIGN(auto disclosure, impl_->views->of(view));
  return Stored(impl_->journal->id(), impl_->opener(), impl_->options.source, impl_->types->casts().now(), std::move(wanted), std::move(disclosure)).read(record);
}

Result<std::vector<std::string>> UserEventPublisher::reload_catalogue() { return impl_->types->reload(); }

std::uint64_t UserEventPublisher::last_sequence() const noexcept { return impl_->journal->durable_sequence(); }

std::uint64_t UserEventPublisher::add_listener(std::function<void(std::uint64_t)> listener) {
  return impl_->journal->add_listener(std::move(listener));
}

void UserEventPublisher::remove_listener(std::uint64_t token) { impl_->journal->remove_listener(token); }

std::vector<SchemaInfo> UserEventPublisher::schemas() const {
  return to_infos(impl_->types->catalogue().now());
}

Result<std::vector<SchemaInfo>> UserEventPublisher::schemas_of(const Options& options) {
  UE_TRY_ASSIGN(const auto types, publisher::EventTypes::load(options));
  return to_infos(types->catalogue().now());
}

Result<std::string> UserEventPublisher::asyncapi() const { return exports::asyncapi(impl_->types->catalogue().now(), impl_->options); }

Result<SchemaInfo> UserEventPublisher::schema(std::string_view type, std::uint32_t version, std::string_view mark) const {
  const auto& catalogue = impl_->types->catalogue().now();
  if (const auto* found = catalogue.find(type, version)) {
    SchemaInfo info = to_info(*found);
    if (mark.empty()) return info;
    if (auto text = impl_->views->derived_schema(type, found->version, mark)) return info.text = *std::move(text), info;
    return fail(ErrorKind::not_found, "unknown-variant", fmt::format("no privacy policy of this mark changes event type {}, version {}", type, found->version),
                "the mark is what `dataschema` of an event has behind the version");
  }
  if (const auto known = catalogue::versions_of(catalogue, type); !known.empty())
    return fail(ErrorKind::not_found, "unknown-version",
                fmt::format("event type {} has no version {}, only {}", type, version, catalogue::list_of(known)),
                "`user-events schema list` names the versions");
  const auto near = catalogue.nearest_type(type);
  return fail(ErrorKind::not_found, "unknown-type", "there is no such event type",
              near.empty() ? "`user-events schema list` names them" : fmt::format("did you mean {}?", near));
}

}  // namespace user_events
