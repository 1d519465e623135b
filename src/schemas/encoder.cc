#include "schemas/encoder.h"

#include "base/try.h"
#include "schemas/avro_writer.h"
#include "schemas/protobuf_writer.h"

namespace user_events::schemas {

struct Encoder::Impl {
  Impl(const Model& model, Encoding encoding) : plan(make_plan(model, encoding)) {
    if (encoding == Encoding::avro)
      walker = std::make_unique<AvroWriter>(plan);
    else
      walker = std::make_unique<ProtobufWriter>(plan);
  }

  Plan plan;
  std::unique_ptr<Walker> walker;
};

Encoder::Encoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Encoder::~Encoder() = default;
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;

Result<Encoder> Encoder::compile(const Model& model, Encoding encoding) {
  if (encoding == Encoding::protobuf)
    UE_TRY(protobuf_schema(model));  // what has no schema has no data either
  return Encoder(std::make_unique<Impl>(model, encoding));
}

Result<void> Encoder::encode(std::string_view data, std::string& out) {
  const std::size_t start = out.size();
  if (impl_->walker->run(data, out)) return {};
  out.resize(start);
  const Walker& walker = *impl_->walker;
  const Plan& plan = impl_->plan;
  return fail(
      ErrorKind::invalid, "not-encodable",
      plan.type + " version " + std::to_string(plan.version) + ": at \"" + walker.pointer() +
          "\": " + std::string(walker.reason()),
      "docs/encodings.md says what has no place in Avro and Protobuf; encoding = \"json\" takes everything");
}

std::size_t Encoder::bound_bytes(std::size_t data_bytes) const noexcept {
  return data_bytes * impl_->plan.growth_factor + impl_->plan.growth_bytes;
}

}  // namespace user_events::schemas
