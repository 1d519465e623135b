// Who must be able to do what at a destination's broker, and the broker's own administration of it. What a broker calls a right, and how it
// is told of one, is in the broker's folder; what is the same for all is in the room `brokeraccess`.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::destinations {

/// The principal that stands for everybody.
inline constexpr std::string_view kAnybody = "*";

/// One right, in the broker's own words.
struct Right {
  std::string resource;    ///< `topic`, `group`, `exchange`, `queue`.
  std::string name;
  std::string operation;   ///< `Write`, `configure`, `sqs:SendMessage`.
  bool is_prefix = false;  ///< On every resource whose name begins with `name`.
  auto operator<=>(const Right&) const = default;
};

enum class Role : std::uint8_t { publisher, consumer };

struct Grant {
  Role role = Role::publisher;
  std::string principal;  ///< As the broker names it: `User:crm`, a RabbitMQ user, an ARN.
  Right right;
  auto operator<=>(const Grant&) const = default;
};

/// What one destination needs.
struct AccessNeeds {
  std::string broker;              ///< Whose access control it is: destinations with the same one are administered together.
  std::vector<Grant> grants = {};
  std::vector<std::string> notes = {};  ///< What a person should know beside them, a sentence each.
};

/// An entry of a broker's access control that touches the plan.
struct AccessEntry {
  std::string principal;       ///< Or `kAnybody`.
  bool is_denial = false;
  std::vector<Right> rights = {};   ///< Of the plan's rights, whoever they are planned for: those that it gives, or takes away.
  bool goes_beyond = false;    ///< It gives more than `rights`.
  bool is_conditional = false; ///< From some hosts only, or under a condition: it fulfils no need.
  bool is_removable = false;   ///< It is about nothing but the plan's own resources.
  std::string text = {};       ///< In the broker's words, one line.
};

/// What has to change at a broker.
struct AccessChanges {
  std::vector<Grant> add;
  std::vector<std::size_t> remove;  ///< Indices into what `look` returned last.
};

/// A broker's administration, with an administrator's credentials. Used by one thread; calls block, each request for some seconds at most.
class AccessAdministration {
 public:
  virtual ~AccessAdministration() = default;
  /// The entries that touch a right of `plan`, or that let a publisher of it do anything else. Error `unavailable` or `forbidden`.
  [[nodiscard]] virtual Result<std::vector<AccessEntry>> look(std::span<const Grant> plan) = 0;
  /// Takes `changes` up, after `look` with the same plan: what `apply` will do, a line each. Error: what cannot be done.
  [[nodiscard]] virtual Result<std::vector<std::string>> prepare(const AccessChanges& changes) = 0;
  /// Stops at the first change that the broker refuses; the error names it. Those before it are made. Doing it again is safe.
  [[nodiscard]] virtual Result<void> apply() = 0;
};

/// What a kind of destination brings if its broker has access control.
struct AccessControl {
  /// `types` are those that the destination gets. Error `usage` with a field for each setting that is wrong.
  Result<AccessNeeds> (*needs)(const DestinationOptions& options, std::span<const std::string> types);
  /// All grants of one broker as what its administrator is used to: commands, rules or documents.
  Result<std::string> (*as_text)(const DestinationOptions& options, std::span<const Grant> grants);
  /// `options` has an administrator's credentials. nullptr: user-events prints the plan, and people apply it.
  Result<std::unique_ptr<AccessAdministration>> (*administration)(const DestinationOptions& options) = nullptr;
};

/// An entry of `consumers`: `PRINCIPAL [group=NAME|PREFIX*] [queue=NAME]`. Names of people and services hold spaces, so the words are taken from the end.
struct Consumer {
  std::string principal, group, queue;
  bool group_is_prefix = false;

  /// Error `usage`.
  [[nodiscard]] static Result<Consumer> parse(std::string_view text);
};

/// The consumers of a destination; error `usage`, at `consumers`.
[[nodiscard]] Result<std::vector<Consumer>> consumers_of(const DestinationOptions& options);

/// Error `usage` of the setting `key`; `sentence` goes on behind it.
[[nodiscard]] std::unexpected<Error> refuse_access(std::string_view key, std::string sentence, std::string_view hint = {});

/// A word for a shell, between single quotes.
[[nodiscard]] std::string shell_word(std::string_view text);

}  // namespace user_events::destinations
