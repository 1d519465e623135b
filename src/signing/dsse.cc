#include "signing/dsse.h"

#include <algorithm>

#include "base/json_writer.h"
#include "crypto/digest.h"

namespace user_events::signing {
namespace {

constexpr std::size_t base64_size(std::size_t bytes) { return (bytes + 2) / 3 * 4; }
constexpr std::size_t kMaxKeyNameBytes = 64;
// The material without the names: two digests and what stands around them. The envelope without payload: its type, the key, a signature.
constexpr std::size_t kMaterialBytes = 256, kOwnNamesBytes = 128, kEnvelopeBytes = 192 + kMaxKeyNameBytes + base64_size(kMaxSignatureBytes);

}  // namespace

void DigestList::add(std::string_view value) {
  const auto hash = crypto::sha256(value);
  hashes_.append(reinterpret_cast<const char*>(hash.data()), hash.size());
}

std::string DigestList::take() {
  const auto hash = crypto::sha256(hashes_);
  hashes_.clear();
  return crypto::base64({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

std::string dsse_time(std::string_view rfc3339_utc) { return std::string(rfc3339_utc.substr(0, rfc3339_utc.find_first_of(".Z"))) + "Z"; }

std::string pre_authentication_encoding(std::string_view payload_type, std::string_view payload) {
  std::string out = "DSSEv1 ";
  const auto append = [&out](std::string_view part) {
    base::append_json_number(std::uint64_t{part.size()}, out);
    (out += ' ').append(part);
  };
  append(payload_type);
  out += ' ';
  append(payload);
  return out;
}

std::string dsse_material(Signer& signer, const encoding::Envelope& envelope, const encoding::Position& position, std::string_view content_type,
                          std::string_view data) {
  const encoding::AttributeTexts texts(envelope, position);
  DigestList digests;
  for (const std::string_view value : {envelope.id, envelope.source, std::string_view("1.0"), envelope.type, content_type, texts.data_schema()}) digests.add(value);
  digests.add(envelope.subject_is_key ? envelope.partition_key : std::string_view());
  digests.add(dsse_time(texts.time()));
  digests.add(data);
  const std::string core = digests.take();

  std::string names;
  encoding::for_each_attribute(envelope, position, [&](std::string_view name, std::string_view value) {
    if (std::ranges::find(kDsseCore, name) != std::end(kDsseCore)) return;
    digests.add(value);
    names += names.empty() ? '[' : ',';
    base::append_json_string(name, names);
  });
  std::string material;
  base::ObjectWriter object(material);
  object.text("core", core);
  object.text("ext", digests.take());
  object.raw("signedextattrs", names += ']');
  object.end();

  std::string out;
  base::ObjectWriter envelope_object(out);
  envelope_object.text("payload", crypto::base64(material));
  envelope_object.text("payloadType", kDssePayloadType);
  std::string& signatures = envelope_object.key("signatures");
  signatures += '[';
  base::ObjectWriter signature(signatures);
  signature.text("keyid", signer.key().name());
  signature.text("sig", crypto::base64(signer(pre_authentication_encoding(kDssePayloadType, material))));
  signature.end();
  signatures += ']';
  envelope_object.end();
  return crypto::base64(out);
}

std::size_t dsse_material_bound_bytes(const encoding::Envelope& envelope) noexcept {
  return base64_size(kEnvelopeBytes + base64_size(kMaterialBytes + kOwnNamesBytes + envelope.extensions.size()));
}

}  // namespace user_events::signing
