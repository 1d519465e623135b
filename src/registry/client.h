// What is asked of a schema registry: Confluent's REST interface
// (https://docs.confluent.io/platform/current/schema-registry/develop/api.html), which Apicurio, Karapace and Redpanda serve too.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compatibility/compatibility.h"
#include "destinations/registry_settings.h"
#include "user_events/error.h"

namespace user_events::registry {

inline constexpr std::uint64_t kMaxAnswerBytes = 2u << 20;
inline constexpr std::uint32_t kMaxId = 0x7FFF'FFFF;
inline constexpr std::size_t kMaxVersions = 1'000;  ///< Of one subject that are read.

/// What a registry calls `schemaType`.
using SchemaType = compatibility::Format;
/// As a registry spells it.
[[nodiscard]] std::string_view to_text(SchemaType type) noexcept;

struct Schema {
  SchemaType type = SchemaType::json;
  std::string text;
};

/// A registered version.
struct Registered {
  std::uint32_t id = 0;
  std::uint32_t version = 0;
  std::string text;
};

/// One call at a time, each at most `destinations::RegistrySettings::timeout` long. Used by one thread, except `stop`. Errors: unavailable (no answer, an
/// answer that cannot be right, 401, 403, 429, 5xx, a redirect: try again later), invalid (the registry refuses this schema). A message names
/// the registry and what it did, never a credential nor anything that it answered but its error code.
class Client {
 public:
  explicit Client(const destinations::RegistrySettings& options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// The id of this very schema under that subject; nothing if the registry does not have it there.
  [[nodiscard]] Result<std::optional<std::uint32_t>> look_up(const std::string& subject, const Schema& schema);
  /// Its id; a schema that is there keeps the one it has.
  [[nodiscard]] Result<std::uint32_t> add(const std::string& subject, const Schema& schema);
  /// Oldest first; only the newest unless `all`. Empty: no such subject.
  [[nodiscard]] Result<std::vector<Registered>> versions(const std::string& subject, bool all);
  /// Sets the subject's level (`BACKWARD`, …).
  [[nodiscard]] Result<void> set_compatibility(const std::string& subject, std::string_view level);

  /// Ends the call that is under way, and every later one at once, with `unavailable`. Thread-safe.
  void stop() noexcept;
  /// Calls so far, and those that ended with `unavailable`. Thread-safe.
  [[nodiscard]] std::uint64_t calls() const noexcept;
  [[nodiscard]] std::uint64_t failures() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace user_events::registry
