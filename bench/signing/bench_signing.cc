// Signing on one core: what the signing stage adds to encoding, for a user.created as CloudEvents JSON and for its data in binary mode.
//
// References: Ed25519 signatures a second as `openssl speed` counts them in the same run (argument; of 20 bytes each), and bare HMAC-SHA256 of OpenSSL over as
// many bytes. A tree of hashes over a batch with one Ed25519 signature is a prototype, measured beside them.
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "base/base64url.h"
#include "common/count_allocations.h"
#include "common/report.h"
#include "merkle.h"
#include "signing/encoder.h"
#include "signing/jws.h"
#include "support/temporary_directory.h"

namespace user_events {
namespace {

constexpr int kRounds = 7;
constexpr std::string_view kData =
    R"({"userId":"u-4711","email":"ada.lovelace@example.com","username":"ada","status":"active","registrationTimestamp":"2026-11-24T09:00:00.000Z"})";
constexpr encoding::Position kPosition{"1nkxnkn7hyaphvfz0884jfcnvk.fm9hm980", 42};

encoding::Envelope event() {
  return {.id = "0197a1b2-0000-7000-8000-000000000001",
          .source = "urn:example:user-service",
          .type = "user.created",
          .partition_key = "u-4711",
          .time_ms = 1'795'510'800'250,
          .data = kData};
}

/// Two keys in files.
struct Keys {
  Keys() {
    write("ed", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n");
    write("mac", std::string(64, 'a'));
    options.signing_keys = {{"2026-11", "EdDSA", {.file = folder.path() + "/ed", .env = {}, .credential = {}}}, {"2026-12", "HS256", {.file = folder.path() + "/mac", .env = {}, .credential = {}}}};
    for (const auto& [name, key, form] : {std::tuple{"eddsa", "2026-11", "jws"}, {"hs256", "2026-12", "jws"}, {"dsse", "2026-11", "dsse"}}) {
      auto& one = options.destinations.emplace_back();
      one.name = name;
      one.sign = key;
      one.signature = form;
    }
    book = bench::must(signing::KeyBook::load(options));
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder.path() + "/" + name) << text;
    ::chmod((folder.path() + "/" + name).c_str(), 0600);
  }
  test::TemporaryDirectory folder;
  Options options;
  std::unique_ptr<signing::KeyBook> book;
};

/// Of processor time, as `openssl speed` counts it.
template <class Work>
double nanoseconds(int times, Work&& work) {
  const double begin = bench::cpu_seconds();
  for (int i = 0; i < times; ++i) work();
  return 1e9 * (bench::cpu_seconds() - begin) / times;
}

/// Medians over rounds in turn, so that a busy machine hits both alike.
template <class First, class Second>
std::pair<double, double> compare(int times, First&& first, Second&& second) {
  std::vector<double> a, b;
  (void)nanoseconds(times / 10 + 1, first);
  (void)nanoseconds(times / 10 + 1, second);
  for (int round = 0; round < kRounds; ++round) {
    a.push_back(nanoseconds(times, first));
    b.push_back(nanoseconds(times, second));
  }
  return {bench::median(a), bench::median(b)};
}

auto encode_with(encoding::Encoder& encoder, encoding::Encoded& out) {
  return [&] {
    if (encoder.encode(event(), kPosition, out).readiness != encoding::Readiness::ready) bench::die("an event is not encoded");
  };
}

encoding::Format format_of(const std::string& text) { return text == "cloudevents" ? encoding::Format::cloudevents : encoding::Format::cloudevents_binary; }

struct Stage {
  double with_ns, without_ns;
  [[nodiscard]] double per_second() const { return 1e9 / (with_ns - without_ns); }
};

Stage measure(const Keys& keys, std::size_t destination, const std::string& format, int times) {
  auto options = keys.options.destinations[destination];
  options.format = format;
  const auto bare = encoding::make_json_encoder({.format = format_of(format)});
  const auto signing = signing::make_encoder(*keys.book, options, encoding::make_json_encoder({.format = format_of(format)}));
  encoding::Encoded out;
  const auto [with, without] = compare(times, encode_with(*signing, out), encode_with(*bare, out));
  const auto before = allocations_so_far();
  (void)nanoseconds(1'000, encode_with(*signing, out));
  bench::report(options.name + ", " + format + ": encoded and signed", "ns/event", with);
  bench::report(options.name + ", " + format + ": allocations by operator new", "per event", static_cast<double>(allocations_so_far() - before) / 1'000);
  return {with, without};
}

void ed25519(const Keys& keys, double openssl_per_second) {
  for (const std::string format : {"cloudevents", "cloudevents-binary"})
    bench::report("Ed25519, " + format + ": the signing stage", "events/s", measure(keys, 0, format, 2'000).per_second(), openssl_per_second);
  bench::report("DSSE, cloudevents: the signing stage", "events/s", measure(keys, 2, "cloudevents", 2'000).per_second(), openssl_per_second);
}

/// As many bytes as are signed for an event.
double bare_hmac_per_second(std::size_t size) {
  const std::string key(32, 'k'), text(size, 'x');
  unsigned char mac[32];
  const auto work = [&] { HMAC(EVP_sha256(), key.data(), 32, reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, nullptr); };
  return 1e9 / compare(100'000, work, work).first;
}

void hs256(const Keys& keys) {
  for (const std::string format : {"cloudevents", "cloudevents-binary"}) {
    const auto stage = measure(keys, 1, format, 100'000);
    auto options = keys.options.destinations[1];
    encoding::Encoded out;
    const auto encoder = signing::make_encoder(*keys.book, options, encoding::make_json_encoder({.format = format_of(format)}));
    encode_with(*encoder, out)();
    const std::size_t size = out.headers.begin()->value.find('.') + 1 + out.body.size();
    bench::report("HS256, " + format + ": the signing stage", "events/s", stage.per_second(), bare_hmac_per_second(size));
    bench::report("HS256, " + format + ": what is signed", "bytes", static_cast<double>(size));
  }
}

void merkle(const Keys& keys, double openssl_per_second) {
  signing::Signer signer(keys.book->key_of("eddsa"));
  const auto json = encoding::make_json_encoder({});
  encoding::Encoded out;
  const std::string head = signing::protected_head(signer.key(), "eddsa");
  std::string header, encoded;
  for (const int leaves : {16, 64, 256, 1'024}) {
    bench::MerkleBatch batch;
    std::size_t bytes = 0;
    const std::vector<std::string>* headers = nullptr;
    const auto work = [&] {
      batch.clear();
      for (int i = 0; i < leaves; ++i) {
        encode_with(*json, out)();
        header = head;
        signing::append_protected_tail(out, kPosition, header);
        encoded.clear();
        base::append_base64url(header, encoded);
        batch.add(encoded, out.body);
      }
      headers = &batch.sign(signer);
      bytes = headers->front().size() + encoded.size();
    };
    work();
    for (const auto& each : *headers)
      if (!bench::is_signed(each, encoded, out.body, signer)) bench::die("an event is not in its batch");
    const auto [with, without] = compare(std::max(1, 20'000 / leaves), work, [&] {
      for (int i = 0; i < leaves; ++i) encode_with(*json, out)();
    });
    const std::string name = "prototype: one Ed25519 signature for " + std::to_string(leaves) + " events";
    bench::report(name, "events/s", 1e9 * leaves / (with - without), openssl_per_second);
    bench::report(name + ": header", "bytes", static_cast<double>(bytes));
  }
}

}  // namespace
}  // namespace user_events

int main(int argc, char** argv) {
  using namespace user_events;
  const double openssl_per_second = argc == 2 ? std::atof(argv[1]) : 0;
  if (openssl_per_second <= 0) bench::die("the reference is missing: signatures a second of `openssl speed ed25519`");
  const Keys keys;
  hs256(keys);
  ed25519(keys, openssl_per_second);
  merkle(keys, openssl_per_second);
}
