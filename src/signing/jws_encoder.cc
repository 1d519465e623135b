#include <fmt/format.h>

#include "base/base64url.h"
#include "signing/current_signer.h"
#include "signing/encoder.h"
#include "signing/jws.h"

namespace user_events::signing {
namespace {

class JwsEncoder final : public encoding::Encoder {
 public:
  JwsEncoder(const KeyBook& book, std::string destination, std::unique_ptr<encoding::Encoder> inner)
      : signer_(book, std::move(destination)), inner_(std::move(inner)) {}

  encoding::Encoding encode(const encoding::Envelope& envelope, const encoding::Position& position, encoding::Encoded& out) override {
    auto done = inner_->encode(envelope, position, out);
    if (done.readiness != encoding::Readiness::ready) return done;
    if (signer_.refresh()) head_ = protected_head(signer_.get().key(), signer_.destination());
    protected_ = head_;
    append_protected_tail(out, position, protected_);
    if (protected_.size() > kMaxProtectedBytes)
      return {encoding::Readiness::refused,
              fmt::format("the attributes are too large to be signed: {} bytes of protected header, at most {} are sent", protected_.size(), kMaxProtectedBytes)};
    jws_.clear();
    base::append_base64url(protected_, jws_);
    content_.assign(jws_).append(1, '.').append(out.body);
    jws_ += "..";
    base::append_base64url(signer_.get()(content_), jws_);
    out.headers.add({encoding::kSignatureHeader, jws_});
    return done;
  }

  /// Brokers count headers like bodies.
  [[nodiscard]] std::size_t body_bound_bytes(const encoding::Envelope& envelope) const noexcept override {
    return inner_->body_bound_bytes(envelope) + kMaxJwsBytes;
  }
  [[nodiscard]] encoding::Growth growth() const noexcept override { return followed_by(inner_->growth(), {.factor = 1, .bytes = kMaxJwsBytes}); }
  [[nodiscard]] std::string waits_for() const override { return inner_->waits_for(); }

 private:
  CurrentSigner signer_;
  const std::unique_ptr<encoding::Encoder> inner_;
  std::string head_;       // of the key that signs now
  std::string protected_;  // of one event
  std::string content_;    // what is signed
  std::string jws_;
};

}  // namespace

std::unique_ptr<encoding::Encoder> make_encoder(const KeyBook& book, const DestinationOptions& destination, std::unique_ptr<encoding::Encoder> inner) {
  return (destination.signature == "dsse" ? make_dsse_encoder : make_jws_encoder)(book, destination, std::move(inner));
}

std::unique_ptr<encoding::Encoder> make_jws_encoder(const KeyBook& book, const DestinationOptions& destination, std::unique_ptr<encoding::Encoder> inner) {
  return std::make_unique<JwsEncoder>(book, destination.name, std::move(inner));
}

}  // namespace user_events::signing
