// Typed events: the same entry without the way over JSON text.
#include "base/time_text.h"
#include "base/try.h"
#include "catalogue/typed_data.h"
#include "formation/former_impl.h"
#include "user_events/event_list.inc"

namespace user_events::formation {
namespace {

/// The catalogue's findings begin in the data; ours begin at the event.
void move_below_data(std::vector<FieldError>& findings, std::size_t from) {
  for (std::size_t i = from; i < findings.size(); ++i) findings[i].pointer.insert(0, "/data");
}

}  // namespace

Attributes Former::Impl::check_options(const PublishOptions& options, std::int64_t now,
                                       std::span<char, base::kTimeTextSize> time_text,
                                       const Findings& findings) const {
  Attributes attributes;
  attributes.id = options.id;
  if (!options.id.empty()) check_id(options.id, findings);
  attributes.source = source;
  attributes.time_ms = now;
  if (options.time) {
    attributes.time_ms = options.time->time_since_epoch().count();
    base::write_time(attributes.time_ms, time_text);
    attributes.submitted_time = {time_text.data(), time_text.size()};
    if (base::parse_time(attributes.submitted_time) != attributes.time_ms)
      findings.add("time", "format", "a time lies in the years 0000 to 9999");
  }
  attributes.traceparent = options.traceparent;
  attributes.tracestate = options.tracestate;
  check_trace(attributes.traceparent, attributes.tracestate, findings);
  return attributes;
}

template <class Event>
Result<void> Former::form(const Event& event, const PublishOptions& options, const Context& context,
                          FormedBatch& out) const {
  const std::size_t size = out.size();
  UE_TRY(impl_->check_size(0, {}, out));
  std::vector<FieldError> list;
  const Findings findings{list, {}};
  const std::int64_t now = impl_->now_ms();
  std::array<char, base::kTimeTextSize> time_text;
  Attributes attributes = impl_->check_options(options, now, time_text, findings);
  attributes.submitted_version = Event::kVersion;
  const catalogue::TypedKey typed_key = catalogue::typed_key(event);
  const LaneKey key{typed_key.value, typed_key.is_user};
  std::size_t data_bytes = 0;
  impl_->write(attributes, Event::kType, Event::kVersion, key, context, now, out,
               [&](std::string& arena, std::string* submitted) {
                 const std::size_t begin = arena.size(), before = list.size();
                 const bool good = catalogue::write_data(event, {.now_ms = now}, arena, list, submitted);
                 move_below_data(list, before);
                 data_bytes = arena.size() - begin;
                 if (good && !is_good_key(key))
                   add_bad_key(key, impl_->catalogue.now().find(Event::kType, Event::kVersion), findings);
                 return list.empty();
               });
  if (!list.empty()) return std::unexpected(invalid_event(std::move(list)));
  if (Result<void> small_enough = impl_->check_size(data_bytes, {}, out); !small_enough) {
    out.truncate(size);
    return small_enough;
  }
  return {};
}

// NOLINTNEXTLINE(bugprone-macro-parentheses): a type
#define UE_FORM(Event, name)                                                                     \
  template Result<void> Former::form<Event>(const Event&, const PublishOptions&, const Context&, \
                                            FormedBatch&) const;
UE_FOR_EACH_EVENT(UE_FORM)
#undef UE_FORM

}  // namespace user_events::formation
