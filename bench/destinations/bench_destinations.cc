// Every broker: the destination alone and the library with its journal, beside a bare client of the same
// library. All take turns in one process, each in an empty topic or queue of its own; medians of the rounds
// are reported.
//
// `run` beside this file starts it:
//     bench_destinations FOLDER [--rounds N] [--part PERCENT] [BROKER…]
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "destinations/brokers.h"
#include "destinations/runs.h"

namespace {

using namespace user_events;
using namespace user_events::bench;

/// The first round warms up broker and page cache with this part of the events, and is not counted.
constexpr std::size_t kWarmUpPart = 4;

struct Settings {
  std::string folder;
  std::size_t rounds = 3;
  std::size_t part_percent = 100;  ///< Of the usual number of events.
  std::vector<std::string_view> brokers;
};

class Bench {
 public:
  Bench(const BrokerEntry& entry, const Settings& settings)
      : entry_(entry),
        settings_(settings),
        events_(std::max(entry.events * settings.part_percent / 100, kWarmUpPart)),
        broker_(entry.make()),
        name_(entry.name) {
    broker_->start();
  }

  void run() {
    uniform();
    skewed();
    if (entry_.dead != nullptr) beside_dead();
  }

 private:
  template <class Run>
  Sample in_empty_place(Run&& run) {
    const std::string place = "bench-" + std::to_string(++places_);
    broker_->make_place(place);
    const Sample sample = run(place);
    broker_->remove_place(place);
    return sample;
  }

  Sample bare(const Load& load, std::size_t events) {
    return in_empty_place(
        [&](const std::string& place) { return run_bare(*broker_->connect(place), load, events); });
  }
  Sample destination(const Load& load, std::size_t events) {
    return in_empty_place([&](const std::string& place) {
      return run_destination(broker_->options(place), load, events,
                             [&](const auto& one) { broker_->observe(one); });
    });
  }
  Sample library(const Load& load, std::size_t events, std::vector<DestinationOptions> others = {}) {
    return in_empty_place([&](const std::string& place) {
      others.insert(others.begin(), broker_->options(place));
      return run_library(std::move(others), settings_.folder + "/data", load, events);
    });
  }

  /// `measure(first)` with a number that makes those compared take turns at coming first: who comes later
  /// finds the broker warmer.
  template <class Measure>
  void in_rounds(Measure&& measure) {
    for (std::size_t round = 0; round <= settings_.rounds; ++round)
      measure(round, round == 0 ? std::max<std::size_t>(events_ / kWarmUpPart, 1) : events_);
  }

  void uniform() {
    const Load load = make_load(events_, Skew::none);
    Comparison alone(name_ + " destination"), with_journal(name_ + " library");
    in_rounds([&](std::size_t round, std::size_t events) {
      Sample reference, ours, all;
      for (std::size_t turn = 0; turn < 3; ++turn) {
        if ((round + turn) % 3 == 0) reference = bare(load, events);
        if ((round + turn) % 3 == 1) ours = destination(load, events);
        if ((round + turn) % 3 == 2) all = library(load, events);
      }
      if (round == 0) return;
      alone.add(reference, ours);
      with_journal.add(reference, all);
    });
    alone.report();
    broker_->report_observed(name_ + " destination");
    with_journal.report();
  }

  void skewed() {
    const Load load = make_load(events_, Skew::zipf);
    Comparison comparison(name_ + " library, skewed");
    in_rounds([&](std::size_t round, std::size_t events) {
      Sample reference, all;
      for (std::size_t turn = 0; turn < 2; ++turn)
        ((round + turn) % 2 == 0 ? reference : all) =
            (round + turn) % 2 == 0 ? bare(load, events) : library(load, events);
      if (round != 0) comparison.add(reference, all);
    });
    comparison.report();
  }

  void beside_dead() {
    const Load load = make_load(events_, Skew::none);
    Comparison comparison(name_ + " library, a dead one beside");
    in_rounds([&](std::size_t round, std::size_t events) {
      Sample alone, beside;
      for (std::size_t turn = 0; turn < 2; ++turn)
        ((round + turn) % 2 == 0 ? alone : beside) =
            (round + turn) % 2 == 0 ? library(load, events) : library(load, events, {entry_.dead()});
      if (round != 0) comparison.add(alone, beside);
    });
    comparison.report_rate();
  }

  const BrokerEntry& entry_;
  const Settings& settings_;
  const std::size_t events_;
  const std::unique_ptr<Broker> broker_;
  const std::string name_;
  std::size_t places_ = 0;
};

std::size_t number_after(int& i, int argc, char** argv) {
  const long long number = ++i < argc ? std::atoll(argv[i]) : 0;
  if (number <= 0) die(std::string(argv[i - 1]) + " needs a number above 0");
  return static_cast<std::size_t>(number);
}

bool is_chosen(const BrokerEntry& entry, const Settings& settings) {
  return settings.brokers.empty() || std::ranges::any_of(settings.brokers, [&](auto word) {
           return entry.name == word || entry.name.starts_with(std::string(word) + "-");
         });
}

Settings read_arguments(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--rounds")
      settings.rounds = number_after(i, argc, argv);
    else if (word == "--part")
      settings.part_percent = number_after(i, argc, argv);
    else if (settings.folder.empty())
      settings.folder = word;
    else
      settings.brokers.push_back(word);
  }
  if (settings.folder.empty())
    die("usage: bench_destinations FOLDER [--rounds N] [--part PERCENT] [BROKER…]");
  for (const auto word : settings.brokers) {
    const Settings alone{.folder = {}, .brokers = {word}};
    if (std::ranges::any_of(brokers(), [&](const auto& entry) { return is_chosen(entry, alone); })) continue;
    std::string names;
    for (const auto& entry : brokers()) names += " " + std::string(entry.name);
    die("no broker '" + std::string(word) + "'; there are:" + names);
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = read_arguments(argc, argv);
  std::fprintf(stderr,
               "%u users, uniform; skewed: Zipf, exponent 1 (the first user has 8 %% of the events, 1 %% of "
               "them 62 %%)\n",
               kUsers);
  for (const auto& entry : brokers())
    if (is_chosen(entry, settings)) Bench(entry, settings).run();
}
