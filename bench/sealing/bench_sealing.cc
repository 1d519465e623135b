// Sealing on one core.
//
// Formation with sealing, by the processor time of the publishing thread and of the one that makes keys ahead and writes them down: 1,000,000 users known to the key store, uniform, without new ones and with one event in ten of a new one, with a key cache that
// holds everybody and with the default one. Sealing and one opening: beside the two bare AES-256-GCM operations over the same bytes with keys at hand, in the same run.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>

#include "common/key_ring.h"
#include "crypto/aead.h"
#include "formation/former.h"
#include "ports/random.h"
#include "privacy/sealed_record.h"
#include "user_events/events.h"

namespace user_events {
namespace {

constexpr std::uint64_t kUsers = 1'000'000;
constexpr int kRounds = 7;

using bench::KeyFolder;
using bench::must;
using bench::open_ring;

struct Bench {
  explicit Bench(privacy::KeyRing& keys) : ring(keys), former(catalogue, settings(), ports::system_clock(), ports::system_random()) {}
  [[nodiscard]] formation::Settings settings() const {
    formation::Settings out{"urn:example:user-service", {}, secret, {}};
    ring.derive("bench lane", out.lane_key.emplace());
    return out;
  }
  void form(std::uint64_t user) {
    batch.clear();
    event.user_id = "user-" + std::to_string(user);
    must(former.form(event, {}, {}, batch));
  }
  journal::RecordDraft seal() {
    const auto draft = batch.draft(0);
    must(privacy::seal_record(ring, {draft.id, draft.type, draft.key}, batch.room_to_seal(0)));
    batch.mark_sealed(0);
    return batch.draft(0);
  }

  privacy::KeyRing& ring;
  std::array<std::byte, 32> secret{};
  base::Live<catalogue::Catalogue> catalogue{must(catalogue::Catalogue::builtin())};
  formation::Former former;
  formation::FormedBatch batch;
  UserCreated event{.user_id = {}, .email = "ada.lovelace@example.com", .username = "ada", .status = "active"};
};

template <class Work>
double seconds(Work&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void formation_rate(privacy::KeyRing& ring, unsigned new_of_100, const std::string& name) {
  constexpr int kEvents = 200'000;
  Bench bench(ring);
  static std::uint64_t next_new = kUsers;
  std::mt19937_64 random(1);
  std::vector<double> sealed, clear;
  const auto run = [&](bool seal) {
    const double before = bench::cpu_seconds();
    for (int i = 0; i < kEvents; ++i) {
      bench.form(random() % 100 < new_of_100 ? next_new++ : random() % kUsers);
      if (seal) (void)bench.seal();
    }
    return kEvents / (bench::cpu_seconds() - before);
  };
  (void)run(true);
  for (int round = 0; round < kRounds; ++round) {
    clear.push_back(run(false));
    sealed.push_back(run(true));
  }
  bench::report(name, "events/s", bench::median(sealed), bench::median(clear));
}

void overhead(const KeyFolder& folder) {
  constexpr int kEvents = 200'000;
  const auto ring = open_ring(folder, 2 * kUsers);
  Bench bench(*ring);
  bench.form(1);
  const std::string clear(bench.batch.draft(0).payload);
  const auto lane = std::string(bench.batch.draft(0).key);
  const privacy::RecordNames names{"0197a1b2-0000-7000-8000-000000000001", "user.created", lane};
  std::string payload(privacy::kSealedHeadBytes, '\0'), scratch;
  payload.append(clear).append(privacy::kSealedTailBytes, '\0');
  const privacy::RecordOpener opener(ring.get());
  std::array<unsigned char, crypto::kNonceBytes> nonce{};
  std::array<char, crypto::kTagBytes> tag{};
  const auto key = crypto::SecretKey::random();
  std::string text = clear;
  const std::string associated(88, 'x');
  std::vector<double> ours, bare;
  for (int round = 0; round < kRounds; ++round) {
    bare.push_back(seconds([&] {
      for (int i = 0; i < kEvents; ++i) {
        nonce[0] = static_cast<unsigned char>(i);
        crypto::seal(key.bytes(), nonce, associated, text, tag);
        if (!crypto::open(key.bytes(), nonce, associated, text, tag)) bench::die("the cipher does not open what it sealed");
      }
    }));
    ours.push_back(seconds([&] {
      for (int i = 0; i < kEvents; ++i) {
        payload.replace(privacy::kSealedHeadBytes, clear.size(), clear);
        must(privacy::seal_record(*ring, names, payload));
        if (!opener.open(names, payload, scratch)) bench::die("a sealed record does not open");
      }
    }));
  }
  const double ns = 1e9 / kEvents;
  bench::report("seal and open a record of " + std::to_string(clear.size()) + " bytes", "ns", bench::median(ours) * ns, bench::median(bare) * ns);
}

void know_everybody(privacy::KeyRing& ring) {
  Bench bench(ring);
  for (std::uint64_t user = 0; user < kUsers; ++user) {
    bench.form(user);
    (void)bench.seal();
  }
}

}  // namespace
}  // namespace user_events

int main() {
  using namespace user_events;
  const KeyFolder folder;
  overhead(folder);
  auto ring = open_ring(folder, 2 * kUsers);
  know_everybody(*ring);
  formation_rate(*ring, 0, "user.created formed and sealed, all keys cached, per CPU second");
  formation_rate(*ring, 10, "the same, one event in ten of a new user, per CPU second");
  ring.reset();
  ring = open_ring(folder, 262'144);
  formation_rate(*ring, 10, "the same, a quarter of the keys cached, per CPU second");
}
