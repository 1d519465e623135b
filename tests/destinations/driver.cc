#include "destinations/driver.h"

#include <stdexcept>

#include "destinations/encode.h"

namespace user_events::tests {

using destinations::SendStatus;

Driver::Driver(const DestinationOptions& options, std::uint64_t count, std::uint64_t users) : options_(options), users_(users), lanes_(users) {
  const auto* kind = destinations::find_kind(options.kind);
  if (kind == nullptr) throw std::runtime_error("no kind " + options.kind);
  auto made = kind->make(options);
  if (!made) throw std::runtime_error(describe(made.error()));
  destination_ = *std::move(made);
  for (std::uint64_t n = 1; n <= count; ++n) lanes_[n % users].waiting.push_back(n);
  for (std::uint64_t user = 0; user < users; ++user)
    if (!lanes_[user].waiting.empty()) ready_.push_back(user);
}

Driver::~Driver() = default;

void Driver::start() {
  if (const auto started = destination_->start({}, kJournal, 0); !started) throw std::runtime_error(describe(started.error()));
}

bool Driver::send(std::uint64_t sequence) {
  const std::string id = "event-" + std::to_string(sequence), user = "u-" + std::to_string(sequence % users_), event_type = type(sequence);
  const std::string data = R"({"pad":")" + std::string(data_bytes(sequence), 'x') + "\"}";
  destinations::Message message;
  message.envelope = {.id = id, .source = "urn:test", .type = event_type, .partition_key = user, .time_ms = 1'700'000'000'000, .data = data};
  message.position = {.journal_id = kJournal, .sequence = sequence};
  message.position.replay = replay(sequence);
  return destination_->send(encode(options_, message)) == SendStatus::queued;
}

void Driver::step(std::chrono::milliseconds timeout) {
  while (!ready_.empty()) {
    Lane& lane = lanes_[ready_.front()];
    if (!send(lane.waiting.front())) break;
    lane.busy = true;
    in_flight_.insert(lane.waiting.front());
    most_in_flight_ = std::max(most_in_flight_, in_flight_.size());
    ready_.pop_front();
  }
  std::vector<destinations::Report> reports;
  destination_->poll(reports, timeout);
  for (const auto& report : reports) take(report);
}

void Driver::take(const destinations::Report& report) {
  EXPECT_EQ(in_flight_.erase(report.sequence), 1u) << "a report for an event that is not under way: " << report.sequence;
  const std::uint64_t user = report.sequence % users_;
  Lane& lane = lanes_[user];
  lane.busy = false;
  ++outcomes_[report.outcome];
  EXPECT_EQ(report.reason.empty(), report.outcome == Outcome::accepted) << report.reason;
  if (report.outcome != Outcome::accepted) reasons_.insert(report.reason);
  if (report.outcome == Outcome::refused) {
    refused_[report.sequence] = report.reason;
    lane.held = true;  // what `hold` means: this user's later events wait for a person
    lane.waiting.clear();
    return;
  }
  if (report.outcome == Outcome::accepted) {
    ++accepted_;
    lane.waiting.pop_front();
  }
  if (!lane.waiting.empty()) ready_.push_back(user);
}

bool Driver::run_until(const std::function<bool()>& done, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until) {
      ADD_FAILURE() << "not done in time: " << detail() << "; accepted " << accepted_ << ", under way " << in_flight_.size();
      return false;
    }
    step();
  }
  return true;
}

bool Driver::run(std::chrono::milliseconds limit) {
  return run_until([this] { return ready_.empty() && in_flight_.empty(); }, limit);
}

bool Driver::wait_for(destinations::HealthState state, std::chrono::milliseconds limit) {
  return run_until([&] { return destination_->health().state == state; }, limit);
}

void Driver::close(std::chrono::milliseconds deadline) {
  destination_->close(deadline);
  std::vector<destinations::Report> reports;
  destination_->poll(reports, 0ms);
  for (const auto& report : reports) take(report);
}

std::string check_arrivals(const std::vector<Arrival>& arrivals, std::uint64_t count, std::uint64_t users, bool repetitions_allowed) {
  std::map<std::uint64_t, std::string> first;
  std::vector<std::uint64_t> last(users, 0);
  for (const Arrival& arrival : arrivals) {
    const std::uint64_t n = arrival.sequence.empty() ? 0 : std::stoull(arrival.sequence);
    if (n == 0 || n > count || arrival.id != "event-" + std::to_string(n)) return "an unknown event: " + arrival.id;
    if (const auto known = first.find(n); known != first.end()) {
      if (!repetitions_allowed) return "twice: " + arrival.id;
      if (known->second != arrival.body) return "again with other bytes: " + arrival.id;
      continue;
    }
    if (n < last[n % users]) return arrival.id + " after event-" + std::to_string(last[n % users]);
    last[n % users] = n;
    first.emplace(n, arrival.body);
  }
  for (std::uint64_t n = 1; n <= count; ++n)
    if (!first.contains(n)) return "missing: event-" + std::to_string(n);
  return {};
}

}  // namespace user_events::tests
