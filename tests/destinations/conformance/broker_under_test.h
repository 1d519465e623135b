// What a broker brings to be tested as every destination is: how to start the real thing, how to read what it has, how to hurt it.
// README.md says how to plug one in. Failures throw std::runtime_error.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "brokers/tcp_proxy.h"
#include "user_events/options.h"

namespace user_events::tests::conformance {

/// What not every broker can be asked for. One that is absent is named, with its reason, in docs/destinations/conformance.md.
enum class Capability : std::uint8_t {
  order,           ///< It keeps the order of a key's messages.
  restart,         ///< `stop`, then `start` with the same data at the same address.
  kill,            ///< What it acknowledged survives `kill`.
  pause,           ///< `pause` makes it stand still with its connections open.
  cut,             ///< It can be reached through a TCP proxy.
  poison,          ///< It never takes `poison_event()` (refused, or tried again until the attempts are used up) and takes others.
  oversize,        ///< It has a limit that `oversized_bytes()` exceeds.
  authentication,  ///< It asks who one is.
  unroutable,      ///< The place to send to can be missing.
};

inline constexpr std::pair<Capability, std::string_view> kCapabilityNames[] = {
    {Capability::order, "order"},         {Capability::restart, "restart"},   {Capability::kill, "kill"},
    {Capability::pause, "pause"},         {Capability::cut, "cut"},           {Capability::poison, "poison"},
    {Capability::oversize, "oversize"},   {Capability::authentication, "authentication"},
    {Capability::unroutable, "unroutable"},
};

/// A message as an independent reader of the broker sees it. Texts that the format does not carry are empty.
struct Received {
  std::string key, id, sequence, body;
  std::map<std::string, std::string> headers;
};

/// An event that this broker never takes.
struct PoisonEvent {
  std::string type = "user.created";
  std::size_t data_bytes = 0;
};

/// One real broker, shared by all tests of a program.
class BrokerUnderTest {
 public:
  virtual ~BrokerUnderTest() = default;

  /// Waits until it serves; does nothing while it does.
  virtual void start() = 0;
  /// So many of a load's events it is given: fewer where it takes only some dozens a second.
  [[nodiscard]] virtual std::size_t share_of(std::size_t events) const { return events; }
  /// Settings of a destination with a place of its own (topic, queue, file) that is there and empty. The broker runs.
  virtual DestinationOptions fresh() = 0;
  /// Everything that has arrived since `fresh` or `missing_place`, in the order of each key, what earlier calls returned included.
  virtual std::vector<Received> read_all() = 0;
  /// The key as consumers see it; empty: there is none on the wire.
  [[nodiscard]] virtual std::string wire_key(const std::string& key) const { return key; }

  virtual void stop() { absent("restart"); }
  virtual void kill() { absent("kill"); }
  virtual void pause() { absent("pause"); }
  virtual void resume() { absent("pause"); }
  /// The same settings with time-outs of a second or two, so that a broker that stands still is noticed within a test's time.
  [[nodiscard]] virtual DestinationOptions impatient(DestinationOptions options) const { return options; }

  /// The same settings by way of the proxy.
  virtual DestinationOptions through_proxy(DestinationOptions) { absent("cut"); }
  virtual TcpProxy& proxy() { absent("cut"); }

  [[nodiscard]] virtual PoisonEvent poison_event() const { absent("poison"); }
  [[nodiscard]] virtual std::size_t oversized_bytes() const { absent("oversize"); }

  [[nodiscard]] virtual DestinationOptions with_wrong_credentials(DestinationOptions) const { absent("authentication"); }
  /// What no text of ours may contain.
  [[nodiscard]] virtual std::vector<std::string> secrets() const { return {}; }

  /// Settings whose place is not there; `make_place` makes it, as a person would.
  virtual DestinationOptions missing_place() { absent("unroutable"); }
  virtual void make_place() { absent("unroutable"); }
  /// What the detail of health must name then.
  [[nodiscard]] virtual std::string place_name(const DestinationOptions& options) const { return options.topic; }

 private:
  [[noreturn]] static void absent(const char* capability) {
    throw std::logic_error(std::string("the broker under test lacks the capability ") + capability);
  }
};

/// One kind of destination, or a variant of one (a standard and a FIFO queue).
struct Subject {
  std::string name;                             ///< As in the table of docs/destinations/conformance.md.
  std::vector<Capability> absent;
  std::function<BrokerUnderTest&()> broker;     ///< Made at first use, kept until the program ends.

  [[nodiscard]] bool has(Capability capability) const {
    for (const auto each : absent)
      if (each == capability) return false;
    return true;
  }
};

/// Defined once in each test program.
std::vector<Subject> subjects();

}  // namespace user_events::tests::conformance
