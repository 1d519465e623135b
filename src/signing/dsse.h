// The CloudEvents extension "Verifiable CloudEvents with DSSE":
// https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/verifiability.md, and DSSE 1.0.2 below it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "encoding/encoder.h"
#include "signing/key.h"

namespace user_events::signing {

inline constexpr std::string_view kDsseAttribute = "dssematerial";
inline constexpr std::string_view kDssePayloadType = "https://cloudevents.io/verifiability/dsse/v0.1";

/// SHA-256 over the SHA-256 of each value, in their order.
class DigestList {
 public:
  void add(std::string_view value);
  /// In base64; the list is empty afterwards.
  [[nodiscard]] std::string take();

 private:
  std::string hashes_;
};

/// The attributes that every event's digest covers beside its data, in their order.
inline constexpr std::string_view kDsseCore[] = {"id", "source", "specversion", "type", "datacontenttype", "dataschema", "subject", "time"};

/// `2026-11-24T09:00:00.250Z` as it is hashed: without what is below the second.
[[nodiscard]] std::string dsse_time(std::string_view rfc3339_utc);

/// What is signed instead of the payload: its type and its length with it (DSSE protocol, PAE).
[[nodiscard]] std::string pre_authentication_encoding(std::string_view payload_type, std::string_view payload);

/// The value of `dssematerial` for an event with that content type and data, all its extension attributes signed: about 20 hashes and one signature.
[[nodiscard]] std::string dsse_material(Signer& signer, const encoding::Envelope& envelope, const encoding::Position& position, std::string_view content_type,
                                        std::string_view data);
/// A bound, never too small, on its bytes.
[[nodiscard]] std::size_t dsse_material_bound_bytes(const encoding::Envelope& envelope) noexcept;

}  // namespace user_events::signing
