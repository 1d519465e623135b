#include "registry/codec.h"

#include "base/try.h"
#include "schemas/encoder.h"

namespace user_events::registry {
namespace {

constexpr std::string_view kNamespace = "user_events.";  // of all derived schemas

class JsonCodec final : public Codec {
 public:
  Result<void> append(std::string_view data, std::string& out) override {
    out += data;
    return {};
  }
  std::size_t bound_bytes(std::size_t data_bytes) const noexcept override { return data_bytes; }
};

class BinaryCodec final : public Codec {
 public:
  explicit BinaryCodec(schemas::Encoder encoder) : encoder_(std::move(encoder)) {}
  Result<void> append(std::string_view data, std::string& out) override { return encoder_.encode(data, out); }
  std::size_t bound_bytes(std::size_t data_bytes) const noexcept override { return encoder_.bound_bytes(data_bytes); }

 private:
  schemas::Encoder encoder_;
};

}  // namespace

Result<std::unique_ptr<Codec>> make_codec(const catalogue::EventType& type, SchemaType encoding) {
  if (encoding == SchemaType::json) return std::make_unique<JsonCodec>();
  UE_TRY_ASSIGN(const auto model, schemas::make_model(type));
  UE_TRY_ASSIGN(auto encoder, schemas::Encoder::compile(model, encoding == SchemaType::avro ? schemas::Encoding::avro : schemas::Encoding::protobuf));
  return std::make_unique<BinaryCodec>(std::move(encoder));
}

Result<std::string> record_name(const catalogue::EventType& type, SchemaType encoding) {
  if (encoding == SchemaType::json) return type.name;
  UE_TRY_ASSIGN(const auto model, schemas::make_model(type));
  return std::string(kNamespace) + model.root().name;
}

}  // namespace user_events::registry
