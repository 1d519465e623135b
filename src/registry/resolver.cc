#include "registry/resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "destinations/backoff.h"
#include "observability/log.h"
#include "registry/id_file.h"

namespace user_events::registry {
namespace {

using Clock = std::chrono::steady_clock;

struct Entry {
  std::string subject;
  Schema schema;
  std::string mark;
  destinations::Backoff pauses;
  Finding finding = {};
  bool wanted = false;  // somebody has asked for it
  bool failed = false;  // and the registry has not answered well
  Clock::time_point due{};    // when the registry is asked (again)
  Clock::time_point since{};  // of a refusal
};

constexpr std::string_view kTooMany = "there are more schemas than one destination may have";

}  // namespace

struct Resolver::Impl {
  explicit Impl(Settings given)
      : settings(std::move(given)), client(settings.registry), place(settings.registry.url) {
    if (!settings.ids_file.empty()) ids = read_ids(settings.ids_file, place);
    thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  ~Impl() {
    thread.request_stop();
    client.stop();
    {
      std::lock_guard lock(mutex);  // either it waits by now, or it sees the request
    }
    changed.notify_all();
    thread.join();
  }

  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      const auto next = next_due();
      const auto now = Clock::now();
      if (!next || entries[*next].due > now) {
        const auto until = next ? entries[*next].due : now + std::chrono::hours(1);
        changed.wait_until(lock, until);
        continue;
      }
      const std::string subject = entries[*next].subject;
      const Schema schema = entries[*next].schema;
      lock.unlock();
      const auto answer = resolve(client, settings.registry, subject, schema);
      lock.lock();
      if (!stop.stop_requested()) settle(entries[*next], answer);
      if (!std::exchange(unsaved, false)) continue;
      lock.unlock();
      save();
      lock.lock();
    }
  }

  [[nodiscard]] std::optional<std::size_t> next_due() const {
    std::optional<std::size_t> soonest;
    for (std::size_t i = 0; i < entries.size(); ++i)
      if (entries[i].wanted && entries[i].finding.found == Found::not_yet && (!soonest || entries[i].due < entries[*soonest].due)) soonest = i;
    return soonest;
  }

  void settle(Entry& entry, const Result<std::uint32_t>& answer) {
    if (answer && is_of_another(entry, *answer))
      return fail_entry(entry, fmt::format("registry {}: it gives one id to two schemas, subject {} among them (if it was emptied, remove the "
                                           "file {} and restart)", place, entry.subject, settings.ids_file));
    if (answer) {
      entry.finding = {Found::known, *answer, {}};
      entry.failed = false;
      entry.pauses.reset();
      ids[entry.mark] = entry.finding.id;
      unsaved = true;
      return;
    }
    if (answer.error().kind == ErrorKind::invalid) {
      entry.finding = {Found::refused, 0, describe(answer.error())};
      entry.since = Clock::now();
      observability::log().error("destination '{}': {}", settings.log_name, entry.finding.reason);
      return;
    }
    fail_entry(entry, describe(answer.error()));
  }

  /// The same text may stand under several subjects, with one id.
  [[nodiscard]] bool is_of_another(const Entry& entry, std::uint32_t id) const {
    return std::ranges::any_of(entries, [&](const Entry& other) {
      return other.finding.found == Found::known && other.finding.id == id && (other.schema.text != entry.schema.text || other.schema.type != entry.schema.type);
    });
  }

  void fail_entry(Entry& entry, std::string reason) {
    if (entry.finding.reason != reason) observability::log().warn("destination '{}': {}", settings.log_name, reason);
    entry.finding.reason = std::move(reason);
    entry.failed = true;
    entry.due = Clock::now() + std::max(entry.pauses.next(), std::chrono::milliseconds(1));
  }

  /// Without the mutex: nobody else changes `ids`, and who asks must not wait for a disk.
  void save() const {
    if (settings.ids_file.empty() || ids.size() > kMaxIds) return;
    if (const auto written = write_ids(settings.ids_file, place, ids); !written)
      observability::log().warn("destination '{}': the ids of its schemas are not kept: {}", settings.log_name, describe(written.error()));
  }

  Settings settings;
  Client client;
  const std::string place;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::vector<Entry> entries;
  Ids ids;  // changed by the thread alone, under the mutex
  bool unsaved = false;
  std::jthread thread;
};

Resolver::Resolver(Settings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
Resolver::~Resolver() = default;

std::size_t Resolver::add(std::string subject, Schema schema) {
  std::lock_guard lock(impl_->mutex);
  if (impl_->entries.size() > kMaxSchemas) return kMaxSchemas;
  std::string mark = fingerprint(subject, schema);
  const RetryOptions& retry = impl_->settings.retry;
  Entry& entry = impl_->entries.emplace_back(Entry{std::move(subject), std::move(schema), std::move(mark), {retry.initial, retry.max}});
  entry.finding.reason = fmt::format("registry {}: it is being asked for the id of the schema under subject {}", impl_->place, entry.subject);
  if (const auto known = impl_->ids.find(entry.mark); known != impl_->ids.end()) entry.finding = {Found::known, known->second, {}};
  if (impl_->entries.size() > kMaxSchemas) entry.finding = {Found::refused, 0, std::string(kTooMany)};
  return impl_->entries.size() - 1;
}

Finding Resolver::find(std::size_t number) {
  std::lock_guard lock(impl_->mutex);
  Entry& entry = impl_->entries.at(number);
  const bool asks_again = entry.finding.found == Found::refused && number < kMaxSchemas && Clock::now() - entry.since > kRefusalStands;
  const Finding finding = entry.finding;
  if (asks_again) entry.finding = {Found::not_yet, 0, finding.reason};
  if (asks_again || !std::exchange(entry.wanted, true)) {
    entry.due = Clock::now();
    impl_->changed.notify_all();
  }
  return asks_again ? entry.finding : finding;
}

std::string Resolver::waits_for() const {
  std::lock_guard lock(impl_->mutex);
  for (const Entry& entry : impl_->entries)
    if (entry.wanted && entry.finding.found == Found::not_yet && entry.failed) return "some events wait: " + entry.finding.reason;
  return {};
}

std::uint64_t Resolver::calls() const noexcept { return impl_->client.calls(); }
std::uint64_t Resolver::failures() const noexcept { return impl_->client.failures(); }

}  // namespace user_events::registry
