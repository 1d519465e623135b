#include "destinations/kafka/config.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <sstream>
#include <string_view>

#include "base/nearest.h"
#include "base/try.h"
#include "base/units.h"
#include "destinations/common_settings.h"

namespace user_events::destinations::kafka {
namespace {

constexpr std::string_view kPrefix = "kafka.";

/// Whose value, if it is another, voids a promise.
struct Guard {
  const char* property;
  std::string_view other_name;  ///< librdkafka's second name of it; empty: none.
  std::string_view required;
  bool voids_order;
  std::string_view promise;
};

// max.in.flight: a broker that knows nothing yet of a producer id takes any first sequence number of it, so
// with two requests under way the second can be stored though the first was refused, and a user's events
// would change order.
constexpr std::array kGuards = {
    Guard{"enable.idempotence", "", "true", true, "order per user and no duplicates on retries"},
    Guard{"acks", "request.required.acks", "-1", false, "accepted means durable on all in-sync replicas"},
    Guard{"enable.gapless.guarantee", "", "true", true, "order per user after a permanent failure"},
    Guard{"message.timeout.ms", "delivery.timeout.ms", "0", true,
          "order per user: an event that timed out would be overtaken"},
    Guard{"max.in.flight", "max.in.flight.requests.per.connection", "1", true,
          "order per user when a batch is refused"},
    Guard{"retries", "message.send.max.retries", "2147483647", true,
          "order per user: an event that ran out of retries would be overtaken"},
    Guard{"queuing.strategy", "", "fifo", true, "order per user"},
    Guard{"partitioner", "", "murmur2_random", false, "that a user keeps the partition other clients choose"},
};

constexpr std::array kPartitioners = {
    std::pair<std::string_view, Partitioner>{"murmur2_random", rd_kafka_msg_partitioner_murmur2_random},
    std::pair<std::string_view, Partitioner>{"murmur2", rd_kafka_msg_partitioner_murmur2},
    std::pair<std::string_view, Partitioner>{"consistent_random", rd_kafka_msg_partitioner_consistent_random},
    std::pair<std::string_view, Partitioner>{"consistent", rd_kafka_msg_partitioner_consistent},
    std::pair<std::string_view, Partitioner>{"fnv1a_random", rd_kafka_msg_partitioner_fnv1a_random},
    std::pair<std::string_view, Partitioner>{"fnv1a", rd_kafka_msg_partitioner_fnv1a},
    std::pair<std::string_view, Partitioner>{"random", rd_kafka_msg_partitioner_random},
};

bool is_secret(std::string_view property) {
  constexpr std::array<std::string_view, 5> kMarks = {"password", "secret", ".pem", "oauthbearer.config",
                                                      "kinit.cmd"};
  return std::ranges::any_of(
      kMarks, [&](std::string_view mark) { return property.find(mark) != std::string_view::npos; });
}

constexpr std::string_view kCode = "destination-setting";

/// `key` is the setting's (`kafka.acks`), `sentence` goes on behind it. The error's field names the key too,
/// so that its line in the configuration file can be found.
std::unexpected<Error> refuse(std::string_view key, std::string sentence, std::string hint = {}) {
  const std::string shown =
      key.starts_with(kPrefix) ? fmt::format("kafka.\"{}\"", key.substr(kPrefix.size())) : std::string(key);
  Error error{ErrorKind::usage, std::string(kCode), fmt::format("{} {}", shown, sentence), hint, {}};
  if (!hint.empty()) sentence += fmt::format(" ({})", hint);
  error.fields.push_back({std::string(key), std::string(kCode), std::move(sentence)});
  return std::unexpected(std::move(error));
}

std::string key_of(std::string_view property) { return fmt::format("{}{}", kPrefix, property); }

/// Keeps everything that is wrong, so that it is reported together.
class Problems {
 public:
  template <class T>
  void add(Result<T> result) {
    if (result) return;
    if (error_)
      error_->fields.insert(error_->fields.end(), result.error().fields.begin(), result.error().fields.end());
    else
      error_ = std::move(result).error();
  }
  [[nodiscard]] Result<void> result() && {
    if (error_) return std::unexpected(*std::move(error_));
    return {};
  }

 private:
  std::optional<Error> error_;
};

/// The names that librdkafka knows: it prints them, as the rows of a table, and tells them in no other way.
const std::vector<std::string>& known_properties() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* const stream = ::open_memstream(&text, &size);
    if (stream == nullptr) return out;
    rd_kafka_conf_properties_show(stream);
    (void)std::fclose(stream);
    const std::unique_ptr<char, decltype(&std::free)> owner(text, &std::free);
    std::istringstream lines{std::string(text, size)};
    for (std::string line; std::getline(lines, line);) {
      const std::string name = line.substr(0, line.find(' '));
      const bool is_row =
          line.find('|') != std::string::npos &&
          name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._") == std::string::npos;
      if (is_row && !name.empty()) out.push_back(name);
    }
    return out;
  }();
  return names;
}

