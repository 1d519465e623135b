#include "conformance.h"

#include <fmt/format.h>

#include <map>

#include "destinations/format.h"

namespace user_events::tests::conformance {
namespace {

/// The number that RunnerTest writes into each event's data, which is its sequence; 0: none. In every format, so that an event is known also
/// where the format carries no id.
std::uint64_t number_in(const std::string& body) {
  const auto at = body.find("\"n\":");
  return at == std::string::npos ? 0 : std::strtoull(body.c_str() + at + 4, nullptr, 10);
}

constexpr std::size_t kLargestAppend = 5'000;

}  // namespace

Conformance::Conformance() : broker_under_test_(GetParam().broker()) {
  broker_under_test_.start();
  // Enough attempts for the same event to be met by several faults; too few for an outage whose failures are counted as the event's.
  options_.retry.attempts = 10;
}

void Conformance::TearDown() {
  runner_.reset();
  broker_under_test_.start();
  for (const auto& one : watch_.violations()) ADD_FAILURE() << one;
}

void Conformance::use(const DestinationOptions& settings) {
  options_.kind = settings.kind;
  options_.topic = settings.topic;
  options_.format = settings.format;
  options_.encoding = settings.encoding;
  options_.settings = settings.settings;
}

void Conformance::start_delivery() {
  const auto* kind = destinations::find_kind(options_.kind);
  ASSERT_NE(kind, nullptr) << options_.kind;
  auto made = kind->make(options_);
  ASSERT_TRUE(made) << describe(made.error());
  auto encoder = destinations::make_json_encoder(*kind, options_);
  ASSERT_TRUE(encoder) << describe(encoder.error());
  const auto started = try_start(std::make_unique<WatchedDestination>(*std::move(made), watch_), *std::move(encoder));
  ASSERT_TRUE(started) << describe(started.error());
}

void Conformance::publish(std::size_t count, std::size_t users, std::size_t data_bytes) {
  count = broker_under_test_.share_of(count);
  while (count > 0) {
    std::vector<std::string> keys;
    for (; keys.size() < kLargestAppend && count > 0; --count) {
      keys.push_back("u-" + std::to_string(key_of_.size() % users));
      key_of_.push_back(keys.back());
    }
    append_batch(keys, "user.created", data_bytes);
  }
}

std::uint64_t Conformance::publish_one(const std::string& key, const std::string& type, std::size_t data_bytes) {
  key_of_.push_back(key);
  return append(key, type, data_bytes);
}

void Conformance::expect_drained() {
  EXPECT_TRUE(in_the_end([&] { return runner_->low_water() == journal_->durable_sequence(); }))
      << "done up to " << runner_->low_water() << " of " << journal_->durable_sequence() << "; " << health().detail;
}

std::string Conformance::check(const std::vector<Received>& received, const std::set<std::string>& without) {
  std::map<std::uint64_t, const Received*> first;
  std::map<std::string, std::uint64_t> last;
  for (const auto& one : received) {
    const auto number = number_in(one.body);
    if (number == 0 || number >= key_of_.size()) return "nobody published " + one.body.substr(0, 200);
    const auto& key = key_of_[number];
    const auto [known, is_first] = first.emplace(number, &one);
    if (!is_first) {
      if (known->second->body != one.body || known->second->id != one.id) return fmt::format("event {} was repeated with another id or other bytes", number);
      continue;
    }
    if (!one.id.empty() && one.id != "event-" + std::to_string(number)) return fmt::format("event {} has the id '{}'", number, one.id);
    if (!one.sequence.empty() && one.sequence != fmt::format("{:020}", number)) return fmt::format("event {} has the sequence '{}'", number, one.sequence);
    if (one.key != broker_under_test_.wire_key(key)) return fmt::format("event {} of {} has the key '{}'", number, key, one.key);
    if (without.contains(key)) return fmt::format("event {} of {} arrived", number, key);
    auto& before = last[key];
    if (GetParam().has(Capability::order) && number < before) return fmt::format("{}: event {} came after {}", key, number, before);
    before = number;
  }
  for (std::uint64_t number = 1; number < key_of_.size(); ++number)
    if (!without.contains(key_of_[number]) && !first.contains(number)) return fmt::format("event {} of {} is missing", number, key_of_[number]);
  return {};
}

void Conformance::expect_arrived(const std::set<std::string>& without) {
  std::string wrong;
  const auto arrived = [&] { return (wrong = check(broker_under_test_.read_all(), without)).empty(); };
  // A reader may lag behind an acknowledgement; what is wrong for good stays so.
  EXPECT_TRUE(eventually(arrived, milliseconds(5'000))) << wrong;
}

std::size_t Conformance::repeats() {
  std::map<std::uint64_t, std::size_t> copies;
  for (const auto& one : broker_under_test_.read_all()) ++copies[number_in(one.body)];
  std::size_t repeated = 0;
  for (const auto& [number, count] : copies) repeated += count - 1;
  return repeated;
}

void Conformance::expect_no_dead_letters() {
  const auto stored = letters();
  EXPECT_TRUE(stored.empty()) << stored.size() << " in the dead letter store, the first: " << stored.front().reason;
}

void Conformance::expect_no_secret() {
  std::vector<std::string> texts;
  const auto now = health();
  texts.push_back(now.detail);
  texts.insert(texts.end(), now.notes.begin(), now.notes.end());
  for (const auto& reason : watch_.reasons()) texts.push_back(reason);
  for (const auto& letter : letters()) texts.push_back(letter.reason);
  for (const auto& text : texts)
    for (const auto& secret : broker_under_test_.secrets()) EXPECT_EQ(text.find(secret), std::string::npos) << text;
}

std::vector<Subject> subjects_with(Capability capability) {
  std::vector<Subject> those;
  for (auto& each : subjects())
    if (each.has(capability)) those.push_back(std::move(each));
  return those;
}

}  // namespace user_events::tests::conformance
