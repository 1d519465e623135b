// What the benchmark needs of a broker. A new one is a file beside this one and a line in brokers.cc.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "destinations/load.h"
#include "destinations/sample.h"

namespace user_events::bench {

/// A client of the same library as the destination's, connected, that does nothing but send what is finished.
/// Ends the process on any failure.
class BareClient {
 public:
  BareClient() = default;
  virtual ~BareClient() = default;
  BareClient(const BareClient&) = delete;
  BareClient& operator=(const BareClient&) = delete;
  /// Before the clock runs: what of the next `send` can be made beforehand.
  virtual void prepare(std::span<const Event>) {}
  /// Sends all and waits until all are acknowledged. Tells `latencies` the index of each event, where the
  /// library tells of single ones.
  virtual void send(std::span<const Event> events, Latencies& latencies) = 0;
};

class Broker {
 public:
  Broker() = default;
  virtual ~Broker() = default;
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  /// The real server, on a port of its own.
  virtual void start() = 0;
  /// An empty topic, queue or stream for one run.
  virtual void make_place(const std::string& place) = 0;
  virtual void remove_place(const std::string& place) = 0;
  /// The destination's, with its defaults where nothing is said against it.
  [[nodiscard]] virtual DestinationOptions options(const std::string& place) const = 0;
  [[nodiscard]] virtual std::unique_ptr<BareClient> connect(const std::string& place) const = 0;
  /// The destination after a run, and at the end: what only this kind can tell.
  virtual void observe(const destinations::Destination&) {}
  virtual void report_observed(const std::string&) const {}
};

struct BrokerEntry {
  std::string_view name;  ///< `rabbitmq-quorum`: chosen by this name or by what stands before the hyphen.
  std::unique_ptr<Broker> (*make)();
  std::size_t events;  ///< Of a run: a second or two.
  /// Options of a destination of this kind that nobody will ever answer; not null: the library is also
  /// measured with it beside the live one.
  DestinationOptions (*dead)();
};

[[nodiscard]] std::span<const BrokerEntry> brokers();

}  // namespace user_events::bench