Result<void> set(rd_kafka_conf_t* conf, const std::string& property, const std::string& value) {
  std::array<char, 512> reason{};
  const auto outcome = rd_kafka_conf_set(conf, property.c_str(), value.c_str(), reason.data(), reason.size());
  if (outcome == RD_KAFKA_CONF_OK) return {};
  if (outcome == RD_KAFKA_CONF_UNKNOWN) {
    const std::string near = base::nearest(property, known_properties());
    return refuse(key_of(property), fmt::format("is no property of librdkafka {}{}", rd_kafka_version_str(),
                                                near.empty() ? "" : fmt::format("; did you mean {}?", near)));
  }
  if (is_secret(property)) return refuse(key_of(property), "has a value that librdkafka refuses");
  std::string text(reason.data());
  const std::string quoted = fmt::format("\"{}\"", value);
  if (const auto at = text.find(quoted); at != std::string::npos) text.replace(at, quoted.size(), "given");
  return refuse(key_of(property), fmt::format("has a value that librdkafka refuses: {}", text));
}

std::string get(const rd_kafka_conf_t* conf, const char* property) {
  std::size_t size = 0;
  if (rd_kafka_conf_get(conf, property, nullptr, &size) != RD_KAFKA_CONF_OK || size == 0) return {};
  std::string value(size, '\0');
  (void)rd_kafka_conf_get(conf, property, value.data(), &size);
  while (!value.empty() && value.back() == '\0') value.pop_back();
  return value;
}

std::uint64_t get_number(const rd_kafka_conf_t* conf, const char* property) {
  const std::string text = get(conf, property);
  std::uint64_t value = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool gives(const Config& config, std::string_view property) {
  return std::ranges::any_of(config.properties, [&](const auto& pair) { return pair.first == property; });
}

Result<void> set_all(rd_kafka_conf_t* conf,
                     std::initializer_list<std::pair<const char*, std::string>> properties) {
  for (const auto& [property, value] : properties) UE_TRY(set(conf, property, value));
  return {};
}

/// Our defaults, then what the user gave.
Result<Conf> producer_base(const Config& config) {
  Conf conf(rd_kafka_conf_new());
  rd_kafka_conf_set_log_cb(conf.get(), forward_log);
  UE_TRY(set_all(conf.get(), {{"client.id", "user-events"},
                              {"enable.idempotence", "true"},
                              {"enable.gapless.guarantee", "true"},
                              {"acks", "all"},
                              {"message.timeout.ms", "0"},
                              {"max.in.flight", "1"},
                              {"partitioner", "murmur2_random"},
                              {"linger.ms", "5"},
                              {"queue.buffering.max.messages", std::to_string(kMaxQueuedMessages)},
                              {"queue.buffering.max.kbytes", std::to_string(kMaxQueuedKilobytes)},
                              {"topic.metadata.refresh.interval.ms", "10000"},
                              {"reconnect.backoff.max.ms", "2000"},
                              {"log.connection.close", "false"}}));
  for (const auto& [property, value] : config.properties) UE_TRY(set(conf.get(), property, value));
  return conf;
}

/// Idempotence refuses to go with some values that `unsafe` allows: then it is given up, unless it was asked
/// for.
Result<void> give_up_idempotence_where_needed(const Config& config, rd_kafka_conf_t* conf) {
  if (gives(config, "enable.idempotence") && get(conf, "enable.idempotence") == "true") return {};
  const bool clashes = get(conf, "acks") != "-1" || get(conf, "queuing.strategy") != "fifo" ||
                       get_number(conf, "retries") == 0 || get_number(conf, "max.in.flight") > 5;
  if (clashes) UE_TRY(set(conf, "enable.idempotence", "false"));
  if (get(conf, "enable.idempotence") == "false") UE_TRY(set(conf, "enable.gapless.guarantee", "false"));
  return {};
}

/// Under which name the user gave it; empty: he did not.
std::string_view given_name(const Config& config, const Guard& guard) {
  if (gives(config, guard.property)) return guard.property;
  return !guard.other_name.empty() && gives(config, guard.other_name) ? guard.other_name : std::string_view{};
}

Result<void> check_guards(Config& config, const rd_kafka_conf_t* conf, bool unsafe) {
  Problems problems;
  const Guard* consequence = nullptr;  // voided by another property only: that one is to be named
  bool names_one = false;
  const auto refuse_guard = [](std::string_view name, const Guard& guard) {
    return refuse(key_of(name), fmt::format("has a value that would void a promise: {}", guard.promise),
                  "remove it, or set unsafe = true for this destination");
  };
  for (const Guard& guard : kGuards) {
    const std::string value = get(conf, guard.property);
    if (value == guard.required) continue;
    if (unsafe) {
      config.notes.push_back(fmt::format("unsafe: {} = {} voids {}", guard.property, value, guard.promise));
      if (guard.voids_order) config.ordered_pipeline = false;
    } else if (const auto name = given_name(config, guard); !name.empty()) {
      problems.add<void>(refuse_guard(name, guard));
      names_one = true;
    } else if (consequence == nullptr) {
      consequence = &guard;
    }
  }
  if (consequence != nullptr && !names_one)
    problems.add<void>(refuse_guard(consequence->property, *consequence));
  if (!get(conf, "transactional.id").empty())
    problems.add<void>(refuse("kafka.transactional.id",
                              "is not supported: this destination uses no transactions", "remove it"));
  return std::move(problems).result();
}

Result<bool> parse_bool(const std::string& name, const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return refuse(name, "must be true or false");
}

Result<std::chrono::milliseconds> parse_settle(const std::string& text) {
  const auto time = base::parse_duration(text);
  if (time && *time <= std::chrono::hours(1)) return *time;
  return refuse("settle", "must be a time like 500ms or 2s", "at most 1h");
}

Result<void> check_topic(std::string_view topic) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  if (topic.empty())
    return refuse("topic", "is missing", "name the topic to send to: topic = \"user.events\"");
  if (topic.size() > 249 || topic == "." || topic == ".." || !std::ranges::all_of(topic, allowed)) {
    return refuse("topic", "is not a Kafka topic name", "1 to 249 of letters, digits, '.', '_' and '-'");
  }
  return {};
}

