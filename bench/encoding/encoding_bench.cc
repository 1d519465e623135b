// Events a second of encoding on one core, from the data of a journal record, and heap allocations per event.
//
// References in the same run: a copy of the JSON; and libprotobuf with the same schema: SerializeToString of
// a message that is filled already, and the whole way from the JSON.
#include <benchmark/benchmark.h>

#include <string>

#include "common/measure.h"
#include "common/sample_data.h"
#include "encoding/envelope.h"
#include "reference.h"
#include "schemas/encoder.h"

namespace user_events::schemas {
namespace {

using bench::kCreated, bench::kUpdated, bench::measure;

constexpr std::string_view kAddress =
    R"({"userId":"u-4711","addressId":"a-1","address":{"line1":"12 St James's Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"},)"
    R"("timestamp":"2026-11-24T09:00:00.000Z"})";

const catalogue::Catalogue& builtin() {
  static const catalogue::Catalogue catalogue = catalogue::Catalogue::builtin().value();
  return catalogue;
}

void binary(benchmark::State& state, std::string_view type, std::string_view data, Encoding encoding) {
  auto encoder = Encoder::compile(make_model(*builtin().find(type)).value(), encoding).value();
  measure(state, [&](std::string& out) {
    if (const auto done = encoder.encode(data, out); !done)
      state.SkipWithError(describe(done.error()).c_str());
  });
}

void created_avro(benchmark::State& state) { binary(state, "user.created", kCreated, Encoding::avro); }
void created_protobuf(benchmark::State& state) {
  binary(state, "user.created", kCreated, Encoding::protobuf);
}
void address_avro(benchmark::State& state) { binary(state, "user.address.added", kAddress, Encoding::avro); }
void address_protobuf(benchmark::State& state) {
  binary(state, "user.address.added", kAddress, Encoding::protobuf);
}
void updated_avro(benchmark::State& state) { binary(state, "user.updated", kUpdated, Encoding::avro); }
void updated_protobuf(benchmark::State& state) {
  binary(state, "user.updated", kUpdated, Encoding::protobuf);
}

void json(benchmark::State& state, encoding::Format format) {
  const encoding::Envelope envelope{.id = "0197a1b2-0000-7000-8000-000000000001",
                                    .source = "urn:example:user-service",
                                    .type = "user.created",
                                    .partition_key = "u-4711",
                                    .time_ms = 1'795'510'800'000,
                                    .data = kCreated};
  constexpr encoding::Position kPosition{"0197a1b2-0000-7000-8000-00000000000a", 42};
  measure(state, [&](std::string& out) { encoding::append_body(format, envelope, kPosition, out); });
}

void created_json(benchmark::State& state) { json(state, encoding::Format::cloudevents_binary); }
void created_cloudevents(benchmark::State& state) { json(state, encoding::Format::cloudevents); }

void reference_copy(benchmark::State& state) {
  measure(state, [](std::string& out) { out.append(kCreated); });
}

std::string proto(std::string_view type) {
  return schema_text(Encoding::protobuf, builtin(), *builtin().find(type)).value();
}

void libprotobuf_filled(benchmark::State& state, std::string_view type, std::string_view data) {
  const bench::ReferenceMessage message(proto(type), data);
  measure(state, [&](std::string& out) { message.serialise(out); });
}

void reference_created_filled(benchmark::State& state) {
  libprotobuf_filled(state, "user.created", kCreated);
}
void reference_address_filled(benchmark::State& state) {
  libprotobuf_filled(state, "user.address.added", kAddress);
}
void reference_updated_filled(benchmark::State& state) {
  libprotobuf_filled(state, "user.updated", kUpdated);
}

void reference_created_from_json(benchmark::State& state) {
  bench::ReferenceMessage message(proto("user.created"), kCreated);
  measure(state, [&](std::string& out) { message.read_and_serialise(kCreated, out); });
}

BENCHMARK(created_avro);
BENCHMARK(created_protobuf);
BENCHMARK(address_avro);
BENCHMARK(address_protobuf);
BENCHMARK(updated_avro);
BENCHMARK(updated_protobuf);
BENCHMARK(created_json);
BENCHMARK(created_cloudevents);
BENCHMARK(reference_copy);
BENCHMARK(reference_created_filled);
BENCHMARK(reference_address_filled);
BENCHMARK(reference_updated_filled);
BENCHMARK(reference_created_from_json);

}  // namespace
}  // namespace user_events::schemas

BENCHMARK_MAIN();
