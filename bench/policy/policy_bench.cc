// Events a second of the policy stage and the encoder behind it on one core, from the data of a journal record, and heap allocations per event.
//
// References in the same run: the same event without a policy; and for encrypted fields the bare AES-256-GCM operations over the same values.
#include <benchmark/benchmark.h>

#include <array>
#include <string>

#include "common/key_ring.h"
#include "common/measure.h"
#include "common/sample_data.h"
#include "crypto/aead.h"
#include "policy/policy_encoder.h"
#include "privacy/subject.h"

namespace user_events::policy {
namespace {

using bench::kCreated, bench::kUpdated, bench::must;

struct Keys {
  Keys() {
    const privacy::Subject subject{};
    must(ring->key_for(subject, key));
    privacy::append_lane(privacy::kUserLane, subject, lane);
  }
  bench::KeyFolder folder;
  std::unique_ptr<privacy::KeyRing> ring = bench::open_ring(folder, 1'000);
  privacy::LentKey key;
  std::string lane;
};

void encode(benchmark::State& state, const PrivacyPolicyOptions& settings, std::string_view type, std::string_view data) {
  static Keys keys;
  static const base::Live<catalogue::Catalogue> builtin(must(catalogue::Catalogue::builtin()));
  auto encoder = encoding::make_json_encoder({});
  if (!settings.empty())
    encoder = must(make_policy_encoder(std::make_shared<Plans>(builtin, must(PrivacyPolicy::parse(settings))), "crm", keys.ring.get(), std::move(encoder)));
  const encoding::Envelope envelope{.id = "0197a1b2-0000-7000-8000-000000000001",
                                    .source = "urn:example:user-service",
                                    .type = type,
                                    .partition_key = "u-4711",
                                    .time_ms = 1'795'510'800'000,
                                    .data = data,
                                    .lane = keys.lane,
                                    .sealed_under = privacy::text_of_key(keys.key.id)};
  constexpr encoding::Position kPosition{"0197a1b2-0000-7000-8000-00000000000a", 42};
  encoding::Encoded encoded;
  bench::measure(state, [&](std::string&) {
    if (encoder->encode(envelope, kPosition, encoded).readiness != encoding::Readiness::ready) state.SkipWithError("an event is not ready");
    benchmark::DoNotOptimize(encoded.body.data());
  });
}

const PrivacyPolicyOptions kMasked{{"email", "mask"}, {"username", "mask"}}, kAnalytics{{"preset", "analytics"}}, kMinimal{{"preset", "minimal"}},
    kEncrypted{{"email", "encrypt"}, {"username", "encrypt"}};

void created_clear(benchmark::State& state) { encode(state, {}, "user.created", kCreated); }
void created_masked(benchmark::State& state) { encode(state, kMasked, "user.created", kCreated); }
void created_analytics(benchmark::State& state) { encode(state, kAnalytics, "user.created", kCreated); }
void created_minimal(benchmark::State& state) { encode(state, kMinimal, "user.created", kCreated); }
void created_encrypted(benchmark::State& state) { encode(state, kEncrypted, "user.created", kCreated); }
void updated_clear(benchmark::State& state) { encode(state, {}, "user.updated", kUpdated); }
void updated_analytics(benchmark::State& state) { encode(state, kAnalytics, "user.updated", kUpdated); }

/// What `created_encrypted` must do at the least: two values sealed, with associated data as long.
void reference_two_sealed(benchmark::State& state) {
  const auto key = crypto::SecretKey::random();
  std::array<unsigned char, crypto::kNonceBytes> nonce{};
  std::array<char, crypto::kTagBytes> tag{};
  const std::string associated(96, 'x');
  std::string email = "\"ada.lovelace@example.com\"", username = "\"ada\"";
  bench::measure(state, [&](std::string&) {
    ++nonce[0];
    crypto::seal(key.bytes(), nonce, associated, email, tag);
    crypto::seal(key.bytes(), nonce, associated, username, tag);
  });
}

BENCHMARK(created_clear);
BENCHMARK(created_masked);
BENCHMARK(created_analytics);
BENCHMARK(created_minimal);
BENCHMARK(created_encrypted);
BENCHMARK(updated_clear);
BENCHMARK(updated_analytics);
BENCHMARK(reference_two_sealed);

}  // namespace
}  // namespace user_events::policy

BENCHMARK_MAIN();
