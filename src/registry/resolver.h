// Which id each schema of one destination has in its registry. A thread of its own asks; everybody else only looks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "registry/client.h"

namespace user_events::registry {

inline constexpr std::size_t kMaxSchemas = 10'000;  ///< Of one destination.
/// How long a refusal stands until the registry is asked again, should somebody ask: its rules may have been changed since.
inline constexpr std::chrono::seconds kRefusalStands{10};

enum class Found : std::uint8_t {
  not_yet,  ///< It is being asked, or did not answer well and is asked again after a pause.
  known,
  refused,  ///< The schema is incompatible, or no valid one to the registry.
};

struct Finding {
  Found found = Found::not_yet;
  std::uint32_t id = 0;
  std::string reason;  ///< Unless known: one line.
};

class Resolver {
 public:
  struct Settings {
    destinations::RegistrySettings registry;
    RetryOptions retry;      ///< Pauses are from its `initial` to its `max`, doubled each time.
    std::string ids_file;    ///< Where ids are kept; empty: nowhere.
    std::string log_name;    ///< The destination's.
  };
  /// Reads the file of ids and starts the thread. Never waits for the registry.
  explicit Resolver(Settings settings);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Makes the schema known; the number of it for `find`. Beyond kMaxSchemas: the last one, which then is refused.
  [[nodiscard]] std::size_t add(std::string subject, Schema schema);
  /// What is known now. Looks into memory only; the first for a schema begins the asking.
  [[nodiscard]] Finding find(std::size_t number);
  /// What is being waited for, one line; empty: nothing. Thread-safe.
  [[nodiscard]] std::string waits_for() const;
  [[nodiscard]] std::uint64_t calls() const noexcept;     ///< Requests to the registry so far. Thread-safe.
  [[nodiscard]] std::uint64_t failures() const noexcept;  ///< Those without a good answer. Thread-safe.

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The id of a schema after the settings: looked up, or checked and registered. Errors as Client's; `unavailable` too if it is not there and
/// may not be registered.
[[nodiscard]] Result<std::uint32_t> resolve(Client& client, const destinations::RegistrySettings& options, const std::string& subject, const Schema& schema);

/// Registers a schema that is not there yet, after it was checked, and its level set, if the settings name one. Its id. Errors as Client's.
[[nodiscard]] Result<std::uint32_t> put(Client& client, const destinations::RegistrySettings& options, const std::string& subject, const Schema& schema);

/// Error `invalid`, code `registry-incompatible`: after `level` (`backward`, …) the schema may not follow what the subject has. The check is our
/// own (docs/schema-compatibility.md).
[[nodiscard]] Result<void> check_compatible(Client& client, const std::string& level, const std::string& subject, const Schema& schema);

}  // namespace user_events::registry
