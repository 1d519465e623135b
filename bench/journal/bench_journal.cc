// What the journal costs over a raw, pipelined write+fdatasync of the same payload bytes in the same batches,
// in one run. One JSON object a line: name, value, unit, and reference and ratio where there is one.
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <deque>
#include <mutex>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "common/report.h"
#include "journal/journal.h"
#include "support/temporary_directory.h"

namespace {

using namespace user_events;
using bench::die;
using bench::median;
using bench::must;
using bench::report;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kRecords = 1'000;
constexpr std::size_t kPayloadBytes = 400;
constexpr int kBatches = 250;
constexpr int kRepetitions = 7;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Events as a service would publish them.
struct Source {
  std::vector<std::string> ids, keys, payloads;
  std::vector<journal::RecordDraft> drafts;

  explicit Source(std::size_t count, bool caller_ids = false) {
    for (std::size_t i = 0; i < count; ++i) {
      ids.push_back("0197f3a0-0000-7000-8000-" + std::to_string(100'000'000'000 + i));
      keys.push_back("user-" + std::to_string(i % 1'000));
      payloads.emplace_back(kPayloadBytes, static_cast<char>('a' + i % 26));
    }
    for (std::size_t i = 0; i < count; ++i) {
      journal::RecordDraft draft;
      draft.id = ids[i];
      draft.type = "user.created";
      draft.key = keys[i];
      draft.scope = "urn:bench";
      draft.payload = payloads[i];
      draft.id_from_caller = caller_ids;
      drafts.push_back(draft);
    }
  }
  /// New ids for the next batch.
  void renumber(std::size_t batch) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      std::size_t number = batch * 1'000'000 + i;
      for (std::size_t digit = 36; digit-- > 24; number /= 10)
        ids[i][digit] = static_cast<char>('0' + number % 10);
    }
  }
};

/// A writer thread behind a bounded queue: what "pipelined" means for the reference.
double raw_batches_per_second(const std::string& path, const Source& source) {
  constexpr std::size_t kQueue = 8;
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (fd < 0) die("cannot open " + path);
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> queue, free;
  bool done = false;
  for (std::size_t i = 0; i < kQueue; ++i) free.emplace_back(kRecords * kPayloadBytes, '\0');
  const auto start = Clock::now();
  std::thread writer([&] {
    for (;;) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return done || !queue.empty(); });
      if (queue.empty()) return;
      std::string buffer = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      if (::write(fd, buffer.data(), buffer.size()) != static_cast<ssize_t>(buffer.size()))
        die("raw write failed");
      if (::fdatasync(fd) != 0) die("raw fdatasync failed");
      lock.lock();
      free.push_back(std::move(buffer));
      changed.notify_all();
    }
  });
  for (int batch = 0; batch < kBatches; ++batch) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return !free.empty(); });
    std::string buffer = std::move(free.front());
    free.pop_front();
    lock.unlock();
    for (std::size_t i = 0; i < kRecords; ++i)
      std::memcpy(buffer.data() + i * kPayloadBytes, source.payloads[i].data(), kPayloadBytes);
    lock.lock();
    queue.push_back(std::move(buffer));
    changed.notify_all();
  }
  {
    const std::scoped_lock lock(mutex);
    done = true;
  }
  changed.notify_all();
  writer.join();
  const double elapsed = seconds_since(start);
  ::close(fd);
  ::unlink(path.c_str());
  return kBatches / elapsed;
}

std::unique_ptr<journal::Journal> open(journal::Options options) {
  return must(journal::Journal::open(ports::posix_file_system(), ports::system_clock(), ports::system_random(), std::move(options)));
}

journal::Options options_in(const std::string& directory) {
  journal::Options options;
  options.directory = directory;
  return options;
}

void append_batches(journal::Journal& journal, Source& source, int batches, bool renumber = false) {
  std::atomic<int> completed{0};
  std::binary_semaphore all(0);
  for (int batch = 0; batch < batches; ++batch) {
    if (renumber) source.renumber(static_cast<std::size_t>(batch));
    journal.append(source.drafts, journal::Backpressure::wait, [&, batches](const auto& result) {
      if (!result) die(describe(result.error()));
      if (++completed == batches) all.release();
    });
  }
  all.acquire();
}

