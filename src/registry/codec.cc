#include "registry/codec.h"

#include "base/try.h"
#include "schemas/encoder.h"
#include "schemas/texts.h"

namespace user_events::registry {
namespace {

schemas::Encoding binary(SchemaType encoding) noexcept { return encoding == SchemaType::avro ? schemas::Encoding::avro : schemas::Encoding::protobuf; }

class JsonCodec final : public Codec {
 public:
  Result<void> append(std::string_view data, std::string& out) override {
    out += data;
    return {};
  }
  encoding::Growth growth() const noexcept override { return {1, 0}; }
};

class BinaryCodec final : public Codec {
 public:
  explicit BinaryCodec(schemas::Encoder encoder) : encoder_(std::move(encoder)) {}
  Result<void> append(std::string_view data, std::string& out) override { return encoder_.encode(data, out); }
  encoding::Growth growth() const noexcept override { return {encoder_.bound_bytes(1) - encoder_.bound_bytes(0), encoder_.bound_bytes(0)}; }

 private:
  schemas::Encoder encoder_;
};

}  // namespace

Result<std::unique_ptr<Codec>> make_codec(const catalogue::EventType& type, SchemaType encoding) {
  if (encoding == SchemaType::json) return std::make_unique<JsonCodec>();
  UE_TRY_ASSIGN(const auto model, schemas::make_model(type));
  UE_TRY_ASSIGN(auto encoder, schemas::Encoder::compile(model, binary(encoding)));
  return std::make_unique<BinaryCodec>(std::move(encoder));
}

Result<Schema> schema_of(const catalogue::Catalogue& catalogue, const catalogue::EventType& type, SchemaType encoding) {
  if (encoding == SchemaType::json) return Schema{encoding, type.schema_text};
  UE_TRY_ASSIGN(auto text, schemas::schema_text(binary(encoding), catalogue, type));
  return Schema{encoding, std::move(text)};
}

Result<std::string> record_name(const catalogue::EventType& type, SchemaType encoding) {
  if (encoding == SchemaType::json) return type.variant.empty() ? type.name : type.name + "." + type.variant;
  UE_TRY_ASSIGN(const auto model, schemas::make_model(type));
  return model.space + "." + model.root().name;
}

}  // namespace user_events::registry
