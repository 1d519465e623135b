#include "watched_destination.h"

#include <fmt/format.h>

namespace user_events::tests::conformance {

using destinations::Outcome;
using destinations::Report;
using destinations::SendStatus;

std::uint64_t Watch::count(Outcome outcome) const {
  std::lock_guard lock(mutex_);
  const auto found = outcomes_.find(outcome);
  return found == outcomes_.end() ? 0 : found->second;
}
std::uint64_t Watch::taken() const {
  std::lock_guard lock(mutex_);
  return taken_;
}
std::uint64_t Watch::in_flight() const {
  std::lock_guard lock(mutex_);
  return in_flight_.size();
}
std::set<std::string> Watch::reasons() const {
  std::lock_guard lock(mutex_);
  return reasons_;
}
std::vector<std::string> Watch::violations() const {
  std::lock_guard lock(mutex_);
  return violations_;
}

void Watch::began() {
  std::lock_guard lock(mutex_);
  in_flight_.clear();
}

void Watch::took(std::uint64_t sequence, std::uint32_t max_in_flight) {
  std::lock_guard lock(mutex_);
  ++taken_;
  if (!in_flight_.insert(sequence).second) violations_.push_back(fmt::format("event {} was taken while it was in flight", sequence));
  if (in_flight_.size() > max_in_flight) violations_.push_back(fmt::format("{} events in flight, max_in_flight is {}", in_flight_.size(), max_in_flight));
}

void Watch::reported(const Report& report) {
  std::lock_guard lock(mutex_);
  const bool was_sent = in_flight_.erase(report.sequence) != 0;
  if (!was_sent && report.found_id_mark == 0) violations_.push_back(fmt::format("event {} was reported without being in flight", report.sequence));
  if (was_sent) ++outcomes_[report.outcome];
  if ((report.outcome == Outcome::accepted) != report.reason.empty())
    violations_.push_back(fmt::format("event {}: outcome {} with the reason '{}'", report.sequence, static_cast<int>(report.outcome), report.reason));
  if (report.reason.find('\n') != std::string::npos) violations_.push_back("a reason of more than one line: " + report.reason);
  if (!report.reason.empty()) reasons_.insert(report.reason);
}

void Watch::ended() {
  std::lock_guard lock(mutex_);
  if (in_flight_.empty()) return;
  violations_.push_back(fmt::format("{} events, the first of them {}, had no report after close", in_flight_.size(), *in_flight_.begin()));
}

WatchedDestination::~WatchedDestination() { watch_.ended(); }

Result<void> WatchedDestination::start(std::string_view resume, std::string_view journal_id, std::uint64_t low_water) {
  watch_.began();
  return inner_->start(resume, journal_id, low_water);
}

SendStatus WatchedDestination::send(const destinations::Message& message) {
  const auto status = inner_->send(message);
  if (status == SendStatus::queued) watch_.took(message.position.sequence, inner_->features().max_in_flight);
  return status;
}

void WatchedDestination::poll(std::vector<Report>& out, std::chrono::milliseconds timeout) {
  const auto before = static_cast<std::ptrdiff_t>(out.size());
  inner_->poll(out, timeout);
  for (auto report = out.begin() + before; report != out.end(); ++report) watch_.reported(*report);
}

}  // namespace user_events::tests::conformance
