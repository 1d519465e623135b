// What formation asks of an event's attributes, whatever way it came.
#include <algorithm>

#include "base/json_text.h"
#include "base/time_text.h"
#include "base/uri_text.h"
#include "catalogue/succession.h"
#include "formation/former_impl.h"

namespace user_events::formation {
namespace {

constexpr std::size_t kMaxDetailTypeBytes = 128;

/// A non-empty text of at most `max_bytes`, valid UTF-8 without control characters.
void check_text(std::string_view name, std::string_view text, std::size_t max_bytes,
                const Findings& findings) {
  if (text.empty())
    findings.add(name, "min-length", "this is not empty");
  else if (text.size() > max_bytes)
    findings.add(name, "max-length", "at most " + std::to_string(max_bytes) + " bytes are allowed");
  else if (!base::is_valid_utf8(text))
    findings.add(name, "utf-8", "the text is not valid UTF-8");
  else if (has_control_character(text))
    findings.add(name, "control-character", "control characters are not allowed here");
  else if (has_noncharacter(text))
    findings.add(name, "noncharacter",
                 "code points that Unicode assigns to no character are not allowed here");
}

void check_source(std::string_view source, const Findings& findings) {
  const std::size_t before = findings.list.size();
  check_text("source", source, encoding::kMaxSourceBytes, findings);
  if (findings.list.size() == before && !base::is_uri_reference(source))
    findings.add("source", "format", "this is no URI reference");
}

/// The rules that only a CloudEvent's own attributes have.
void check_content(const RawEvent& raw, const Findings& findings) {
  if (raw.has_text(Member::spec_version) && raw.text(Member::spec_version) != "1.0")
    findings.add("specversion", "unsupported", "only CloudEvents 1.0 is supported");
  if (raw.has_text(Member::data_content_type) && !is_json_media_type(raw.text(Member::data_content_type)))
    findings.add("datacontenttype", "unsupported", "the data of an event is JSON in UTF-8");
  if (raw.has_text(Member::data_schema) && !base::is_uri_reference(raw.text(Member::data_schema)))
    findings.add("dataschema", "format", "this is no URI");
}

}  // namespace

void check_id(std::string_view id, const Findings& findings) { check_text("id", id, kMaxIdBytes, findings); }

void check_trace(std::string_view traceparent, std::string_view tracestate, const Findings& findings) {
  if (!traceparent.empty() && !is_traceparent(traceparent))
    findings.add("traceparent", "format", "this is no traceparent of W3C Trace Context");
  if (tracestate.empty()) return;
  if (!is_tracestate(tracestate))
    findings.add("tracestate", "format", "this is no tracestate of W3C Trace Context");
  else if (traceparent.empty())
    findings.add("tracestate", "format", "a tracestate goes with a traceparent");
}

bool is_good_key(const LaneKey& key) noexcept {
  return !key.is_user || (!key.value.empty() && key.value.size() <= kMaxKeyBytes &&
                          !has_control_character(key.value) && !has_noncharacter(key.value));
}

void add_bad_key(const LaneKey& key, const catalogue::EventType* type, const Findings& findings) {
  std::string prefix(findings.prefix);
  prefix += "/data";
  std::string_view field = "userId";
  if (type != nullptr)
    if (const auto known = std::ranges::find(type->keys, true, &catalogue::KeyField::is_user);
        known != type->keys.end())
      field = known->name;
  check_text(field, key.value, kMaxKeyBytes, {findings.list, prefix});
}

Error invalid_event(std::vector<FieldError> findings) {
  if (findings.size() > kMaxFindings) findings.resize(kMaxFindings);
  const FieldError& first = findings.front();
  Error error{ErrorKind::invalid,
              "invalid-event",
              first.pointer.empty() ? "the body is refused: " + first.detail
                                    : "the event is refused at `" + first.pointer + "`: " + first.detail,
              "`user-events schema show TYPE` shows what an event of a type holds",
              {}};
  if (findings.size() > 1) error.message += "; and " + std::to_string(findings.size() - 1) + " more";
  error.fields = std::move(findings);
  return error;
}

Attributes Former::Impl::check_attributes(const RawEvent& raw, std::int64_t now,
                                          const Findings& findings) const {
  Attributes attributes;
  attributes.id = raw.text(Member::id);
  if (raw.has_text(Member::id)) check_id(attributes.id, findings);
  attributes.source = raw.has_text(Member::source) ? raw.text(Member::source) : std::string_view(source);
  if (raw.has_text(Member::source)) check_source(attributes.source, findings);
  attributes.time_ms = now;
  attributes.submitted_time = raw.text(Member::time);
  if (raw.has_text(Member::time)) {
    if (const auto time = base::parse_time(attributes.submitted_time))
      attributes.time_ms = *time;
    else
      findings.add("time", "format", "this is no RFC 3339 date-time, such as 2026-11-24T09:00:00.000Z");
  }
  attributes.traceparent = raw.text(Member::traceparent);
  attributes.tracestate = raw.text(Member::tracestate);
  check_trace(attributes.traceparent, attributes.tracestate, findings);
  check_content(raw, findings);
  attributes.extensions = raw.extensions();
  if (attributes.extensions.size() > encoding::kMaxExtensionsBytes)
    findings.add_here("too-many", "the extension attributes have more than 65535 bytes");
  attributes.submitted_version = raw.version();
  return attributes;
}

const catalogue::EventType* Former::Impl::find_type(const RawEvent& raw, const Findings& findings) const {
  const std::string_view type = raw.text(Member::type);
  if (!raw.has_text(Member::type)) return nullptr;  // it is a finding already
  std::uint32_t version = raw.version();
  const char* version_field = "version";
  if (const std::string_view uri = raw.text(Member::data_schema);
      uri.starts_with("urn:user-events:schema:")) {
    const auto schema = parse_data_schema(uri);
    if (!schema || schema->type != type)
      return findings.add("dataschema", "format", "this is the data schema of another type or of none"),
             nullptr;
    if (version != 0 && version != schema->version)
      return findings.add("dataschema", "format", "data schema and version say different things"), nullptr;
    version = schema->version;
    version_field = "dataschema";
  }
  const catalogue::Catalogue& types = catalogue.now();
  if (const catalogue::EventType* found = types.find(type, version)) return found;
  if (types.has_type(type)) {
    findings.add(version_field, "unknown-version",
                 "this type has no such version; there is " + catalogue::list_of(catalogue::versions_of(types, type)));
  } else {
    const std::string nearest =
        type.size() <= kMaxDetailTypeBytes ? types.nearest_type(type) : std::string();
    findings.add("type", "unknown-type",
                 nearest.empty() ? "there is no such event type"
                                 : "there is no such event type; the nearest is `" + nearest + "`");
  }
  return nullptr;
}

}  // namespace user_events::formation
