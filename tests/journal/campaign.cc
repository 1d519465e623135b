#include "campaign.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <thread>

namespace user_events::journal::test {
namespace {

constexpr int kGroups = 8;
constexpr std::chrono::milliseconds kPatience{5'000};

RequestMac mac_of(const std::string& payload) {
  RequestMac mac{};
  for (std::size_t i = 0; i < mac.size(); ++i) mac[i] = static_cast<std::byte>(payload[i % payload.size()]);
  return mac;
}

std::vector<RecordDraft> drafts_of(const RunBatch& batch) {
  std::vector<RecordDraft> drafts;
  for (std::size_t i = 0; i < batch.ids.size(); ++i) {
    RecordDraft draft;
    draft.id = batch.ids[i];
    draft.type = "user.created";
    draft.key = "user";
    draft.scope = "urn:run";
    draft.payload = batch.payloads[i];
    draft.id_from_caller = batch.caller_ids;
    draft.request_mac = mac_of(batch.payloads[i]);
    drafts.push_back(draft);
  }
  return drafts;
}

}  // namespace

Options run_options() {
  Options options;
  options.directory = "/data/journal";
  options.segment_bytes = 16u << 10;
  options.max_frame_bytes = 8u << 10;
  options.reserve_bytes = 0;
  options.recent_frames_bytes = 0;
  options.idempotency_window = std::chrono::milliseconds(1'000);
  options.retention_age = std::chrono::milliseconds(2'000);
  options.scrub_pause = std::chrono::milliseconds(0);
  return options;
}

std::uint64_t seed_count() {
  const char* chosen = std::getenv("UE_LONG");
  return chosen != nullptr && std::string(chosen) == "1" ? 200 : 20;
}

RunBatch Run::make_batch(user_events::test::SeededRandom& random) {
  RunBatch batch;
  batch.caller_ids = random.below(2) == 0;
  const std::uint64_t count = 1 + random.below(5);
  for (std::uint64_t i = 0; i < count; ++i) {
    batch.ids.push_back("run-" + std::to_string(next_id_++));
    batch.payloads.push_back(batch.ids.back() + ":" +
                             std::string(1 + random.below(1'500), static_cast<char>('a' + random.below(26))));
  }
  return batch;
}

void Run::submit(Journal& journal, RunBatch& batch, Waiting& waiting) {
  {
    const std::scoped_lock lock(waiting.mutex);
    ++waiting.open;
  }
  journal.append(drafts_of(batch), Backpressure::wait, [&](const Result<std::span<const Receipt>>& result) {
    const std::scoped_lock lock(waiting.mutex);
    batch.acknowledged = result.has_value();
    if (result)
      for (const Receipt& receipt : *result) batch.sequences.push_back(receipt.sequence);
    else
      batch.error = result.error();
    if (result && on_acknowledged_ && on_acknowledged_()) over_ = true;
    --waiting.open;
    waiting.changed.notify_one();
  });
}

void Run::wait_until_accepting(Journal& journal) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (!over_ && !journal.stats().accepting && std::chrono::steady_clock::now() < give_up)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  if (!over_ && !journal.stats().accepting) recovered_ = false;
}

void Run::go(ports::FileSystem& files, bool patient) {
  user_events::test::SeededRandom random(seed_);
  auto opened = Journal::open(files, clock_, random, run_options());
  if (!opened) {
    open_error_ = opened.error();
    return;
  }
  Journal& journal = **opened;
  batches_.reserve(batches_.size() + kGroups * 4);  // completions point into it
  for (int group = 0; group < kGroups && !over_; ++group) {
    clock_.advance(std::chrono::milliseconds(700));
    if (patient) wait_until_accepting(journal);
    Waiting waiting;
    const std::uint64_t at_once = 1 + random.below(3);
    for (std::uint64_t i = 0; i < at_once; ++i)
      submit(journal, batches_.emplace_back(make_batch(random)), waiting);
    std::unique_lock lock(waiting.mutex);
    waiting.changed.wait(lock, [&] { return waiting.open == 0; });
    if (group == kGroups / 2) needed_after_ = journal.durable_sequence();
    journal.set_needed_after(needed_after_);
    static_cast<void>(journal.apply_retention());
  }
  journal.close();
}

std::string Run::check(ports::FileSystem& files, bool goes_on) {
  user_events::test::SeededRandom random(seed_ + 1'000'003);
  const std::size_t batches = batches_.size();
  auto opened = Journal::open(files, clock_, random, run_options());
  if (!opened) return "does not open: " + describe(opened.error());
  Journal& journal = **opened;
  std::string wrong = check_records(journal);
  if (wrong.empty()) wrong = check_ids(journal);
  if (wrong.empty()) wrong = check_goes_on(journal);
  journal.close();
  if (!goes_on) batches_.resize(batches);
  return wrong;
}

std::string Run::check_goes_on(Journal& journal) {
  if (auto verified = journal.verify(); !verified) return "does not verify: " + describe(verified.error());
  user_events::test::SeededRandom random(seed_ + 2'000'003);
  RunBatch& more = batches_.emplace_back(make_batch(random));
  const auto receipts = journal.append_wait(drafts_of(more));
  if (!receipts) return "does not go on: " + describe(receipts.error());
  more.acknowledged = true;
  for (const Receipt& receipt : *receipts) more.sequences.push_back(receipt.sequence);
  if (auto verified = journal.verify(); !verified)
    return "does not verify at the end: " + describe(verified.error());
  return {};
}

std::string Run::check_records(Journal& journal) {
  std::map<std::uint64_t, std::pair<std::string, std::string>> found;  // sequence → id, payload
  std::set<std::string> found_ids;
  Reader reader = journal.reader(0);
  const std::uint64_t first = journal.stats().first_sequence;
  for (std::uint64_t expected = first;;) {
    const auto chunk = reader.next();
    if (!chunk) return "does not read: " + describe(chunk.error());
    if (chunk->empty()) break;
    for (std::size_t i = 0; i < chunk->size(); ++i) {
      const RecordView& record = (*chunk)[i];
      if (record.sequence != expected++)
        return "sequence " + std::to_string(record.sequence) + " is out of order";
      found[record.sequence] = {std::string(record.id), std::string(record.payload)};
      if (!found_ids.insert(std::string(record.id)).second) return std::string(record.id) + " is there twice";
    }
  }
  if (first > needed_after_ + 1) return "records are gone that were still needed";
  std::map<std::string, std::string> submitted;
  for (const RunBatch& batch : batches_) {
    std::size_t present = 0, removed = 0;
    for (std::size_t i = 0; i < batch.ids.size(); ++i) {
      submitted[batch.ids[i]] = batch.payloads[i];
      present += found_ids.contains(batch.ids[i]) ? 1u : 0u;
      if (!batch.acknowledged) continue;
      const std::uint64_t sequence = batch.sequences[i];
      if (sequence < first) {
        ++removed;
        continue;
      }
      const auto at = found.find(sequence);
      if (at == found.end()) return "acknowledged record " + std::to_string(sequence) + " is lost";
      if (at->second != std::pair(batch.ids[i], batch.payloads[i]))
        return "acknowledged record " + std::to_string(sequence) + " is another one now";
    }
    if (!batch.acknowledged && present != 0 && present != batch.ids.size()) return "half a batch is there";
    if (batch.acknowledged && present + removed != batch.ids.size()) return "half a batch is gone";
  }
  for (const auto& [sequence, record] : found)
    if (submitted[record.first] != record.second)
      return "record " + std::to_string(sequence) + " was never submitted";
  return {};
}

std::string Run::check_ids(Journal& journal) {
  const std::uint64_t first = journal.stats().first_sequence;
  for (const RunBatch& batch : batches_) {
    if (!batch.acknowledged || !batch.caller_ids || batch.sequences[0] < first) continue;
    const auto receipts = journal.append_wait(drafts_of(batch));
    if (!receipts) return "a repeated batch is refused: " + describe(receipts.error());
    for (std::size_t i = 0; i < receipts->size(); ++i)
      if (!(*receipts)[i].duplicate || (*receipts)[i].sequence != batch.sequences[i])
        return "a repeated id is taken for new: " + batch.ids[i];
  }
  return {};
}

// ---- Watchdog ----

struct Watchdog::State {
  std::mutex mutex;
  std::condition_variable done;
  bool finished = false;
  std::thread thread;
};

Watchdog::Watchdog(std::string what, std::chrono::seconds limit) : state_(std::make_unique<State>()) {
  state_->thread = std::thread([state = state_.get(), what = std::move(what), limit] {
    std::unique_lock lock(state->mutex);
    if (state->done.wait_for(lock, limit, [&] { return state->finished; })) return;
    std::fprintf(stderr, "hangs: %s\n", what.c_str());
    std::abort();
  });
}

Watchdog::~Watchdog() {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->finished = true;
  }
  state_->done.notify_one();
  state_->thread.join();
}

}  // namespace user_events::journal::test
