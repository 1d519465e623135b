#include "policy/policy_encoder.h"

#include <utility>

#include "base/try.h"
#include "encoding/growth.h"

namespace user_events::policy {
namespace {

using encoding::Readiness;

class PolicyEncoder final : public encoding::Encoder {
 public:
  PolicyEncoder(std::shared_ptr<const Plans> plans, std::string receiver, Disclosure disclosure, std::unique_ptr<encoding::Encoder> inner)
      : plans_(std::move(plans)), receiver_(std::move(receiver)), disclosure_(std::move(disclosure)), inner_(std::move(inner)) {}

  encoding::Encoding encode(const encoding::Envelope& envelope, const encoding::Position& position, encoding::Encoded& out) override {
    encoding::Envelope changed = envelope;
    if (const auto done = disclosure_.apply(changed); !done) [[unlikely]] {
      const auto kind = done.error().kind;
      const bool is_final = kind == ErrorKind::invalid || kind == ErrorKind::damaged || kind == ErrorKind::usage;
      return {is_final ? Readiness::refused : Readiness::not_now, describe(done.error())};
    }
    return inner_->encode(changed, position, out);
  }

  [[nodiscard]] std::size_t body_bound_bytes(const encoding::Envelope& envelope) const noexcept override {
    encoding::Envelope changed = envelope;
    return inner_->body_bound_bytes(make_stand_in(*plans_, receiver_, changed) ? changed : envelope);  // what is refused has no size
  }

  [[nodiscard]] encoding::Growth growth() const noexcept override { return encoding::followed_by(growth_, inner_->growth()); }
  [[nodiscard]] std::string waits_for() const override { return inner_->waits_for(); }

 private:
  const std::shared_ptr<const Plans> plans_;
  const std::string receiver_;
  Disclosure disclosure_;
  const std::unique_ptr<encoding::Encoder> inner_;
  const encoding::Growth growth_ = growth_of(plans_->policy(), receiver_);  // asked for with each event
};

}  // namespace

Result<std::unique_ptr<encoding::Encoder>> make_policy_encoder(std::shared_ptr<const Plans> plans, std::string receiver, privacy::KeyRing* ring,
                                                               std::unique_ptr<encoding::Encoder> inner) {
  UE_TRY_ASSIGN(auto disclosure, Disclosure::make(plans, receiver, ring));
  return std::make_unique<PolicyEncoder>(std::move(plans), std::move(receiver), std::move(disclosure), std::move(inner));
}

}  // namespace user_events::policy
