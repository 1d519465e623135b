// Who needs which permissions in a virtual host, and what a user's permissions mean for the plan. Without a broker.
#pragma once

#include <array>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "destinations/access.h"

namespace user_events::destinations::rabbitmq {

/// What a user may do is three patterns over the names of exchanges and queues alike. Empty: nothing.
inline constexpr std::array<std::string_view, 3> kOperations = {"configure", "write", "read"};

struct Permissions {
  std::string user;
  std::array<std::string, 3> patterns = {};  ///< By `kOperations`: regular expressions, not anchored.
  bool operator==(const Permissions&) const = default;
};

/// Matches these names and no others: `^user\.events$`, `^(a|b)$`, empty.
[[nodiscard]] std::string exact_pattern(const std::set<std::string>& names);

/// Whether the first alternative of `pattern` is `wanted`, which is not empty: it matches as much, whatever stands behind.
[[nodiscard]] bool begins_with(std::string_view pattern, std::string_view wanted) noexcept;

/// What the plan gives a user.
[[nodiscard]] Permissions planned(std::span<const Grant> plan, std::string_view user);

/// One for each of the patterns that touches a name of the plan, or that lets a publisher do anything else. `operation` is its index.
struct PatternEntry {
  std::size_t operation = 0;
  AccessEntry entry;
};
[[nodiscard]] std::vector<PatternEntry> entries_of(const Permissions& found, std::span<const Grant> plan);

/// `set_permissions` for a shell: `'' '^t$' ''`.
[[nodiscard]] std::string text_of(const Permissions& permissions);

[[nodiscard]] const AccessControl& access_control();

}  // namespace user_events::destinations::rabbitmq
