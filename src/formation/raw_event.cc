#include "formation/raw_event.h"

#include <algorithm>

#include "base/json_text.h"
#include "catalogue/catalogue.h"
#include "catalogue/findings.h"
#include "formation/attributes.h"

namespace user_events::formation {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::array<std::string_view, static_cast<std::size_t>(Member::none) + 1> kNames = {
    "type",
    "id",
    "time",
    "traceparent",
    "tracestate",
    "source",
    "subject",
    "dataschema",
    "datacontenttype",
    "specversion",
    "data",
    "data_base64",
    "version",
    "sequence",
    "journalid",
    "partitionkey",
    "replay",
    ""};

constexpr std::array kNativeMembers = {Member::type,    Member::data,        Member::id,        Member::time,
                                       Member::version, Member::traceparent, Member::tracestate};
constexpr std::array kCloudEventMembers = {
    Member::spec_version,      Member::id,          Member::source,       Member::type,
    Member::subject,           Member::time,        Member::data,         Member::data_schema,
    Member::data_content_type, Member::data_base64, Member::traceparent,  Member::tracestate,
    Member::sequence,          Member::journal_id,  Member::partition_key, Member::replay};

Member find_member(std::span<const Member> members, std::string_view name) noexcept {
  for (const Member member : members)
    if (name_of(member) == name) return member;
  return Member::none;
}

constexpr bool is_text(Member member) noexcept { return static_cast<std::size_t>(member) < kTextMembers; }

constexpr bool is_ours(Member member) noexcept {
  return member == Member::sequence || member == Member::journal_id || member == Member::partition_key ||
         member == Member::replay;
}

}  // namespace

void Findings::add(std::string_view name, std::string_view code, std::string_view detail) const {
  if (list.size() >= kMaxFindings) return;
  std::string pointer(prefix);
  catalogue::append_echoed_name(name, pointer);
  list.push_back({std::move(pointer), std::string(code), std::string(detail)});
}

void Findings::add_here(std::string_view code, std::string_view detail) const {
  if (list.size() >= kMaxFindings) return;
  list.push_back({std::string(prefix), std::string(code), std::string(detail)});
}

std::string_view name_of(Member member) noexcept { return kNames[static_cast<std::size_t>(member)]; }

/// False if it had been there.
bool RawEvent::see(Member member, bool is_null) noexcept {
  const bool is_new = (seen_ & bit(member)) == 0;
  seen_ |= bit(member);
  if (!is_null) present_ |= bit(member);
  return is_new;
}

void RawEvent::set_text(Member member, const element& value, const Findings& findings) {
  if (!value.is_string()) return findings.add(name_of(member), "type", "this member is a string");
  texts_[static_cast<std::size_t>(member)] = value.get_string().value_unsafe();
}

void RawEvent::set_version(const element& value, const Findings& findings) {
  std::uint64_t number = 0;
  if (value.get_uint64().get(number) != simdjson::SUCCESS || number < 1 || number > UINT32_MAX)
    return findings.add("version", "type", "the version is a whole number from 1");
  version_ = static_cast<std::uint32_t>(number);
}

void RawEvent::read_native(const simdjson::dom::object& object, const Findings& findings) {
  for (const auto& [name, value] : object) {
    const Member member = find_member(kNativeMembers, name);
    if (member == Member::none) {
      if (catalogue::is_forbidden_name(name))
        findings.add(name, "forbidden-name", "no event has a place for a secret");
      else
        findings.add(name, "unknown-field",
                     "an event has type, data, id, time, version, traceparent and tracestate only");
    } else if (!see(member, false)) {
      findings.add(name, "duplicate-key", "this member is there more than once");
    } else if (member == Member::data) {
      data_ = value;
    } else if (member == Member::version) {
      set_version(value, findings);
    } else {
      set_text(member, value, findings);
    }
  }
  if (!has(Member::type)) findings.add("type", "required", "an event has a type");
}

void RawEvent::read_cloudevent(const simdjson::dom::object& object, const Findings& findings) {
  for (const auto& [name, value] : object) read_attribute(name, value, findings);
  for (const Member member : {Member::spec_version, Member::id, Member::source, Member::type})
    if (!has(member))
      findings.add(name_of(member), "required", "a CloudEvent has specversion, id, source and type");
}

