#include "exports/asyncapi_messages.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/try.h"
#include "destinations/format.h"
#include "encoding/encoder.h"
#include "exports/draft7.h"
#include "exports/envelope_schema.h"
#include "exports/example.h"

namespace user_events::exports {
namespace {

using base::ObjectWriter;
using catalogue::EventType;
using encoding::Format;

std::string key_of(const EventType& type) { return fmt::format("{}.{}{}{}", type.name, type.version, type.variant.empty() ? "" : ".", type.variant); }
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

Result<Bodies> bodies_of(const DestinationOptions& destination) {
  if (destinations::is_data_alone(destination))
    return Bodies{Format::cloudevents_binary, schemas::parse_encoding(destination.encoding), std::string(destinations::data_content_type(destination))};
  UE_TRY_ASSIGN(const Format format, destinations::format_of(destination));
  encoding::Encoded encoded;  // what the encoder itself says
  const auto encoder = encoding::make_json_encoder({.format = format});
  (void)encoder->encode({.data = "{}"}, {}, encoded);
  return Bodies{format, std::nullopt, std::string(encoded.content_type)};
}

/// Names of AsyncAPI 3.0 (specification, "Multi Format Schema Object").
std::string_view schema_format(schemas::Encoding encoding) noexcept {
  return encoding == schemas::Encoding::avro ? "application/vnd.apache.avro;version=1.9.0" : "application/vnd.google.protobuf;version=3";
}

std::string cloudevent_schema() {
  std::string out;
  ObjectWriter schema(out);
  schema.text("title", "CloudEvent");
  append_envelope_members(schema);
  schema.end();
  return out;
}

}  // namespace

Result<ChannelMessages> MessageBook::add(const DestinationOptions& destination, const destinations::Place& place,
                                         const catalogue::Catalogue& catalogue, std::span<const EventType* const> types) {
  UE_TRY_ASSIGN(const Bodies bodies, bodies_of(destination));
  UE_TRY_ASSIGN(const Format attributes, destinations::format_of(destination));
  const std::string headers = "headers." + destination.name;
  schemas_[headers] = headers_schema(place, attributes);
  ChannelMessages out;
  ObjectWriter messages(out.messages);
  for (const EventType* type : types) {
    UE_TRY_ASSIGN(const std::string one, message(catalogue, *type, headers, place, bodies));
    messages.raw(key_of(*type), one);
    if (std::string name = place.type_in_address(type->name); std::ranges::find(out.type_names, name) == out.type_names.end())
      out.type_names.push_back(std::move(name));
  }
  messages.end();
  std::ranges::sort(out.type_names);
  return out;
}

std::string MessageBook::json_payload(const EventType& type, Format format) {
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

Result<std::string> MessageBook::binary_payload(const catalogue::Catalogue& catalogue, const EventType& type, schemas::Encoding encoding) {
  const std::string key = fmt::format("{}.{}", schemas::name(encoding), key_of(type));
  UE_TRY_ASSIGN(const std::string text, schemas::schema_text(encoding, catalogue, type));
  std::string both;
  ObjectWriter schema(both);
  schema.text("schemaFormat", schema_format(encoding));
  if (encoding == schemas::Encoding::avro)
    schema.raw("schema", text);  // an Avro schema is JSON
  else
    schema.text("schema", text);
  schema.end();
  schemas_.try_emplace(key, std::move(both));
  return reference(key);
}

Result<std::string> MessageBook::message(const catalogue::Catalogue& catalogue, const EventType& type, const std::string& headers, const destinations::Place& place,
                                         const Bodies& bodies) {
  std::string out;
  ObjectWriter message(out);
  message.text("name", type.name);
  message.text("title", type.title);
  message.text("summary", type.description);
  message.raw("headers", reference(headers));
  message.text("contentType", bodies.content_type);
  if (!place.message_bindings.empty()) message.raw("bindings", "{" + place.message_bindings + "}");
  if (!type.variant.empty()) message.text("description", "Data is sent as the destination's privacy policy leaves it, under a schema of its own.");
  if (bodies.binary) {
    UE_TRY_ASSIGN(const std::string payload, binary_payload(catalogue, type, *bodies.binary));
    message.raw("payload", payload);
  } else {
    message.raw("payload", json_payload(type, bodies.format));
    const auto model = schemas::make_model(type);
    if (const auto data = model ? example_data(type, *model) : std::nullopt)  // a type that is nested very deep has none
      message.raw("examples", fmt::format(R"([{{"name":"example","payload":{}}}])", example_body(type, source_, *data, bodies.format)));
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