double journal_batches_per_second(const journal::Options& options, Source& source, bool renumber,
                                  double* frames) {
  const auto journal = open(options);
  const auto start = Clock::now();
  append_batches(*journal, source, kBatches, renumber);
  const double rate = kBatches / seconds_since(start);
  if (frames != nullptr) *frames = static_cast<double>(journal->stats().frames);
  journal->close();
  std::filesystem::remove_all(options.directory);
  return rate;
}

void bench_batches(const std::string& directory) {
  Source source(kRecords), with_ids(kRecords, true);
  const journal::Options options = options_in(directory + "/journal");
  journal::Options one_batch_a_frame = options;
  one_batch_a_frame.max_frame_bytes = 1;  // as many syncs as the reference
  std::vector<double> raw, journal, single, ids, frames;
  for (int i = 0; i < kRepetitions; ++i) {
    raw.push_back(raw_batches_per_second(directory + "/raw", source));
    frames.push_back(0);
    journal.push_back(journal_batches_per_second(options, source, false, &frames.back()));
    single.push_back(journal_batches_per_second(one_batch_a_frame, source, false, nullptr));
    ids.push_back(journal_batches_per_second(options, with_ids, true, nullptr));
  }
  report("journal append, batches of 1000 x 400 B", "events/s", median(journal) * kRecords, median(raw) * kRecords);
  report("journal append, the same with a sync for each batch", "events/s", median(single) * kRecords, median(raw) * kRecords);
  report("journal append, batches with ids of callers", "events/s", median(ids) * kRecords, median(raw) * kRecords);
  report("journal append, batches in a frame", "batches", kBatches / median(frames));
}

double thread_cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// What a caller pays for `append` in its own thread, in a journal that is warm.
void bench_append_cost(const std::string& directory) {
  constexpr int kCalls = 20;
  Source source(kRecords), with_ids(kRecords, true);
  std::string target(kRecords * kPayloadBytes * kCalls, '\1');
  std::vector<double> append_ns, ids_ns, memcpy_ns;
  const auto journal = open(options_in(directory + "/cost"));
  for (int round = 0; round < 5; ++round) append_batches(*journal, source, kCalls);
  const auto measure = [&](std::vector<double>& out, Source& from) {
    const double start = thread_cpu_seconds();
    for (int call = 0; call < kCalls; ++call)
      journal->append(from.drafts, journal::Backpressure::wait, [](const auto&) {});
    out.push_back((thread_cpu_seconds() - start) * 1e9 / (kRecords * kCalls));
    append_batches(*journal, source, 1);  // until all is durable
  };
  for (int repetition = 0; repetition < 3 * kRepetitions; ++repetition) {
    measure(append_ns, source);
    const double copy_start = thread_cpu_seconds();
    for (std::size_t i = 0; i < kRecords * kCalls; ++i)
      std::memcpy(target.data() + i * kPayloadBytes, source.payloads[i % kRecords].data(), kPayloadBytes);
    memcpy_ns.push_back((thread_cpu_seconds() - copy_start) * 1e9 / (kRecords * kCalls));
  }
  for (int repetition = 0; repetition < 3 * kRepetitions; ++repetition) {
    with_ids.renumber(static_cast<std::size_t>(repetition));
    measure(ids_ns, with_ids);
  }
  report("journal append call, CPU per record of a batch", "ns", median(append_ns), median(memcpy_ns));
  report("journal append call, the same with ids of callers (19 of 20 repeated)", "ns", median(ids_ns), median(memcpy_ns));
}

double percentile(std::vector<double>& values, double which) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(which * static_cast<double>(values.size() - 1))];
}