Result<void> read_settings(const DestinationOptions& options, Config& config, bool& unsafe) {
  Problems problems;
  const auto keep = [&problems](auto result, auto& out) {
    if (result)
      out = *std::move(result);
    else
      problems.add(std::move(result));
  };
  for (const auto& [name, value] : options.settings) {
    if (name.starts_with(kPrefix)) {
      config.properties.emplace_back(name.substr(kPrefix.size()), value);
    } else if (name == "unsafe") {
      keep(parse_bool(name, value), unsafe);
    } else if (name == "tombstones") {
      keep(parse_bool(name, value), config.tombstones);
    } else if (name == "settle") {
      keep(parse_settle(value), config.settle);
    } else if (!is_common_setting(name)) {
      problems.add<void>(refuse(name, "is no setting of a kafka destination",
                                "it takes kafka.\"…\" (any librdkafka property), tombstones, unsafe and settle"));
    }
  }
  return std::move(problems).result();
}

/// Everything that one look at each setting tells.
Result<void> check_each(const DestinationOptions& options, Config& config, bool& unsafe) {
  Problems problems;
  problems.add(check_topic(config.topic));
  problems.add(read_settings(options, config, unsafe));
  if (config.tombstones && !options.sign.empty())
    problems.add<void>(refuse("tombstones", "cannot go with sign: such a record has no body, and a signature is over one",
                              "sign another destination of these events, or leave tombstones out"));
  const Conf scratch(rd_kafka_conf_new());
  for (const auto& [property, value] : config.properties) problems.add(set(scratch.get(), property, value));
  if (!gives(config, "bootstrap.servers") && !gives(config, "metadata.broker.list") &&
      !gives(config, "test.mock.num.brokers"))
    problems.add<void>(
        refuse("kafka.bootstrap.servers", "is missing", R"(kafka."bootstrap.servers" = "host:9092")"));
  return std::move(problems).result();
}

/// The property that librdkafka's words are about, as far as they name one that was given.
std::string_view property_in(const Config& config, std::string_view text) {
  std::string_view found;
  for (const auto& [property, value] : config.properties)
    if (property.size() > found.size() && text.find(property) != std::string_view::npos) found = property;
  return found;
}

/// Some combinations are refused only when a client is made. Without brokers that makes no connection.
Result<void> check_by_making(const Config& config) {
  Config unconnected = config;
  std::erase_if(unconnected.properties, [](const auto& pair) {
    return pair.first == "bootstrap.servers" || pair.first == "metadata.broker.list" ||
           pair.first.starts_with("test.mock");
  });
  UE_TRY_ASSIGN(Conf conf, producer_conf(unconnected, {}));
  std::array<char, 512> text{};
  const Client client(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), text.data(), text.size()));
  if (!client) {
    const auto property = property_in(config, text.data());
    return refuse(key_of(property.empty() ? "*" : property),
                  fmt::format("is refused by librdkafka: {}", text.data()));
  }
  (void)conf.release();  // the client owns it now
  return {};
}

}  // namespace

