// A record's payload as it comes from the disk, clear or sealed. What is read is written as it was; of what is sealed, nothing is
// opened but what was sealed.
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "encoding/encoder.h"
#include "encoding/envelope.h"
#include "fuzz.h"
#include "privacy/key_ring.h"
#include "privacy/sealed_record.h"
#include "support/temporary_directory.h"
#include "support/test_clock.h"

namespace user_events {
namespace {

constexpr std::string_view kId = "e-1", kType = "user.created";

/// A key ring of its own, with a key for one lane.
class Keys {
 public:
  Keys() {
    const std::string master = folder_.path() + "/master";
    std::ofstream(master) << std::string(64, 'a') << "\n";
    ::chmod(master.c_str(), 0600);
    privacy::KeyRingOptions options;
    options.store_path = folder_.path() + "/keys.db";
    options.master.file = master;
    ring_ = fuzz::must(privacy::KeyRing::open(options, clock_), "the key ring");
    (void)fuzz::must(ring_->watermark(), "its watermark");
    fuzz::require(ring_->end_recovery([] { return privacy::Watermark{"journal", 0}; }).has_value(), "the ring starts");
    privacy::append_lane(privacy::kUserLane, privacy::Subject{std::byte{1}}, lane_);
  }
  [[nodiscard]] privacy::RecordNames names() const { return {kId, kType, lane_}; }
  [[nodiscard]] privacy::KeyRing& ring() const { return *ring_; }

 private:
  test::TemporaryDirectory folder_;
  test::TestClock clock_;
  std::unique_ptr<privacy::KeyRing> ring_;
  std::string lane_;
};

const Keys& keys() {
  static const Keys made;
  return made;
}

bool same(const encoding::Envelope& a, const encoding::Envelope& b) {
  return a.id == b.id && a.source == b.source && a.type == b.type && a.version == b.version && a.partition_key == b.partition_key &&
         a.subject_is_key == b.subject_is_key && a.time_ms == b.time_ms && a.traceparent == b.traceparent && a.tracestate == b.tracestate &&
         a.extensions == b.extensions && a.data == b.data;
}

/// Everything that delivery does with an envelope.
void use(const encoding::Envelope& envelope) {
  const encoding::Position position{"0197a1b2-0000-7000-8000-00000000000a", 7, 1, 2};
  for (const auto format : {encoding::Format::cloudevents, encoding::Format::cloudevents_binary, encoding::Format::plain}) {
    std::string body;
    encoding::append_body(format, envelope, position, body);
    const auto encoder = encoding::make_json_encoder({.format = format, .escape_noncharacters = true});
    encoding::Encoded encoded;
    if (encoder->encode(envelope, position, encoded).readiness == encoding::Readiness::ready)
      fuzz::require(encoded.body.size() <= encoder->body_bound_bytes(envelope), "the bound on an encoded body is never too small");
  }
  std::string erased;
  encoding::append_erased_json(envelope, position, erased);
  std::size_t bytes = 0;
  encoding::for_each_attribute(envelope, position, [&bytes](std::string_view name, std::string_view value) { bytes += name.size() + value.size(); });
}

void check_clear(std::string_view payload) {
  const auto envelope = encoding::view(kId, kType, "u-1", payload);
  if (!envelope) return fuzz::require(envelope.error().kind == ErrorKind::damaged, "what is no payload is damaged");
  use(*envelope);
  for (const auto place : {encoding::KeyPlace::record, encoding::KeyPlace::payload}) {
    std::string again;
    encoding::append_payload_head(*envelope, again, place);
    again.append(envelope->data);
    const auto twin = encoding::view(kId, kType, envelope->partition_key, again);
    fuzz::require(twin && same(*envelope, *twin), "a payload is written as it was read");
    if (envelope->partition_key == "u-1" && place == encoding::KeyPlace::record)
      fuzz::require(again.size() <= payload.size(), "a payload holds nothing that is not read");
  }
}

void check_sealed(std::string_view payload) {
  const privacy::RecordOpener opener(&keys().ring());
  std::string scratch;
  if (privacy::is_sealed(payload)) fuzz::require(!opener.open(keys().names(), payload, scratch), "nothing is opened that was not sealed");
  (void)privacy::key_id_of(payload);
  // Sealed, damaged by the last bytes of the input, and opened.
  std::string sealed = std::string(privacy::kSealedHeadBytes, '\0').append(payload).append(privacy::kSealedTailBytes, '\0');
  if (!privacy::seal_record(keys().ring(), keys().names(), sealed)) return;
  const auto clear = encoding::view(kId, kType, keys().names().lane, payload);
  const auto opened = opener.open(keys().names(), sealed, scratch);
  fuzz::require(clear.has_value() == opened.has_value() && (!clear || same(*clear, *opened)), "what was sealed is opened as it was");
  if (payload.size() < 3) return;
  const std::size_t at = (static_cast<unsigned char>(payload[0]) | static_cast<std::size_t>(static_cast<unsigned char>(payload[1])) << 8) % sealed.size();
  const char flip = payload[2] == 0 ? char{1} : payload[2];
  sealed[at] = static_cast<char>(sealed[at] ^ flip);
  fuzz::require(!opener.open(keys().names(), sealed, scratch) || !privacy::is_sealed(sealed), "a changed byte is noticed");
}

}  // namespace
}  // namespace user_events

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace user_events;
  check_clear(fuzz::text_of(data, size));
  check_sealed(fuzz::text_of(data, size));
  return 0;
}
