#include "schemas/texts.h"

#include "base/try.h"

namespace user_events::schemas {

std::optional<Encoding> parse_encoding(std::string_view word) noexcept {
  if (word == "avro") return Encoding::avro;
  if (word == "protobuf") return Encoding::protobuf;
  return std::nullopt;
}

std::string_view name(Encoding encoding) noexcept { return encoding == Encoding::avro ? "avro" : "protobuf"; }

Result<std::string> schema_text(Encoding encoding, const catalogue::Catalogue& catalogue,
                                const catalogue::EventType& type) {
  UE_TRY_ASSIGN(const Model model, make_model(type));
  if (encoding == Encoding::avro) return avro_schema(model);
  std::vector<Model> earlier;
  for (const catalogue::EventType* known : catalogue.all()) {
    if (known->name != type.name || known->version >= type.version) continue;
    UE_TRY_ASSIGN(Model older, make_model(*known));
    earlier.push_back(std::move(older));
  }
  return protobuf_schema(model, earlier);
}

}  // namespace user_events::schemas