void RawEvent::read_attribute(std::string_view name, const element& value, const Findings& findings) {
  const Member member = find_member(kCloudEventMembers, name);
  if (member == Member::none) return add_extension(name, value, findings);
  if (!see(member, value.is_null()))
    return findings.add(name, "duplicate-key", "this attribute is there more than once");
  if (value.is_null() || is_ours(member))
    return;  // null is the same as absent (CloudEvents JSON format, 2.2)
  if (member == Member::data)
    data_ = value;
  else if (is_text(member))
    set_text(member, value, findings);
  else
    findings.add(name, "unsupported", "events carry JSON: send the object as data");
}

/// True if an extension of this name may be added; then its name is written.
bool RawEvent::begin_extension(std::string_view name, const Findings& findings) {
  if (!is_attribute_name(name)) {
    findings.add(name, "attribute-name", "attribute names have lower-case letters and digits only");
  } else if (catalogue::is_forbidden_name(name)) {
    findings.add(name, "forbidden-name", "no event has a place for a secret");
  } else if (std::ranges::find(extension_names_.begin(), extension_names_.begin() + extension_count_, name) !=
             extension_names_.begin() + extension_count_) {
    findings.add(name, "duplicate-key", "this attribute is there more than once");
  } else if (extension_count_ == kMaxExtensions) {
    findings.add(name, "too-many", "an event has at most 32 extension attributes");
  } else {
    extension_names_[extension_count_++] = name;
    if (!extensions_.empty()) extensions_ += ',';
    base::append_json_string(name, extensions_);
    extensions_ += ':';
    return true;
  }
  return false;
}

void RawEvent::add_extension(std::string_view name, const element& value, const Findings& findings) {
  if (value.is_null() && is_attribute_name(name)) return;
  if (!begin_extension(name, findings)) return;
  switch (value.type()) {
    case element_type::STRING: {
      const std::string_view text = value.get_string().value_unsafe();
      if (has_control_character(text))
        findings.add(name, "control-character", "an attribute has no control characters");
      else if (has_noncharacter(text))
        findings.add(name, "noncharacter",
                     "an attribute has no code points that Unicode assigns to no character");
      else
        base::append_json_string(text, extensions_);
      return;
    }
    case element_type::BOOL:
      extensions_ += value.get_bool().value_unsafe() ? "true" : "false";
      return;
    case element_type::INT64:
      if (const std::int64_t number = value.get_int64().value_unsafe();
          number >= INT32_MIN && number <= INT32_MAX)
        return base::append_json_number(number, extensions_);
      [[fallthrough]];
    case element_type::UINT64:
      return findings.add(name, "range", "a number in an attribute has 32 bits and a sign");
    default:
      return findings.add(name, "type", "an attribute is a string, a whole number or a truth value");
  }
}

/// An attribute that came as text, such as an HTTP header's: the core ones by name, any other an extension.
void RawEvent::set_attribute_text(std::string_view name, std::string_view value, const Findings& findings) {
  if (!base::is_valid_utf8(value)) return findings.add(name, "utf-8", "the text is not valid UTF-8");
  const Member member = find_member(kCloudEventMembers, name);
  if (is_text(member)) {
    if (!see(member, false))
      return findings.add(name, "duplicate-key", "this attribute is there more than once");
    texts_[static_cast<std::size_t>(member)] = value;
  } else if (member != Member::none && !is_ours(member)) {
    findings.add(name, "attribute-name", "this is no attribute");
  } else if (member == Member::none && begin_extension(name, findings)) {
    if (has_control_character(value))
      findings.add(name, "control-character", "an attribute has no control characters");
    else if (has_noncharacter(value))
      findings.add(name, "noncharacter",
                   "an attribute has no code points that Unicode assigns to no character");
    else
      base::append_json_string(value, extensions_);
  }
}

void RawEvent::read_dynamic(const DynamicEvent& event, const Findings& findings) {
  const auto set = [&](Member member, std::string_view value) {
    if (!value.empty()) set_attribute_text(name_of(member), value, findings);
  };
  set(Member::type, event.type);
  set(Member::id, event.id);
  set(Member::time, event.time);
  set(Member::source, event.source);
  set(Member::traceparent, event.traceparent);
  set(Member::tracestate, event.tracestate);
  version_ = event.version;
  for (const auto& [name, value] : event.extensions) set_attribute_text(name, value, findings);
  if (!has(Member::type)) findings.add("type", "required", "an event has a type");
}

}  // namespace user_events::formation
