#include "signing/current_signer.h"
#include "signing/dsse.h"
#include "signing/encoder.h"

namespace user_events::signing {
namespace {

// `,"dssematerial":"…"` in the body.
constexpr std::size_t kMemberBytes = kDsseAttribute.size() + 6;
constexpr std::string_view kDataType = "application/json";

/// The caller's attributes without a signature that he brought.
void append_without_material(std::string_view extensions, std::string& out) {
  for (encoding::ExtensionReader reader(extensions); reader.next();) {
    if (reader.name() == kDsseAttribute) continue;
    if (!out.empty()) out += ',';
    out += reader.member();
  }
}

class DsseEncoder final : public encoding::Encoder {
 public:
  DsseEncoder(const KeyBook& book, std::string destination, bool in_body, std::unique_ptr<encoding::Encoder> inner)
      : signer_(book, std::move(destination)), in_body_(in_body), inner_(std::move(inner)) {}

  encoding::Encoding encode(const encoding::Envelope& envelope, const encoding::Position& position, encoding::Encoded& out) override {
    signer_.refresh();
    encoding::Envelope clean = envelope;
    extensions_.clear();
    append_without_material(envelope.extensions, extensions_);
    clean.extensions = extensions_;
    if (in_body_) {
      add_material(clean, position, kDataType, clean.data);
      return inner_->encode(clean, position, out);
    }
    auto done = inner_->encode(clean, position, out);
    if (done.readiness == encoding::Readiness::ready) add_material(out.envelope, position, out.content_type, out.body);
    return done;
  }

  [[nodiscard]] std::size_t body_bound_bytes(const encoding::Envelope& envelope) const noexcept override {
    return inner_->body_bound_bytes(envelope) + kMemberBytes + dsse_material_bound_bytes(envelope);
  }
  [[nodiscard]] encoding::Growth growth() const noexcept override {
    auto growth = inner_->growth();
    growth.factor += 2;  // names of attributes, twice in base64
    growth.bytes += kMemberBytes + dsse_material_bound_bytes({});
    return growth;
  }
  [[nodiscard]] std::string waits_for() const override { return inner_->waits_for(); }

 private:
  /// To `envelope`, whose extensions stand in `extensions_`.
  void add_material(encoding::Envelope& envelope, const encoding::Position& position, std::string_view content_type, std::string_view data) {
    const std::string material = dsse_material(signer_.get(), envelope, position, content_type, data);
    if (!extensions_.empty()) extensions_ += ',';
    extensions_.append("\"").append(kDsseAttribute).append("\":\"").append(material).append("\"");
    envelope.extensions = extensions_;
  }

  CurrentSigner signer_;
  const bool in_body_;
  const std::unique_ptr<encoding::Encoder> inner_;
  std::string extensions_;
};

}  // namespace

std::unique_ptr<encoding::Encoder> make_dsse_encoder(const KeyBook& book, const DestinationOptions& destination, std::unique_ptr<encoding::Encoder> inner) {
  return std::make_unique<DsseEncoder>(book, destination.name, destination.format == "cloudevents", std::move(inner));
}

}  // namespace user_events::signing
