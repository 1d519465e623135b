// How fast the index follows a journal, and how long a search takes.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "audit/index.h"
#include "common/report.h"
#include "ports/clock.h"
#include "ports/file_system.h"
#include "ports/random.h"
#include "support/temporary_directory.h"

namespace {

using namespace user_events;
using std::chrono::duration;
using std::chrono::steady_clock;

constexpr std::uint64_t kUsers = 100'000, kPrincipals = 20, kTypes = 17, kBatch = 1'000;
constexpr int kRounds = 201;

std::uint64_t scrambled(std::uint64_t n) { return n * 0x9E3779B97F4A7C15u >> 20; }

void fill(journal::Journal& journal, std::uint64_t events) {
  const std::string payload(300, 'p');
  std::vector<std::string> ids(kBatch), keys(kBatch), scopes(kBatch), types(kBatch);
  for (std::uint64_t done = 0; done < events; done += kBatch) {
    std::vector<journal::RecordDraft> drafts(kBatch);
    for (std::uint64_t i = 0; i < kBatch; ++i) {
      const std::uint64_t n = scrambled(done + i);
      ids[i] = fmt::format("019ab000-0000-7000-8000-{:012x}", done + i);
      keys[i] = fmt::format("usr_{:032x}", n % kUsers);
      scopes[i] = fmt::format("urn:bench\nservice-{}", n % kPrincipals);
      types[i] = fmt::format("user.type.{}", n % kTypes);
      drafts[i].id = ids[i], drafts[i].key = keys[i], drafts[i].scope = scopes[i], drafts[i].type = types[i], drafts[i].payload = payload;
    }
    (void)bench::must(journal.append_wait(drafts));
  }
}

void measure(audit::Index& index, const std::string& name, const std::function<audit::IndexQuery(std::uint64_t)>& query) {
  std::vector<double> times;
  for (std::uint64_t i = 0; i < kRounds; ++i) {
    const auto wanted = query(scrambled(i));
    const auto start = steady_clock::now();
    (void)bench::must(index.search(wanted));
    times.push_back(duration<double, std::milli>(steady_clock::now() - start).count());
  }
  bench::report("audit search: " + name, "ms", bench::median(times));
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t events = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 5'000'000;
  const test::TemporaryDirectory directory;
  const std::filesystem::path folder = directory.path();
  auto journal = bench::must(journal::Journal::open(ports::posix_file_system(), ports::system_clock(), ports::system_random(), {.directory = folder / "journal"}));
  fill(*journal, events);
  const auto start = steady_clock::now();
  const double cpu = bench::cpu_seconds();
  auto index = bench::must(audit::Index::open(folder / "index.db", *journal, [](const journal::RecordView& record, std::string&) {
    return audit::Terms{record.key, record.scope.substr(record.scope.find('\n') + 1)};
  }));
  if (!index->wait_indexed(events, std::chrono::hours(2))) bench::die("the index does not follow: " + index->problem());
  bench::report("audit index: events indexed", "events/s", static_cast<double>(events) / duration<double>(steady_clock::now() - start).count());
  bench::report("audit index: processor time", "µs/event", (bench::cpu_seconds() - cpu) * 1e6 / static_cast<double>(events));
  bench::report("audit index: on disk", "bytes/event", static_cast<double>(std::filesystem::file_size(folder / "index.db")) / static_cast<double>(events));
  measure(*index, "one user", [](auto n) { return audit::IndexQuery{.users = {fmt::format("usr_{:032x}", n % kUsers)}}; });
  measure(*index, "one user and type", [](auto n) { return audit::IndexQuery{.users = {fmt::format("usr_{:032x}", n % kUsers)}, .types = {fmt::format("user.type.{}", n % kTypes)}}; });
  measure(*index, "one type, newest 100", [](auto n) { return audit::IndexQuery{.types = {fmt::format("user.type.{}", n % kTypes)}}; });
  measure(*index, "one principal and type, newest 100",
          [](auto n) { return audit::IndexQuery{.types = {fmt::format("user.type.{}", n % kTypes)}, .principal = fmt::format("service-{}", n % kPrincipals)}; });
  measure(*index, "oldest fifth, one user", [&](auto n) { return audit::IndexQuery{.users = {fmt::format("usr_{:032x}", n % kUsers)}, .last = events / 5}; });
}
