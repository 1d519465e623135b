#include "destinations/rabbitmq/harness.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "destinations/encode.h"

namespace user_events::tests {

using destinations::Outcome;
using destinations::SendStatus;

RabbitBroker& broker() {
  static RabbitBroker the_broker;
  the_broker.start();  // does nothing while it runs
  return the_broker;
}

std::string fresh_name() {
  static int number = 0;
  return "user.events." + std::to_string(++number);
}

std::string fresh_exchange() {
  const std::string name = fresh_name();
  broker().declare_exchange(name);
  broker().declare_queue(name, name);
  return name;
}

DestinationOptions options_for(const std::string& exchange, std::map<std::string, std::string> settings) {
  DestinationOptions options;
  options.name = "rabbitmq";
  options.kind = "rabbitmq";
  options.topic = exchange;
  options.settings = std::move(settings);
  if (!options.settings.contains("hosts")) options.settings["hosts"] = broker().address();
  return options;
}

void Loop::ASSERT_OK(const Result<void>& result) {
  if (!result) throw std::runtime_error(describe(result.error()));
}

Loop::Loop(const DestinationOptions& options, std::uint64_t count, std::uint64_t users)
    : options_(options), count_(count), users_(users), pending_(count) {
  auto config = destinations::rabbitmq::parse(options);
  if (!config) throw std::runtime_error(describe(config.error()));
  destination_ = std::make_unique<destinations::rabbitmq::RabbitMqDestination>(*std::move(config));
  for (std::uint64_t n = 1; n <= count; ++n) {
    auto& events = waiting_[n % users];
    if (events.empty()) ready_.push_back(n % users);
    events.push_back(n);
  }
}

bool Loop::send(std::uint64_t sequence) {
  const std::string id = "event-" + std::to_string(sequence), user = "u-" + std::to_string(sequence % users_);
  const std::string data = "{\"pad\":\"" + std::string(data_bytes(sequence), 'x') + "\"}", of_type = type(sequence);
  destinations::Message message;
  message.envelope.id = id;
  message.envelope.source = "urn:test";
  message.envelope.type = of_type;
  message.envelope.partition_key = user;
  message.envelope.time_ms = 1'700'000'000'000;
  message.envelope.extensions = extensions;
  message.envelope.data = data;
  message.position = {.journal_id = "01JOURNAL0000000000000000A", .sequence = sequence, .replay = replay};
  const destinations::DeadLetterCause cause{.destination = "rabbitmq", .reason = "too sad", .attempts = 3};
  if (!dead_letter_queue.empty() && is_dead_letter(sequence)) {
    message.target = dead_letter_queue;
    message.dead_letter = &cause;
  }
  return destination_->send(encode(options_, message)) == SendStatus::queued;
}

void Loop::step(std::chrono::milliseconds timeout) {
  while (!ready_.empty() && send(waiting_[ready_.front()].front())) {
    ++sent_;
    ++in_flight_;
    --pending_;
    ready_.pop_front();
  }
  std::vector<destinations::Report> reports;
  destination_->poll(reports, timeout);
  for (const auto& report : reports) take(report);
}

void Loop::take(const destinations::Report& report) {
  const std::uint64_t user = report.sequence % users_;
  auto& events = waiting_[user];
  ASSERT_FALSE(events.empty()) << report.sequence;
  ASSERT_EQ(events.front(), report.sequence) << "a report for what was not under way";
  --in_flight_;
  ++outcomes_[report.outcome];
  EXPECT_EQ(report.reason.empty(), report.outcome == Outcome::accepted) << report.reason;
  if (!report.reason.empty()) reasons_.push_back(report.reason);
  if (report.outcome == Outcome::refused) {
    // What `hold` means: this user's later events wait for a person.
    refused_[report.sequence] = report.reason;
    pending_ -= events.size() - 1;
    return;
  }
  if (report.outcome == Outcome::accepted) {
    ++accepted_;
    events.pop_front();
    if (!events.empty()) ready_.push_back(user);
    return;
  }
  ++pending_;
  ready_.push_back(user);
}

bool Loop::run_until(const std::function<bool()>& done, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until) {
      ADD_FAILURE() << "not done in time: " << destination_->health().detail << "; accepted " << accepted_ << " of " << count_;
      return false;
    }
    step();
  }
  return true;
}

bool Loop::wait_for(destinations::HealthState state, const std::string& words, std::chrono::milliseconds limit) {
  return run_until(
      [&] {
        const auto health = destination_->health();
        return health.state == state && health.detail.find(words) != std::string::npos;
      },
      limit);
}

void Loop::close(std::chrono::milliseconds deadline) {
  destination_->close(deadline);
  std::vector<destinations::Report> reports;
  destination_->poll(reports, 0ms);
  for (const auto& report : reports) take(report);
}

std::uint64_t sequence_of(const RabbitRecord& record) {
  const std::string text = record.header("cloudEvents_sequence");
  return text.empty() ? 0 : std::stoull(text);
}

std::string check_complete(const std::vector<RabbitRecord>& records, std::uint64_t count, std::uint64_t users) {
  std::map<std::uint64_t, const RabbitRecord*> first;
  std::map<std::uint64_t, std::uint64_t> last;  // by user
  for (const RabbitRecord& record : records) {
    const std::uint64_t sequence = sequence_of(record);
    const auto [known, is_new] = first.emplace(sequence, &record);
    if (!is_new) {
      if (known->second->body != record.body || known->second->message_id != record.message_id) return "repeated with other content: " + std::to_string(sequence);
      continue;
    }
    if (sequence < last[sequence % users]) return std::to_string(sequence) + " after " + std::to_string(last[sequence % users]);
    last[sequence % users] = sequence;
  }
  for (std::uint64_t n = 1; n <= count; ++n)
    if (!first.contains(n)) return "missing: " + std::to_string(n);
  return first.size() == count ? std::string() : "more than were sent";
}

}  // namespace user_events::tests
