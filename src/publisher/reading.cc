// The ways out for people and services: pages of events, one event, schemas.
#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"
#include "base/type_filter.h"
#include "encoding/envelope.h"
#include "publisher/engine.h"

namespace user_events {
namespace {

constexpr std::size_t kMaxPageEvents = 1'000;
/// One call reads at most about this much of the journal, so that a filter that matches nothing answers in bounded time.
constexpr std::size_t kMaxScanBytes = 16u << 20;

Result<StoredEvent> to_stored(const journal::RecordView& record, const std::string& journal_id) {
  UE_TRY_ASSIGN(const auto envelope, encoding::view(record.id, record.type, record.key, record.payload));
  StoredEvent event;
  event.sequence = record.sequence;
  event.type = record.type;
  encoding::append_cloudevents_json(envelope, {journal_id, record.sequence}, event.json);
  return event;
}

SchemaInfo to_info(const catalogue::EventType& type) { return {type.name, type.version, type.title, type.schema_text}; }

std::vector<SchemaInfo> to_infos(const catalogue::Catalogue& catalogue) {
  std::vector<SchemaInfo> out;
  for (const auto* type : catalogue.all()) out.push_back(to_info(*type));
  return out;
}

}  // namespace

Result<ReadPage> UserEventPublisher::read(const ReadQuery& query) const {
  if (query.limit == 0 || query.limit > kMaxPageEvents)
    return fail(ErrorKind::invalid, "limit", fmt::format("limit must be 1 to {}", kMaxPageEvents));
  UE_TRY_ASSIGN(const auto filter, base::TypeFilter::parse(query.types));
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
      page.next = record.sequence;
      scanned += record.payload.size() + record.id.size();
      if (!filter.matches(record.type) || (!query.user.empty() && record.key != query.user)) continue;
      UE_TRY_ASSIGN(auto event, to_stored(record, impl_->journal->id()));
      page.events.push_back(std::move(event));
    }
  }
  return page;
}

Result<StoredEvent> UserEventPublisher::find(std::string_view id) const {
  UE_TRY_ASSIGN(const auto found, impl_->journal->find({}, id));
  return to_stored(found.chunk[found.index], impl_->journal->id());
}

std::uint64_t UserEventPublisher::last_sequence() const noexcept { return impl_->journal->durable_sequence(); }

std::uint64_t UserEventPublisher::add_listener(std::function<void(std::uint64_t)> listener) {
  return impl_->journal->add_listener(std::move(listener));
}

void UserEventPublisher::remove_listener(std::uint64_t token) { impl_->journal->remove_listener(token); }

std::vector<SchemaInfo> UserEventPublisher::schemas() const {
  return to_infos(impl_->catalogue);
}

Result<std::vector<SchemaInfo>> UserEventPublisher::schemas_of(const Options& options) {
  UE_TRY_ASSIGN(const auto catalogue, load_catalogue(options));
  return to_infos(catalogue);
}

Result<SchemaInfo> UserEventPublisher::schema(std::string_view type, std::uint32_t version) const {
  if (const auto* found = impl_->catalogue.find(type, version)) return to_info(*found);
  if (impl_->catalogue.has_type(type))
    return fail(ErrorKind::not_found, "unknown-version", fmt::format("event type {} has no version {}", type, version),
                "`user-events schema list` names the versions");
  const auto near = impl_->catalogue.nearest_type(type);
  return fail(ErrorKind::not_found, "unknown-type", "there is no such event type",
              near.empty() ? "`user-events schema list` names them" : fmt::format("did you mean {}?", near));
}

}  // namespace user_events
