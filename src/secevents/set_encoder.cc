#include "secevents/set_encoder.h"

#include "base/base64url.h"
#include "base/hex.h"
#include "base/json_writer.h"
#include "crypto/digest.h"
#include "secevents/mapping.h"
#include "signing/current_signer.h"

namespace user_events::secevents {
namespace {

constexpr std::size_t kFixedBytes = 1'024;  // names, addresses of events, times, header, signature, what the token's id has behind the event's
constexpr std::size_t kSourceBytes = 8;

/// Ids of events are unique only with their source; those of tokens by themselves (RFC 8417, 2.2). An explicit replay is another token: a receiver that drops
/// what it knows must take it.
std::string token_id(const encoding::Envelope& envelope, const encoding::Position& position) {
  const auto source = crypto::sha256(envelope.source);
  std::string id(envelope.id);
  base::append_hex({reinterpret_cast<const char*>(source.data()), kSourceBytes}, id += '.');
  if (position.replay != 0) id += '.' + std::to_string(position.replay);
  return id;
}

std::string audience_json(const std::vector<std::string>& audience) {
  std::string out;
  const auto append = [&out](const std::string& one) { base::append_json_string(one, out); };
  if (audience.size() == 1)
    append(audience.front());
  else
    base::append_array(audience, out, append);
  return out;
}

class SetEncoder final : public encoding::Encoder {
 public:
  SetEncoder(const signing::KeyBook& book, std::string destination, const destinations::SetSettings& settings)
      : signer_(book, std::move(destination)), settings_(settings), audience_(audience_json(settings.audience)), mapping_(settings) {}

  encoding::Encoding encode(const encoding::Envelope& envelope, const encoding::Position& position, encoding::Encoded& out) override {
    const auto event = mapping_.map(envelope);
    if (!event) return {encoding::Readiness::nothing, {}};
    if (signer_.refresh()) head_ = header();
    append_claims(envelope, position, *event);
    token_ = head_;
    base::append_base64url(claims_, token_ += '.');
    const auto signature = signer_.get()(token_);
    base::append_base64url(signature, token_ += '.');
    out.envelope = envelope;
    out.body = token_;
    out.content_type = kMediaType;
    out.attributes_in_headers = false;
    out.headers.clear();
    return {};
  }

  [[nodiscard]] std::size_t body_bound_bytes(const encoding::Envelope& envelope) const noexcept override {
    const std::size_t texts = base::json_escaped_size(envelope.id) + base::json_escaped_size(envelope.partition_key) + envelope.data.size() + audience_.size() +
                              2 * base::json_escaped_size(settings_.issuer);
    return kFixedBytes + (texts + 2) / 3 * 4;
  }
  [[nodiscard]] encoding::Growth growth() const noexcept override {
    return {.factor = 2, .bytes = kFixedBytes + 2 * (audience_.size() + 2 * base::json_escaped_size(settings_.issuer)) + 4'096};
  }

 private:
  [[nodiscard]] std::string header() {
    std::string json;
    base::ObjectWriter object(json);
    object.text("alg", signing::to_text(signer_.get().key().algorithm()));
    object.text("typ", "secevent+jwt");
    object.text("kid", signer_.get().key().name());
    object.end();
    return base::base64url(json);
  }

  /// `iat` is the event's time too: a token that is made again must be the same.
  void append_claims(const encoding::Envelope& envelope, const encoding::Position& position, const SecurityEvent& event) {
    claims_.clear();
    base::ObjectWriter claims(claims_);
    claims.text("iss", settings_.issuer);
    claims.raw("aud", audience_);
    claims.text("jti", token_id(envelope, position));
    const std::int64_t seconds = envelope.time_ms / 1'000;
    base::append_json_number(seconds, claims.key("iat"));
    base::append_json_number(seconds, claims.key("toe"));
    base::ObjectWriter subject(claims.key("sub_id"));
    subject.text("format", settings_.has_opaque_subjects ? "opaque" : "iss_sub");
    if (!settings_.has_opaque_subjects) subject.text("iss", settings_.issuer);
    subject.text(settings_.has_opaque_subjects ? "id" : "sub", envelope.partition_key);
    subject.end();
    base::ObjectWriter events(claims.key("events"));
    events.raw(event.uri, event.claims);
    events.end();
    claims.end();
  }

  signing::CurrentSigner signer_;
  const destinations::SetSettings settings_;
  const std::string audience_;
  Mapping mapping_;
  std::string head_, claims_, token_;
};

}  // namespace

std::unique_ptr<encoding::Encoder> make_set_encoder(const signing::KeyBook& book, const DestinationOptions& destination,
                                                    const destinations::SetSettings& settings) {
  return std::make_unique<SetEncoder>(book, destination.name, settings);
}

}  // namespace user_events::secevents
