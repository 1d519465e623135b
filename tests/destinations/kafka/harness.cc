#include "destinations/kafka/harness.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "destinations/encode.h"

namespace user_events::tests {

using destinations::Outcome;
using destinations::SendStatus;

KafkaBroker& broker() {
  static KafkaBroker the_broker;
  the_broker.start();  // does nothing while it runs
  return the_broker;
}

std::string fresh_topic() {
  static int number = 0;
  return "user.events." + std::to_string(++number);
}

DestinationOptions options_for(const std::string& topic, std::map<std::string, std::string> settings) {
  DestinationOptions options;
  options.name = "kafka";
  options.kind = "kafka";
  options.topic = topic;
  options.settings = std::move(settings);
  // Only who names no broker gets the shared one: asking for it starts it, and a sender that is killed could
  // not stop it.
  if (!options.settings.contains("kafka.bootstrap.servers"))
    options.settings["kafka.bootstrap.servers"] = broker().address();
  options.settings.try_emplace("settle", "200ms");
  return options;
}

Loop::Loop(const DestinationOptions& options, std::uint64_t count, std::uint64_t users, Saved saved)
    : options_(options), count_(count), users_(users), saved_(std::move(saved)) {
  auto config = destinations::kafka::parse(options);
  if (!config) throw std::runtime_error(describe(config.error()));
  destination_ = std::make_unique<destinations::kafka::KafkaDestination>(*std::move(config));
  for (std::uint64_t n = saved_.low_water + 1; n <= count; ++n)
    if (!saved_.acknowledged.contains(n)) pending_.insert(n);
}

Loop::~Loop() = default;

void Loop::start(const std::string& journal_id) {
  journal_id_ = journal_id;
  const auto started = destination_->start(saved_.resume, journal_id_, saved_.low_water);
  if (!started) throw std::runtime_error(describe(started.error()));
}

bool Loop::send(std::uint64_t sequence) {
  const std::string id = "event-" + std::to_string(sequence), user = "u-" + std::to_string(sequence % users_);
  const std::string data = "{\"pad\":\"" + std::string(data_bytes(sequence), 'x') + "\"}";
  destinations::Message message;
  message.envelope = {.id = id,
                      .source = "urn:test",
                      .type = "user.created",
                      .partition_key = user,
                      .time_ms = 1'700'000'000'000,
                      .traceparent = {},
                      .tracestate = {},
                      .extensions = {},
                      .data = data};
  message.position = {.journal_id = journal_id_, .sequence = sequence};
  return destination_->send(encode(options_, message)) == SendStatus::queued;
}

void Loop::step(std::chrono::milliseconds timeout) {
  while (!pending_.empty() && in_flight_.size() < kWindow) {
    const std::uint64_t next = *pending_.begin();
    if (!send(next)) break;
    ++sent_;
    pending_.erase(next);
    in_flight_.insert(next);
  }
  std::vector<destinations::Report> reports;
  destination_->poll(reports, timeout);
  for (const auto& report : reports) take(report);
  saved_.resume = destination_->resume_state();
  after_poll();
}

void Loop::take(const destinations::Report& report) {
  const bool was_sent = in_flight_.erase(report.sequence) != 0;
  if (report.outcome == Outcome::accepted) {
    if (was_sent || pending_.erase(report.sequence) != 0) {
      ++accepted_;
      advance(report.sequence);
    }
    return;
  }
  EXPECT_TRUE(was_sent) << report.sequence;
  EXPECT_FALSE(report.reason.empty());
  if (report.outcome == Outcome::refused) {
    refused_[report.sequence] = report.reason;
    // What `hold` means: this user's later events wait for a person.
    const std::uint64_t user = report.sequence % users_;
    held_users_.insert(user);
    std::erase_if(pending_, [&](std::uint64_t n) { return n > report.sequence && n % users_ == user; });
    return;
  }
  if (report.outcome == Outcome::in_doubt) ++in_doubt_;
  failures_.push_back(report.reason);
  if (!held_users_.contains(report.sequence % users_)) pending_.insert(report.sequence);
}

void Loop::advance(std::uint64_t sequence) {
  saved_.acknowledged.insert(sequence);
  while (!saved_.acknowledged.empty() && *saved_.acknowledged.begin() == saved_.low_water + 1) {
    saved_.acknowledged.erase(saved_.acknowledged.begin());
    ++saved_.low_water;
  }
}

bool Loop::run_until(const std::function<bool()>& done, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until) {
      ADD_FAILURE() << "not done in time: " << destination_->health().detail << "; accepted " << accepted_
                    << " of " << count_;
      return false;
    }
    step();
  }
  return true;
}

void Loop::close(std::chrono::milliseconds deadline) {
  destination_->close(deadline);
  std::vector<destinations::Report> reports;
  destination_->poll(reports, 0ms);
  for (const auto& report : reports) take(report);
  saved_.resume = destination_->resume_state();
}

std::uint64_t sequence_of(const KafkaRecord& record) {
  const std::string text = record.header("ce_sequence");
  return text.empty() ? 0 : std::stoull(text);
}

std::string check_order(const std::vector<KafkaRecord>& records) {
  std::map<std::string, std::uint64_t> last;
  std::set<std::uint64_t> seen;
  for (const KafkaRecord& record : records) {
    const std::uint64_t sequence = sequence_of(record);
    if (!seen.insert(sequence).second) return "twice: " + std::to_string(sequence);
    if (sequence < last[record.key])
      return record.key + ": " + std::to_string(sequence) + " after " + std::to_string(last[record.key]);
    last[record.key] = sequence;
  }
  return {};
}

std::string check_complete(const std::vector<KafkaRecord>& records, std::uint64_t count) {
  if (auto wrong = check_order(records); !wrong.empty()) return wrong;
  std::set<std::uint64_t> seen;
  for (const KafkaRecord& record : records) seen.insert(sequence_of(record));
  for (std::uint64_t n = 1; n <= count; ++n)
    if (!seen.contains(n)) return "missing: " + std::to_string(n);
  return seen.size() == count ? std::string() : "more than were sent";
}

void save_to_file(const Saved& saved, const std::string& path) {
  {
    std::ofstream file(path + ".new");
    file << saved.low_water << ' ' << saved.acknowledged.size();
    for (const std::uint64_t sequence : saved.acknowledged) file << ' ' << sequence;
    file << '\n' << saved.resume << '\n';
  }
  (void)std::rename((path + ".new").c_str(), path.c_str());
}

Saved load_from_file(const std::string& path) {
  Saved saved;
  std::ifstream file(path);
  std::size_t count = 0;
  file >> saved.low_water >> count;
  for (std::uint64_t sequence = 0; count > 0 && file >> sequence; --count)
    saved.acknowledged.insert(sequence);
  file.ignore(1);
  std::getline(file, saved.resume);
  return saved;
}

}  // namespace user_events::tests
