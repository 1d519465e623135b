// A schema file of the catalogue; behind a line `---`, data for it. What compiles says of any data what a second look says, too, and what is
// derived from it (Avro, Protobuf) is taken by those who read such schemas.
#include <simdjson.h>

#include "catalogue/event_type.h"
#include "compatibility/compatibility.h"
#include "fuzz.h"
#include "schemas/encoder.h"
#include "schemas/texts.h"

namespace user_events {
namespace {

constexpr std::string_view kTypeName = "user.sampled";

void check_derived(const catalogue::EventType& type, std::string_view data, bool is_valid) {
  const auto model = schemas::make_model(type);
  if (!model) return;
  using compatibility::Document;
  const std::string avro = schemas::avro_schema(*model);
  const Document avro_document{"derived.avsc", avro};
  const auto read = compatibility::compare_avro(avro_document, avro_document);
  fuzz::require(read && read->empty(), "a derived Avro schema is one, and reads its own data" + (read ? "" : ": " + describe(read.error()) + "\n" + avro));
  const auto protobuf = schemas::protobuf_schema(*model);
  if (protobuf) {
    const Document document{"derived.proto", *protobuf};
    const auto same = compatibility::compare_protobuf(document, document);
    fuzz::require(same && same->empty(), "a derived Protobuf file is one" + (same ? "" : ": " + describe(same.error()) + "\n" + *protobuf));
  }
  if (!is_valid) return;
  for (const auto encoding : {schemas::Encoding::avro, schemas::Encoding::protobuf}) {
    auto encoder = schemas::Encoder::compile(*model, encoding);
    if (!encoder) continue;
    std::string out;
    const auto done = encoder->encode(data, out);
    fuzz::require(done ? out.size() <= encoder->bound_bytes(data.size()) : done.error().code == "not-encodable" && out.empty(), "an encoder takes valid data or says why not");
  }
}

void check(std::string_view text, std::string_view data) {
  const auto type = catalogue::make_event_type("fuzz.json", kTypeName, 1, text);
  if (!type) return fuzz::require(type.error().kind == ErrorKind::usage, "a bad schema is wrong usage");
  fuzz::require((*type)->schema_text == text, "a schema is served as it came");
  const catalogue::Schema& schema = (*type)->schema;
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  std::string normal;
  bool is_valid = false;
  if (parser.parse(simdjson::padded_string(data)).get(value) == simdjson::SUCCESS) {
    std::vector<FieldError> findings, again;
    const bool holds = schema.validate(value, findings);
    fuzz::require(holds == findings.empty() && findings.size() <= 32, "who is refused is told why");
    is_valid = schema.normalise(value, {}, "", normal, again);
    fuzz::require(is_valid == again.empty() && (is_valid || normal.empty()), "what is refused leaves nothing behind");
    fuzz::require(holds || !is_valid, "what is made standard is valid");
    if (is_valid) {
      std::string twice;
      simdjson::dom::parser second;
      fuzz::require(schema.normalise(second.parse(simdjson::padded_string(normal)).value(), {}, "", twice, again) && twice == normal,
                    "the standard form is its own: " + normal + " " + twice);
    }
  }
  check_derived(**type, normal, is_valid);
}

}  // namespace
}  // namespace user_events

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace user_events;
  std::string_view rest = fuzz::text_of(data, size);
  const std::string_view schema = fuzz::take_part(rest);
  check(schema, rest);
  return 0;
}