void bench_single(const std::string& directory) {
  constexpr int kCalls = 1'500;
  Source source(1);
  std::vector<double> raw, journal_us;
  const std::string path = directory + "/raw-single";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  const auto journal = open(options_in(directory + "/single"));
  for (int i = 0; i < kCalls; ++i) {
    auto start = Clock::now();
    if (::write(fd, source.payloads[0].data(), kPayloadBytes) < 0 || ::fdatasync(fd) != 0)
      die("raw write failed");
    raw.push_back(seconds_since(start) * 1e6);
    start = Clock::now();
    if (!journal->append_wait(source.drafts)) die("append failed");
    journal_us.push_back(seconds_since(start) * 1e6);
  }
  ::close(fd);
  report("journal append_wait of one event, p50", "us", percentile(journal_us, 0.5), percentile(raw, 0.5));
  report("journal append_wait of one event, p99", "us", percentile(journal_us, 0.99), percentile(raw, 0.99));
}

/// Each of 64 callers hands in its next event when the last one is durable, from one thread, as a server
/// does.
void bench_shared_commits(const std::string& directory) {
  constexpr std::ptrdiff_t kCallers = 64;
  constexpr int kEvents = 100'000;
  Source source(1);
  const auto journal = open(options_in(directory + "/shared"));
  std::counting_semaphore<kCallers> idle(kCallers);
  const auto start = Clock::now();
  for (int i = 0; i < kEvents; ++i) {
    idle.acquire();
    journal->append(source.drafts, journal::Backpressure::wait, [&](const auto& result) {
      if (!result) die(describe(result.error()));
      idle.release();
    });
  }
  for (std::ptrdiff_t i = 0; i < kCallers; ++i) idle.acquire();
  const double elapsed = seconds_since(start);
  report("journal, 64 callers with one event each", "events/s", kEvents / elapsed);
  report("journal, 64 callers: events in a frame", "events", kEvents / static_cast<double>(journal->stats().frames));
}

long resident_kib() {
  long pages = 0, resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

/// A large journal: opening it, and how much memory that takes.
void bench_start(const std::string& directory, int batches) {
  Source source(kRecords, true);
  {
    const auto journal = open(options_in(directory + "/large"));
    append_batches(*journal, source, batches, true);
  }
  ::malloc_trim(0);  // what the writing left behind must not hide what the opening takes
  const long before = resident_kib();
  const auto start = Clock::now();
  const auto journal = open(options_in(directory + "/large"));
  const double elapsed = seconds_since(start);
  const double million_ids = batches * static_cast<double>(kRecords) / 1e6;
  const auto stats = journal->stats();
  std::uint64_t index_bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory + "/large"))
    if (entry.path().extension() == ".ids") index_bytes += entry.file_size();
  report("journal start with " + std::to_string(batches / 1000) + " million records, all ids of callers", "ms", elapsed * 1e3);
  report("journal size on disk", "GB", static_cast<double>(stats.disk_bytes) / 1e9);
  report("journal memory after that start, added", "MiB", static_cast<double>(resident_kib() - before) / 1024);
  report("journal id index on disk, per million ids", "MiB", static_cast<double>(index_bytes) / million_ids / (1 << 20));
  source.renumber(999'999);
  const auto append_start = Clock::now();
  if (!journal->append_wait(source.drafts)) die("append failed");
  report("journal append of 1000 new ids over that journal", "ms", seconds_since(append_start) * 1e3);
  std::vector<double> find_us;
  for (std::size_t i = 0; i < kRecords; ++i) {
    const auto find_start = Clock::now();
    if (!journal->find("urn:bench", source.ids[i])) die("an event is not found");
    find_us.push_back(seconds_since(find_start) * 1e6);
  }
  report("journal find by a caller's id, p50", "us", percentile(find_us, 0.5));
}

}  // namespace

int main(int argc, char** argv) {
  const user_events::test::TemporaryDirectory directory;
  const std::string only = argc > 1 ? argv[1] : "";
  if (only.empty() || only == "batches") bench_batches(directory.path());
  if (only.empty() || only == "cost") bench_append_cost(directory.path());
  if (only.empty() || only == "single") bench_single(directory.path());
  if (only.empty() || only == "shared") bench_shared_commits(directory.path());
  if (only.empty() || only == "start") bench_start(directory.path(), argc > 2 ? std::atoi(argv[2]) : 5'000);
}
