// What it costs that versions of an event type stand side by side: casts between them, an encoder that casts first, and the look at a catalogue that
// can be replaced while it is read. References in the same run: see `run`.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/live.h"
#include "casts/casts.h"
#include "casts/version_encoder.h"
#include "common/measure.h"
#include "common/report.h"
#include "support/temporary_directory.h"

namespace user_events::casts {
namespace {

using bench::measure;

constexpr std::string_view kType = "user.rated";
// As long as a `UserCreated`.
constexpr std::string_view kV1 =
    R"({"userId":"u-4711","name":"ada.lovelace@example.com","score":7,"stars":4,"comment":"quick and friendly","occurredAt":"2026-11-24T09:00:00.000Z"})";
constexpr std::string_view kV3 =
    R"({"userId":"u-4711","fullName":"ada.lovelace@example.com","tier":"gold","stars":4,"comment":"quick and friendly","occurredAt":"2026-11-24T09:00:00.000Z"})";
constexpr std::string_view kV4 = kV3;  // whose stars go up to 10

std::string schema(int version, const std::string& properties, const std::string& required, const std::string& cast) {
  return R"({"$id":"urn:user-events:schema:user.rated:)" + std::to_string(version) +
         R"(","title":"User rated","type":"object","additionalProperties":false,"properties":{"userId":{"type":"string","minLength":1,"x-personal":"user-id","x-key":"user"},)"
         R"("comment":{"type":"string","x-personal":"free-text"},"occurredAt":{"type":"string","format":"date-time","x-personal":"none"},)" +
         properties + R"(},"required":["userId","comment","occurredAt")" + required + "]" + cast + "}";
}

/// Four versions: a name is renamed and a tier comes with a default; a score goes; a range gets wider.
catalogue::Catalogue load() {
  const std::string name = R"({"type":"string","maxLength":50,"x-personal":"username"})", score = R"("score":{"type":"integer","minimum":0},)",
                    tier = R"("tier":{"enum":["basic","gold"],"x-personal":"none"},)", stars = R"("stars":{"type":"integer","maximum":)";
  const std::string versions[] = {
      schema(1, R"("name":)" + name + "," + score + stars + "5}", R"(,"name","score")", ""),
      schema(2, R"("fullName":)" + name + "," + score + tier + stars + "5}", R"(,"fullName","score","tier")",
             R"(,"x-cast":{"rename":{"/name":"fullName"},"default":{"/tier":"basic"}})"),
      schema(3, R"("fullName":)" + name + "," + tier + stars + "5}", R"(,"fullName","tier")", R"(,"x-cast":{"drop":["/score"],"restore":{"/score":0}})"),
      schema(4, R"("fullName":)" + name + "," + tier + stars + "10}", R"(,"fullName","tier")", "")};
  const test::TemporaryDirectory directory;
  const std::filesystem::path folder = directory.path();
  std::filesystem::create_directory(folder / kType);
  for (int number = 1; const std::string& text : versions) std::ofstream(folder / kType / (std::to_string(number++) + ".json")) << text;
  catalogue::Catalogue made;
  bench::must(made.load_directory(folder.string()));
  return made;
}

const base::Live<Casts>& casts() {
  static const catalogue::Catalogue catalogue = load();
  static const base::Live<Casts> live(Casts::build(catalogue).value());
  return live;
}

void cast(benchmark::State& state, std::uint32_t from, std::uint32_t to, std::string_view data) {
  const Casts& all = casts().now();
  measure(state, [&](std::string& out) {
    if (const auto done = all.cast(kType, from, to, data, out); !done) state.SkipWithError(describe(done.error()).c_str());
  });
}

void up_one_version(benchmark::State& state) { cast(state, 1, 2, kV1); }
void up_two_versions(benchmark::State& state) { cast(state, 1, 3, kV1); }
void down_two_versions(benchmark::State& state) { cast(state, 3, 1, kV3); }
void down_checked(benchmark::State& state) { cast(state, 4, 3, kV4); }
void reference_copy(benchmark::State& state) {
  measure(state, [](std::string& out) { out.append(kV1); });
}

void encode(benchmark::State& state, encoding::Encoder& encoder, std::uint32_t version, std::string_view data) {
  const encoding::Envelope envelope{.id = "0197a1b2-0000-7000-8000-000000000001", .source = "urn:example:user-service", .type = kType, .version = version,
                                    .partition_key = "u-4711", .time_ms = 1'795'510'800'000, .data = data};
  encoding::Encoded encoded;
  measure(state, [&](std::string&) {
    const auto done = encoder.encode(envelope, {"0197a1b2-0000-7000-8000-00000000000a", 42}, encoded);
    if (done.readiness != encoding::Readiness::ready) state.SkipWithError(done.reason.c_str());
    benchmark::DoNotOptimize(encoded.body.data());
  });
}

void encoded_in_version(benchmark::State& state) {
  const std::string wanted[] = {"1"};
  const auto encoder = make_version_encoder(casts(), base::TypeVersions::parse(wanted).value(), encoding::make_json_encoder({}));
  encode(state, *encoder, 2, R"({"userId":"u-4711","fullName":"ada.lovelace@example.com","score":7,"tier":"gold","stars":4,"comment":"quick and friendly","occurredAt":"2026-11-24T09:00:00.000Z"})");
}
void reference_encoded(benchmark::State& state) { encode(state, *encoding::make_json_encoder({}), 1, kV1); }

void live_look(benchmark::State& state) {
  measure(state, [&](std::string&) { benchmark::DoNotOptimize(&casts().now()); });
}
void reference_pointer(benchmark::State& state) {
  static const Casts* volatile plain = &casts().now();
  measure(state, [&](std::string&) { benchmark::DoNotOptimize(plain); });
}

BENCHMARK(up_one_version);
BENCHMARK(up_two_versions);
BENCHMARK(down_two_versions);
BENCHMARK(down_checked);
BENCHMARK(reference_copy);
BENCHMARK(encoded_in_version);
BENCHMARK(reference_encoded);
BENCHMARK(live_look);
BENCHMARK(reference_pointer);

}  // namespace
}  // namespace user_events::casts

BENCHMARK_MAIN();
