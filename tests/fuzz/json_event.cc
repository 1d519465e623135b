// Request bodies into events. The first byte chooses the form. A body is malformed exactly when it is no JSON document; what is refused
// leaves nothing behind; what is formed is a CloudEvent that forms the same event again.
#include <simdjson.h>

#include <array>

#include "encoding/envelope.h"
#include "formation/former.h"
#include "fuzz.h"
#include "support/seeded_random.h"
#include "support/test_clock.h"

namespace user_events::formation {
namespace {

constexpr std::string_view kJournalId = "0197a1b2-0000-7000-8000-00000000000a";
constexpr std::array<std::byte, 32> kSecret = {std::byte{1}};

/// A former and its surroundings, made once.
struct Bench {
  Bench() : catalogue(fuzz::must(catalogue::Catalogue::builtin(), "the built-in catalogue")) {}
  const base::Live<catalogue::Catalogue> catalogue;
  test::TestClock clock;
  test::SeededRandom random{1};
  Former former{catalogue, {.source = "urn:example:user-service", .limits = {}, .secret = kSecret}, clock, random};
};

encoding::Envelope envelope_of(const FormedBatch& batch, std::size_t i) {
  const journal::RecordDraft draft = batch.draft(i);
  return fuzz::must(encoding::view(draft.id, draft.type, draft.key, draft.payload), "a formed payload is read back");
}

std::string written(const FormedBatch& batch, std::size_t i) {
  std::string out;
  const auto envelope = envelope_of(batch, i);
  encoding::append_cloudevents_json(envelope, {kJournalId, i + 1}, out);
  fuzz::require(out.size() <= envelope.data.size() + encoding::overhead_bound_bytes(envelope), "the bound on what the envelope adds is never too small");
  return out;
}

void check(std::string_view body, BodyForm form) {
  static Bench bench;
  static simdjson::dom::parser whole;
  static FormedBatch batch, again;
  batch.clear();
  const bool is_json = whole.parse(simdjson::padded_string(body)).error() == simdjson::SUCCESS;
  const auto formed = bench.former.form_body(body, form, {}, batch);
  if (!formed) {
    fuzz::require(batch.empty(), "a refused body leaves no event behind");
    fuzz::require(is_json ? formed.error().kind != ErrorKind::malformed : formed.error().kind != ErrorKind::invalid, "a body is malformed exactly when it is no JSON document");
    return;
  }
  fuzz::require(is_json, "what is formed was JSON");
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::string event = written(batch, i);
    again.clear();
    const auto twin = bench.former.form_body(event, BodyForm::cloudevent, {}, again);
    if (!twin && twin.error().kind == ErrorKind::too_large) continue;
    fuzz::require(twin.has_value(), "a formed event is formed again" + (twin ? "" : ": " + describe(twin.error()) + " " + event));
    const auto first = envelope_of(batch, i), second = envelope_of(again, 0);
    fuzz::require(first.id == second.id && first.type == second.type && first.data == second.data && first.partition_key == second.partition_key &&
                      first.time_ms == second.time_ms && first.source == second.source && first.version == second.version &&
                      first.extensions == second.extensions && first.traceparent == second.traceparent && first.tracestate == second.tracestate,
                  "an event that is formed again is the same: " + event);
  }
}

}  // namespace
}  // namespace user_events::formation

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace user_events;
  if (size == 0) return 0;
  formation::check(fuzz::text_of(data + 1, size - 1), static_cast<formation::BodyForm>(data[0] % 3));
  return 0;
}
