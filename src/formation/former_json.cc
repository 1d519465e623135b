// From a raw event to an entry of a batch.
#include <string>

#include "base/json_text.h"
#include "base/try.h"
#include "formation/former_impl.h"
#include "formation/json_parser.h"

namespace user_events::formation {
namespace {

/// The first key field that the data has. Value empty if none: then the catalogue's own findings say what is
/// missing.
LaneKey find_key(const catalogue::EventType& type, const simdjson::dom::element& data) {
  simdjson::dom::object object;
  if (data.get_object().get(object) != simdjson::SUCCESS) return {};
  for (const catalogue::KeyField& field : type.keys) {
    std::string_view value;
    if (object[field.name].get_string().get(value) == simdjson::SUCCESS) return {value, field.is_user};
  }
  return {};
}

/// A subject is not chosen by the caller: it is the user's id, and an identifier never becomes one.
void check_subject(const RawEvent& raw, const LaneKey& key, const Findings& findings) {
  if (!raw.has_text(Member::subject)) return;
  if (!key.is_user)
    findings.add("subject", "subject", "an event without a user has no subject");
  else if (raw.text(Member::subject) != key.value)
    findings.add("subject", "subject", "the subject is the user's id");
}

}  // namespace

std::string& submitted_scratch() noexcept { return JsonParser::of_thread().submitted(); }

void Former::Impl::add_raw(const RawEvent& raw, std::int64_t now, const Context& context,
                           const Findings& findings, FormedBatch& out) const {
  const std::size_t findings_before = findings.list.size();
  const Attributes attributes = check_attributes(raw, now, findings);
  const catalogue::EventType* const type = find_type(raw, findings);
  if (!raw.data()) return findings.add("data", "required", "an event has data, a JSON object");
  if (type == nullptr) return;
  const LaneKey key = find_key(*type, *raw.data());
  const bool has_key = key.value.data() != nullptr;
  if (has_key) check_subject(raw, key, findings);
  std::string prefix(findings.prefix);
  prefix += "/data";
  write(attributes, type->name, type->version, key, context, now, out,
        [&](std::string& arena, std::string* submitted) {
          if (!type->schema.normalise(*raw.data(), {.now_ms = now}, prefix, arena, findings.list, submitted))
            return false;
          if (!has_key)
            findings.add("data", "required", "the data holds nothing to order this event by");
          else if (!is_good_key(key))
            add_bad_key(key, type, findings);
          return findings.list.size() == findings_before;
        });
}

Result<void> Former::Impl::add_dynamic(const DynamicEvent& event, const Context& context,
                                       FormedBatch& out) const {
  UE_TRY(check_size(event.data.size(), {}, out));
  UE_TRY(check_mark(event.data));
  JsonParser& parser = JsonParser::of_thread();
  std::vector<FieldError> list;
  const Findings findings{list, {}};
  RawEvent raw(parser.extensions());
  raw.read_dynamic(event, findings);
  // Data is one level below its event.
  UE_TRY_ASSIGN(simdjson::dom::element data, parser.parse(event.data, limits.max_depth - 1, "/data"));
  raw.set_data(data);
  add_raw(raw, now_ms(), context, findings, out);
  if (!list.empty()) return std::unexpected(invalid_event(std::move(list)));
  return {};
}

Result<void> Former::form_event(const DynamicEvent& event, const Context& context, FormedBatch& out) const {
  const std::size_t size = out.size();
  Result<void> result = impl_->add_dynamic(event, context, out);
  if (!result) out.truncate(size);
  JsonParser::of_thread().trim();
  return result;
}

}  // namespace user_events::formation
