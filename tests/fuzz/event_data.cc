// Event data into Avro and Protobuf, and from one version to another. The first byte chooses the type; the data may be damaged in any way.
// What is refused leaves nothing behind; what was valid stays valid on every way that is said to be total.
#include <simdjson.h>

#include <filesystem>
#include <fstream>

#include "casts/casts.h"
#include "catalogue/catalogue.h"
#include "fuzz.h"
#include "schemas/encoder.h"
#include "support/temporary_directory.h"

namespace user_events {
namespace {

/// Three versions: a name is renamed and a tier comes with a default; then the score goes. Objects and lists on the way.
constexpr std::string_view kVersions[] = {
    R"("name":{"type":"string","maxLength":50,"x-personal":"username","x-field-number":2},
       "score":{"type":"integer","minimum":0,"x-field-number":3},
       "where":{"type":"object","x-field-number":5,"x-personal":"none","properties":{"a":{"type":"integer","x-field-number":1},"b":{"type":"array","items":{"type":"number"},"x-field-number":2}},"required":["a"],"additionalProperties":false}},
       "required":["userId","name","score"])",
    R"("fullName":{"type":"string","maxLength":50,"x-personal":"username","x-field-number":2},
       "score":{"type":"integer","minimum":0,"x-field-number":3},"tier":{"enum":["basic","gold"],"x-personal":"none","x-field-number":4},
       "where":{"type":"object","x-field-number":5,"x-personal":"none","properties":{"a":{"type":"integer","x-field-number":1},"b":{"type":"array","items":{"type":"number"},"x-field-number":2}},"required":["a"],"additionalProperties":false}},
       "required":["userId","fullName","score","tier"],"x-cast":{"rename":{"/name":"fullName"},"default":{"/tier":"basic"}})",
    R"("fullName":{"type":"string","maxLength":50,"x-personal":"username","x-field-number":2},
       "tier":{"enum":["basic","gold"],"x-personal":"none","x-field-number":4},
       "where":{"type":"object","x-field-number":5,"x-personal":"none","properties":{"a":{"type":"integer","x-field-number":1},"b":{"type":"array","items":{"type":"number"},"x-field-number":2}},"required":["a"],"additionalProperties":false}},
       "required":["userId","fullName","tier"],"x-cast":{"drop":["/score"],"restore":{"/score":0}})"};

struct Types {
  Types() : catalogue(fuzz::must(catalogue::Catalogue::builtin(), "the built-in catalogue")) {
    const test::TemporaryDirectory folder;
    std::filesystem::create_directory(folder.path() + "/user.rated");
    for (int version = 1; const auto text : kVersions) {
      std::ofstream(folder.path() + "/user.rated/" + std::to_string(version) + ".json")
          << R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:user-events:schema:user.rated:)" << version
          << R"(","title":"User rated","type":"object","additionalProperties":false,"properties":{"userId":{"type":"string","minLength":1,"x-personal":"user-id","x-key":"user","x-field-number":1},)"
          << text << "}";
      ++version;
    }
    for (const std::string& directory : {folder.path(), std::string(UE_SOURCE_DIR "/tests/schemas/catalogue")}) {
      const auto loaded = catalogue.load_directory(directory);
      fuzz::require(loaded.has_value(), loaded ? "" : describe(loaded.error()));
    }
    casts = fuzz::must(casts::Casts::build(catalogue), "the casts");
    for (const auto* type : catalogue.all()) {
      const auto model = fuzz::must(schemas::make_model(*type), "the model");
      std::vector<schemas::Encoder> of_type;
      for (const auto encoding : {schemas::Encoding::avro, schemas::Encoding::protobuf}) of_type.push_back(fuzz::must(schemas::Encoder::compile(model, encoding), "an encoder"));
      encoders.push_back(std::move(of_type));
    }
  }
  catalogue::Catalogue catalogue;
  casts::Casts casts;
  std::vector<std::vector<schemas::Encoder>> encoders;  // by place in `all`
};

/// Its standard form, if it is valid.
std::optional<std::string> normal_form(const catalogue::EventType& type, std::string_view data) {
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  if (parser.parse(simdjson::padded_string(data)).get(value) != simdjson::SUCCESS) return std::nullopt;
  std::vector<FieldError> findings;
  std::string out;
  if (!type.schema.normalise(value, {}, "", out, findings)) return std::nullopt;
  return out;
}

void check_encoder(schemas::Encoder& encoder, std::string_view data) {
  std::string first = "kept", second;
  const auto done = encoder.encode(data, first);
  if (!done) {
    fuzz::require(first == "kept", "a refusal leaves nothing behind");
    fuzz::require(done.error().kind == ErrorKind::invalid, "data is refused as invalid");
    return;
  }
  fuzz::require(first.size() - 4 <= encoder.bound_bytes(data.size()), "the bound is never too small");
  fuzz::require(encoder.encode(data, second).has_value() && first.substr(4) == second, "equal data gives equal bytes");
}

void check_casts(const Types& types, const catalogue::EventType& type, std::string_view data, bool is_valid) {
  for (const auto to : types.casts.versions(type.name)) {
    std::string out = "kept";
    const auto done = types.casts.cast(type.name, type.version, to, data, out);
    if (!done) {
      fuzz::require(out == "kept", "a refusal leaves nothing behind");
      fuzz::require(!is_valid || types.casts.way(type.name, type.version, to) != casts::Way::total, "a total way takes every valid event: " + describe(done.error()));
      continue;
    }
    if (!is_valid) continue;
    const auto* target = types.catalogue.find(type.name, to);
    fuzz::require(normal_form(*target, std::string_view(out).substr(4)).has_value(), "what is cast is valid: " + out);
  }
}

}  // namespace
}  // namespace user_events

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace user_events;
  static Types types;
  static const auto all = types.catalogue.all();
  if (size == 0) return 0;
  const std::string_view text = fuzz::text_of(data + 1, size - 1);
  const std::size_t at = data[0] % all.size();
  const auto normal = normal_form(*all[at], text);
  for (const std::string_view form : {text, normal ? std::string_view(*normal) : text}) {
    const bool is_valid = normal && form == *normal;
    for (auto& encoder : types.encoders[at]) check_encoder(encoder, form);
    check_casts(types, *all[at], form, is_valid);
  }
  return 0;
}
