// Events a second of formation on one core, and heap allocations per event.
//
// References in the same run: the bytes of the same CloudEvent put together from ready texts, without any
// check; and simdjson's parse of the same JSON text alone.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <string>

#include "common/count_allocations.h"
#include "encoding/envelope.h"
#include "formation/former.h"
#include "user_events/events.h"

namespace user_events::formation {
namespace {

constexpr encoding::Position kPosition{"0197a1b2-0000-7000-8000-00000000000a", 42};
constexpr std::array<std::byte, 32> kSecret{};
constexpr std::string_view kCreatedJson =
    R"({"type":"user.created","data":{"userId":"u-4711","email":"ada.lovelace@example.com","username":"ada","status":"active"}})";
constexpr std::string_view kCreatedWithIdJson =
    R"({"type":"user.created","id":"0197a1b2-0000-7000-8000-000000000001","data":{"userId":"u-4711","email":"ada.lovelace@example.com","username":"ada","status":"active"}})";
constexpr std::string_view kCloudEventJson =
    R"({"specversion":"1.0","id":"0197a1b2-0000-7000-8000-000000000001","source":"urn:example:crm","type":"user.created","subject":"u-4711",)"
    R"("time":"2026-11-24T09:00:00.000Z","datacontenttype":"application/json","data":{"userId":"u-4711","email":"ada.lovelace@example.com","username":"ada","status":"active"}})";

UserCreated created() {
  return {.user_id = "u-4711", .email = "ada.lovelace@example.com", .username = "ada", .status = "active"};
}

const base::Live<catalogue::Catalogue>& builtin() {
  static const base::Live<catalogue::Catalogue> catalogue(catalogue::Catalogue::builtin().value());
  return catalogue;
}

struct Fixture {
  Former former{builtin(),
                {.source = "urn:example:user-service", .limits = {}, .secret = kSecret},
                ports::system_clock(),
                ports::system_random()};
  FormedBatch batch;
  std::string out;

  /// The event formed last as CloudEvents JSON, into a buffer that is used again.
  void encode() {
    out.clear();
    const journal::RecordDraft draft = batch.draft(0);
    encoding::append_cloudevents_json(*encoding::view(draft.id, draft.type, draft.key, draft.payload),
                                      kPosition, out);
    benchmark::DoNotOptimize(out.data());
  }
};

/// Runs `form(fixture)` again and again and reports events a second and allocations per event.
template <class Form>
void measure(benchmark::State& state, Form&& form) {
  Fixture fixture;
  for (int i = 0; i < 100; ++i) form(fixture);  // warm-up
  const std::size_t before = allocations_so_far();
  for (auto _ : state) form(fixture);
  state.SetItemsProcessed(state.iterations());
  state.counters["allocations"] = benchmark::Counter(static_cast<double>(allocations_so_far() - before) /
                                                     static_cast<double>(state.iterations()));
}

template <class Call>
void require(const Call& result, benchmark::State& state) {
  if (!result) state.SkipWithError(describe(result.error()).c_str());
}

void typed_to_cloudevents(benchmark::State& state) {
  const UserCreated event = created();
  measure(state, [&](Fixture& f) {
    f.batch.clear();
    require(f.former.form(event, {}, {}, f.batch), state);
    f.encode();
  });
}

void typed_form_only(benchmark::State& state) {
  const UserCreated event = created();
  measure(state, [&](Fixture& f) {
    f.batch.clear();
    require(f.former.form(event, {}, {}, f.batch), state);
  });
}

void body(benchmark::State& state, std::string_view text, BodyForm form) {
  measure(state, [&](Fixture& f) {
    f.batch.clear();
    require(f.former.form_body(text, form, {}, f.batch), state);
  });
}

void json_to_formed(benchmark::State& state) { body(state, kCreatedJson, BodyForm::events); }
void json_with_id_to_formed(benchmark::State& state) { body(state, kCreatedWithIdJson, BodyForm::events); }
void cloudevent_to_formed(benchmark::State& state) { body(state, kCloudEventJson, BodyForm::cloudevent); }

void array_of_100_to_formed(benchmark::State& state) {
  std::string text = "[";
  for (int i = 0; i < 100; ++i) text.append(i == 0 ? "" : ",").append(kCreatedJson);
  body(state, text + "]", BodyForm::events);
  state.SetItemsProcessed(state.iterations() * 100);
  state.counters["allocations"].value /= 100;
}

void reference_ready_texts(benchmark::State& state) {
  Fixture fixture;
  require(fixture.former.form(created(), {}, {}, fixture.batch), state);
  fixture.encode();
  const std::string whole = fixture.out;
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (std::size_t at = 0; at < whole.size(); at += 16) out.append(whole, at, 16);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}

void reference_simdjson_parse(benchmark::State& state) {
  simdjson::dom::parser parser;
  const simdjson::padded_string text(kCreatedJson);
  for (auto _ : state) {
    auto element = parser.parse(text);
    benchmark::DoNotOptimize(element);
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(typed_to_cloudevents);
BENCHMARK(typed_form_only);
BENCHMARK(json_to_formed);
BENCHMARK(json_with_id_to_formed);
BENCHMARK(cloudevent_to_formed);
BENCHMARK(array_of_100_to_formed);
BENCHMARK(reference_ready_texts);
BENCHMARK(reference_simdjson_parse);

}  // namespace
}  // namespace user_events::formation

BENCHMARK_MAIN();
