#include "exports/envelope_schema.h"

namespace user_events::exports {
namespace {

constexpr Attribute kAttributes[] = {
    {"specversion", true, R"({"const":"1.0","description":"Version of CloudEvents."})"},
    {"id", true, R"({"type":"string","minLength":1,"maxLength":255,"description":"Identifies the event within its source: consumers drop duplicates by source and id."})"},
    {"source", true, R"({"type":"string","minLength":1,"maxLength":512,"format":"uri-reference","description":"The service that the event comes from."})"},
    {"type", true, R"({"type":"string","minLength":1,"maxLength":255,"description":"The event type, such as user.created."})"},
    {"subject", false, R"({"type":"string","minLength":1,"description":"The user's id, or what a privacy policy leaves of it; absent if the event names no known user."})"},
    {"time", true, R"({"type":"string","format":"date-time","description":"When it happened: UTC, with milliseconds."})"},
    {"dataschema", true, R"({"type":"string","format":"uri","description":"The schema of data: urn:user-events:schema:TYPE:VERSION, and :MARK where a privacy policy changed it."})"},
    {"partitionkey", true, R"({"type":"string","minLength":1,"description":"Orders: events of one key arrive in the order of their sequence. The user's id, or a token for who is no known user."})"},
    {"sequence", true, R"({"type":"string","pattern":"^[0-9]{20}$","description":"The event's number in its journal, with leading zeros."})"},
    {"journalid", true, R"({"type":"string","minLength":26,"maxLength":40,"description":"The journal that sequence counts in."})"},
    {"replay", false, R"({"type":"string","pattern":"^[0-9]+$","description":"Only if a person had the event sent again: how often."})"},
    {"foldedcount", false, R"({"type":["integer","string"],"description":"Only if the event stands for several that were folded into it: how many."})"},
    {"traceparent", false, R"({"type":"string","description":"W3C trace context."})"},
    {"tracestate", false, R"({"type":"string","description":"W3C trace context."})"},
};

}  // namespace

std::span<const Attribute> attributes() noexcept { return kAttributes; }

void append_envelope_members(base::ObjectWriter& schema) {
  schema.text("type", "object");
  std::string& required = schema.key("required");
  required += "[";
  for (const auto& attribute : kAttributes)
    if (attribute.required) required.append("\"").append(attribute.name).append("\",");
  required += R"("datacontenttype","data"])";
  base::ObjectWriter properties(schema.key("properties"));
  for (const auto& attribute : kAttributes) properties.raw(attribute.name, attribute.schema);
  properties.raw("datacontenttype", R"({"const":"application/json"})");
  properties.raw("data", R"({"type":"object"})");
  properties.end();
}

}  // namespace user_events::exports
