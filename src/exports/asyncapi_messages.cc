#include "exports/asyncapi_messages.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/try.h"
#include "encoding/encoder.h"
#include "exports/draft7.h"
#include "exports/envelope_schema.h"
#include "exports/example.h"

namespace user_events::exports {
namespace {

using base::ObjectWriter;
using catalogue::EventType;
using encoding::Format;

std::string key_of(const EventType& type) { return fmt::format("{}.{}", type.name, type.version); }
std::string reference(std::string_view schema) { return fmt::format(R"({{"$ref":"#/components/schemas/{}"}})", schema); }

bool is_header(const Attribute& attribute, const destinations::Place& place, Format format) {
  if (format == Format::cloudevents_binary) return true;
  return std::ranges::find(place.attributes, attribute.name) != place.attributes.end();
}

std::string headers_schema(const destinations::Place& place, Format format) {
  std::string required = "[", properties;
  ObjectWriter members(properties);
  for (const auto& header : place.headers) {
    ObjectWriter one(members.key(header.name));
    one.text("type", "string");
    one.text("description", header.description);
    one.end();
  }
  for (const auto& attribute : attributes()) {
    if (!is_header(attribute, place, format)) continue;
    const std::string name = fmt::format("{}{}", place.attribute_prefix, attribute.name);
    members.raw(name, attribute.schema);
    if (!attribute.required) continue;
    if (required.size() > 1) required += ',';
    base::append_json_string(name, required);
  }
  members.end();
  std::string out;
  ObjectWriter schema(out);
  schema.text("type", "object");
  schema.raw("required", required + "]");
  schema.raw("properties", properties);
  schema.end();
  return out;
}

/// A CloudEvent of one type and version, around its data.
std::string event_schema(const EventType& type, const std::string& data) {
  return fmt::format(R"({{"allOf":[{}],"properties":{{"type":{{"const":"{}"}},"dataschema":{{"const":"{}"}},"data":{}}}}})", reference("cloudevent"),
                     type.name, type.data_schema_uri, data);
}

std::string plain_schema(const EventType& type, const std::string& data) {
  return fmt::format(
      R"({{"type":"object","required":["type","timestamp","data"],"properties":{{"type":{{"const":"{}"}},"timestamp":{{"type":"string","format":"date-time"}},"data":{}}},"additionalProperties":false}})",
      type.name, data);
}

/// What the encoder of a destination says of its bodies.
std::string content_type_of(Format format) {
  encoding::Encoded encoded;
  const auto encoder = encoding::make_json_encoder({.format = format});
  if (encoder->encode({.data = "{}"}, {}, encoded).readiness != encoding::Readiness::ready) return {};
  return std::string(encoded.content_type);
}

std::string cloudevent_schema() {
  std::string out;
  ObjectWriter schema(out);
  schema.text("title", "CloudEvent");
  append_envelope_members(schema);
  schema.end();
  return out;
}

std::string example_payload(const EventType& type, std::string_view source, const std::string& data, Format format) {
  if (format == Format::cloudevents) return example_event(type, source, data);
  if (format == Format::cloudevents_binary) return data;
  return fmt::format(R"({{"type":"{}","timestamp":"2026-11-24T09:00:00.000Z","data":{}}})", type.name, data);
}

}  // namespace

Result<ChannelMessages> MessageBook::add(const std::string& channel, const destinations::Place& place, Format format,
                                         std::span<const EventType* const> types) {
  const std::string headers = "headers." + channel;
  schemas_[headers] = headers_schema(place, format);
  ChannelMessages out;
  ObjectWriter messages(out.messages);
  for (const EventType* type : types) {
    UE_TRY_ASSIGN(const std::string one, message(*type, headers, place, format));
    messages.raw(key_of(*type), one);
    if (std::string name = place.type_in_address(type->name); std::ranges::find(out.type_names, name) == out.type_names.end())
      out.type_names.push_back(std::move(name));
  }
  messages.end();
  std::ranges::sort(out.type_names);
  return out;
}

std::string MessageBook::payload(const EventType& type, Format format) {
  const std::string key = key_of(type), data = "data." + key;
  schemas_.try_emplace(data, to_draft7(type.schema_text, "#/components/schemas/" + data));
  if (format == Format::cloudevents_binary) return reference(data);
  if (format == Format::plain) {
    schemas_.try_emplace("plain." + key, plain_schema(type, reference(data)));
    return reference("plain." + key);
  }
  schemas_.try_emplace("cloudevent", cloudevent_schema());
  schemas_.try_emplace("event." + key, event_schema(type, reference(data)));
  return reference("event." + key);
}

Result<std::string> MessageBook::message(const EventType& type, const std::string& headers, const destinations::Place& place, Format format) {
  UE_TRY_ASSIGN(const auto model, schemas::make_model(type));
  std::string out;
  ObjectWriter message(out);
  message.text("name", type.name);
  message.text("title", type.title);
  message.text("summary", type.description);
  message.raw("headers", reference(headers));
  if (!place.has_json) {
    message.end();
    return out;
  }
  message.text("contentType", content_type_of(format));
  message.raw("payload", payload(type, format));
  if (!place.message_bindings.empty()) message.raw("bindings", "{" + place.message_bindings + "}");
  if (const auto data = example_data(type, model)) {
    message.raw("examples", fmt::format(R"([{{"name":"example","payload":{}}}])", example_payload(type, source_, *data, format)));
  }
  message.end();
  return out;
}

std::string MessageBook::schemas() const {
  std::string out;
  ObjectWriter object(out);
  for (const auto& [name, schema] : schemas_) object.raw(name, schema);
  object.end();
  return out;
}

}  // namespace user_events::exports
