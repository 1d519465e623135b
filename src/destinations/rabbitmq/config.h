// The settings of a RabbitMQ destination, checked once.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "destinations/name_template.h"
#include "destinations/place.h"
#include "destinations/settings.h"
#include "user_events/options.h"

namespace user_events::destinations::rabbitmq {

/// RabbitMQ's own default of `max_message_size`.
inline constexpr std::uint64_t kDefaultMaxMessageBytes = 128ull << 20;
/// Twice the 1,000 of the bare publisher it is measured against (bench/rabbitmq): on loopback the broker is then the limit.
inline constexpr std::uint32_t kDefaultMaxInFlight = 2'000;
/// Messages that wait for the connection's thread hold at most this much (one message may be larger).
inline constexpr std::uint64_t kMaxQueuedBytes = 32ull << 20;
/// AMQP's short strings: names, routing keys, message ids.
inline constexpr std::size_t kMaxShortBytes = 255;
/// RabbitMQ's own default of `frame_max`; the broker may ask for less.
inline constexpr int kFrameBytes = 131'072;

enum class Declare : std::uint8_t {
  none,    ///< Nothing is looked at; a missing exchange shows when the first event is sent.
  check,   ///< Exchange and queue, if one is named, must exist.
  create,  ///< They are made, and bound.
};

enum class QueueType : std::uint8_t { classic, quorum };

enum class Unroutable : std::uint8_t { retry, dead_letter };

struct Config {
  std::string name;                ///< Of the destination, for the log.
  std::vector<HostPort> hosts;
  std::string vhost, user, password;
  TlsSettings tls;
  std::vector<std::string> notes;  ///< Promises that `unsafe` settings void.
  std::string management_url;      ///< For `access apply|check` alone; empty: the first host, at the plugin's port.

  std::string exchange;
  NameTemplate routing_key;
  Unroutable unroutable = Unroutable::retry;

  Declare declare = Declare::check;
  std::string queue;  ///< Empty: none is looked at or made.
  QueueType queue_type = QueueType::quorum;
  std::string binding_key;

  std::uint32_t max_in_flight = kDefaultMaxInFlight;
  std::uint64_t max_message_bytes = kDefaultMaxMessageBytes;
  std::chrono::seconds heartbeat{10};
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds confirm_timeout{15'000};
  std::chrono::milliseconds reconnect_max{10'000};
};

/// Checks everything that can be checked without a connection. Error `usage`: `fields` has one for each setting that is wrong, its key
/// as the pointer. Never a value.
[[nodiscard]] Result<Config> parse(const DestinationOptions& options);

/// Where consumers find what it sends.
[[nodiscard]] Place place_of(const Config& config);

}  // namespace user_events::destinations::rabbitmq
