#include "casts/version_encoder.h"

#include <string>
#include <utility>

namespace user_events::casts {
namespace {

class VersionEncoder final : public encoding::Encoder {
 public:
  VersionEncoder(const base::Live<Casts>& casts, base::TypeVersions wanted, std::unique_ptr<encoding::Encoder> inner)
      : casts_(casts), wanted_(std::move(wanted)), inner_(std::move(inner)) {}

  encoding::Encoding encode(const encoding::Envelope& envelope, const encoding::Position& position, encoding::Encoded& out) override {
    encoding::Envelope changed = envelope;
    if (auto done = cast(changed, data_); !done) return {encoding::Readiness::refused, describe(done.error())};
    return inner_->encode(changed, position, out);
  }

  [[nodiscard]] std::size_t body_bound_bytes(const encoding::Envelope& envelope) const noexcept override {
    thread_local std::string data;
    encoding::Envelope changed = envelope;
    return inner_->body_bound_bytes(cast(changed, data) ? changed : envelope);  // what is refused has no size
  }

  /// So that only events near the limit are cast to learn their size.
  [[nodiscard]] encoding::Growth growth() const noexcept override { return followed_by(casts_.now().growth(), inner_->growth()); }

  [[nodiscard]] std::string waits_for() const override { return inner_->waits_for(); }

 private:
  Result<void> cast(encoding::Envelope& envelope, std::string& data) const {
    const std::uint32_t wanted = wanted_.of(envelope.type);
    if (wanted == 0 || wanted == envelope.version) return {};
    data.clear();
    if (auto done = casts_.now().cast(envelope.type, envelope.version, wanted, envelope.data, data); !done) return done;
    envelope.data = data;
    envelope.version = wanted;
    return {};
  }

  const base::Live<Casts>& casts_;
  const base::TypeVersions wanted_;
  const std::unique_ptr<encoding::Encoder> inner_;
  std::string data_;
};

}  // namespace

std::unique_ptr<encoding::Encoder> make_version_encoder(const base::Live<Casts>& casts, base::TypeVersions wanted,
                                                        std::unique_ptr<encoding::Encoder> inner) {
  return std::make_unique<VersionEncoder>(casts, std::move(wanted), std::move(inner));
}

}  // namespace user_events::casts