Result<Config> parse(const DestinationOptions& options) {
  Config config;
  config.topic = options.topic;
  config.copies = !options.dead_letter_topic.empty();
  bool unsafe = false;
  UE_TRY(check_each(options, config, unsafe));

  UE_TRY_ASSIGN(Conf conf, producer_base(config));
  if (get(conf.get(), "bootstrap.servers").empty() && get_number(conf.get(), "test.mock.num.brokers") == 0)
    return refuse("kafka.bootstrap.servers", "is missing", R"(kafka."bootstrap.servers" = "host:9092")");
  UE_TRY(give_up_idempotence_where_needed(config, conf.get()));
  UE_TRY(check_guards(config, conf.get(), unsafe));

  const std::string partitioner = get(conf.get(), "partitioner");
  const auto* known =
      std::ranges::find(kPartitioners, partitioner, &std::pair<std::string_view, Partitioner>::first);
  if (known == kPartitioners.end()) return refuse("kafka.partitioner", "is not supported");
  config.partitioner = known->second;
  config.max_in_flight = static_cast<std::uint32_t>(get_number(conf.get(), "queue.buffering.max.messages"));
  if (config.max_in_flight == 0) config.max_in_flight = kMaxQueuedMessages;  // librdkafka's 0 is "no limit"
  if (gives(config, "message.max.bytes"))
    config.max_message_bytes = get_number(conf.get(), "message.max.bytes");
  config.batch_bytes = get_number(conf.get(), "batch.size");
  config.watch_interval =
      std::chrono::milliseconds(get_number(conf.get(), "topic.metadata.refresh.interval.ms"));
  config.watch_interval = std::clamp<std::chrono::milliseconds>(
      config.watch_interval, std::chrono::milliseconds(100), std::chrono::minutes(5));
  UE_TRY(check_by_making(config));
  return config;
}

Result<Conf> producer_conf(const Config& config, const ProducerLimits& limits) {
  UE_TRY_ASSIGN(Conf conf, producer_base(config));
  UE_TRY(give_up_idempotence_where_needed(config, conf.get()));
  if (get_number(conf.get(), "queue.buffering.max.messages") == 0)
    UE_TRY(set(conf.get(), "queue.buffering.max.messages", std::to_string(kMaxQueuedMessages)));
  if (limits.max_batch_bytes != 0) {
    // A topic's limit is one on batches: a batch of small events over it is refused like one large event.
    UE_TRY(set(conf.get(), "batch.size",
               std::to_string(std::clamp<std::uint64_t>(limits.max_batch_bytes, 1, config.batch_bytes))));
    // The exact check is ours; librdkafka's rough one must not come before it.
    if (config.max_message_bytes == 0)
      UE_TRY(set(conf.get(), "message.max.bytes",
                 std::to_string(std::clamp<std::uint64_t>(limits.max_batch_bytes + 1'024, config.copies ? kMaxCopyBytes : 1'000, 1'000'000'000))));
  }
  if (limits.one_message_batches) UE_TRY(set(conf.get(), "batch.num.messages", "1"));
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  return conf;
}

Result<Conf> reader_conf(const Config& config) {
  Conf conf(rd_kafka_conf_new());
  rd_kafka_conf_set_log_cb(conf.get(), forward_log);
  UE_TRY(set_all(conf.get(), {{"client.id", "user-events"}, {"reconnect.backoff.max.ms", "2000"}}));
  for (const auto& [property, value] : config.properties) UE_TRY(set(conf.get(), property, value));
  const std::uint64_t largest =
      std::max<std::uint64_t>(get_number(conf.get(), "message.max.bytes"), kMaxFetchedKilobytes * 1024ull);
  UE_TRY(set_all(conf.get(), {{"enable.partition.eof", "true"},
                              {"auto.offset.reset", "error"},
                              {"isolation.level", "read_uncommitted"},
                              {"enable.auto.commit", "false"},
                              {"auto.commit.enable", "false"},
                              {"queued.max.messages.kbytes", std::to_string(kMaxFetchedKilobytes)},
                              {"fetch.max.bytes", std::to_string(largest)},
                              {"receive.message.max.bytes", std::to_string(largest + (64ull << 20))},
                              {"fetch.wait.max.ms", "100"},
                              {"fetch.error.backoff.ms", "100"},
                              {"log.connection.close", "false"}}));
  return conf;
}

std::string picture_of_files(const Config& config) {
  std::string picture;
  for (const auto& [name, path] : config.properties) {
    struct stat now{};
    if (!name.ends_with(".location") || ::stat(path.c_str(), &now) != 0) continue;
    picture += fmt::format("{} {} {} {}.{}\n", name, now.st_ino, now.st_size, now.st_mtim.tv_sec, now.st_mtim.tv_nsec);
  }
  return picture;
}

}  // namespace user_events::destinations::kafka
