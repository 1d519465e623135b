#include "exports/json_schema.h"

#include <fmt/format.h>

#include "base/json_layout.h"
#include "base/json_writer.h"
#include "exports/envelope_schema.h"
#include "exports/mark.h"

namespace user_events::exports {
namespace {

/// The branch of one type and version.
std::string branch_of(const catalogue::EventType& type) {
  std::string out;
  base::ObjectWriter branch(out);
  branch.raw("properties", fmt::format(R"({{"type":{{"const":"{}"}},"dataschema":{{"const":"{}"}},"data":{{"$ref":"{}"}}}})", type.name,
                                       type.data_schema_uri, type.data_schema_uri));
  branch.end();
  return out;
}

std::string envelope_with(std::span<const catalogue::EventType* const> types) {
  std::string out;
  base::ObjectWriter schema(out);
  schema.text("$schema", "https://json-schema.org/draft/2020-12/schema");
  schema.text("$id", "urn:user-events:schema:events");
  schema.text("$comment", std::string(kMark));
  schema.text("title", "Event");
  schema.text("description", "Any event of the catalogue, as a CloudEvent in structured mode.");
  append_envelope_members(schema);
  std::string& branches = schema.key("anyOf");
  base::append_array(types, branches, [&](const catalogue::EventType* type) { branches += branch_of(*type); });
  std::string& definitions = schema.key("$defs");
  base::ObjectWriter resources(definitions);
  for (const auto* type : types) resources.raw(fmt::format("{}:{}", type->name, type->version), type->schema_text);
  resources.end();
  schema.end();
  return out;
}

}  // namespace

std::string json_schema_bundle(std::span<const catalogue::EventType* const> types) { return base::lay_out(envelope_with(types)); }

std::vector<TextFile> json_schema_files(std::span<const catalogue::EventType* const> types) {
  std::vector<TextFile> files;
  for (const auto* type : types) files.push_back({fmt::format("{}/{}.json", type->name, type->version), type->schema_text});
  files.push_back({"events.json", json_schema_bundle(types)});
  return files;
}

}  // namespace user_events::exports
