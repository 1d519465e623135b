#include "schemas/texts.h"

#include <ranges>
#include <vector>

#include "base/json_text.h"
#include "base/try.h"
#include "compatibility/json_annotations.h"

namespace user_events::schemas {

std::optional<Encoding> parse_encoding(std::string_view word) noexcept {
  if (word == "avro") return Encoding::avro;
  if (word == "protobuf") return Encoding::protobuf;
  return std::nullopt;
}

std::string_view name(Encoding encoding) noexcept { return encoding == Encoding::avro ? "avro" : "protobuf"; }

namespace {

/// Fields that later versions say they renamed, under the names they have now: they kept their numbers.
void rename_fields(const compatibility::Moves& moves, Model& model) {
  for (Object& object : model.objects)
    for (Field& field : object.fields)
      if (const auto to = moves.find(field.pointer); to != moves.end()) field.name = base::last_pointer_token(*to->second.begin());
}

/// What is left of a type keeps the numbers and names of all that was published.
const catalogue::EventType& published(const catalogue::EventType& type) { return type.published == nullptr ? type : *type.published; }

/// Of the versions before `type`, the newest first.
Result<std::vector<Model>> earlier_models(const catalogue::Catalogue& catalogue, const catalogue::EventType& type) {
  std::vector<const catalogue::EventType*> before;
  for (const catalogue::EventType* known : catalogue.all())
    if (known->name == type.name && known->version < type.version) before.push_back(&published(*known));
  UE_TRY_ASSIGN(auto newer, compatibility::JsonText::parse({type.name, published(type).schema_text}));
  compatibility::Moves moves;  // from the version that is looked at to the newest
  std::vector<Model> models;
  for (const catalogue::EventType* each : std::views::reverse(before)) {
    UE_TRY_ASSIGN(auto older, compatibility::JsonText::parse({each->name, each->schema_text}));
    UE_TRY_ASSIGN(const auto step, compatibility::moves_between(older, newer));
    moves = compatibility::chain(step, moves);
    UE_TRY_ASSIGN(Model model, make_model(*each));
    rename_fields(moves, model);
    models.push_back(std::move(model));
    newer = std::move(older);
  }
  return models;
}

}  // namespace

Result<std::string> schema_text(Encoding encoding, const catalogue::Catalogue& catalogue,
                                const catalogue::EventType& type) {
  UE_TRY_ASSIGN(const Model model, make_model(type));
  if (encoding == Encoding::avro) return avro_schema(model);
  UE_TRY_ASSIGN(const std::vector<Model> earlier, earlier_models(catalogue, type));
  return protobuf_schema(model, earlier);
}

}  // namespace user_events::schemas
