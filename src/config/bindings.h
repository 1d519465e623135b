// The one table of configuration keys: which member of the options each sets, of which type, in which range.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "user_events/options.h"

namespace user_events::config {

/// Says what is wrong with a text (without repeating it), or nothing.
using TextCheck = std::string (*)(std::string_view text);

struct TextSlot {
  std::string* at;
  TextCheck problem;  ///< May be null: any text but an empty one.
  std::string_view example;
};
/// One of a few names. `get` and `set` work on the index into `names`.
struct ChoiceSlot {
  std::vector<std::string> names;
  std::function<std::size_t()> get;
  std::function<void(std::size_t)> set;
};
struct FlagSlot {
  bool* at;
};
struct CountSlot {
  std::uint32_t* at;
  std::uint32_t least, most;
};
struct NumberSlot {
  double* at;
  double least, most;
};
struct SizeSlot {
  std::uint64_t* at;
  std::uint64_t least, most;
  bool zero = false;  ///< 0 is allowed beside the range.
};
struct DurationSlot {
  std::chrono::milliseconds* at;
  std::chrono::milliseconds least, most;
  bool zero = false;
};
struct ListSlot {
  std::vector<std::string>* at;
  TextCheck problem;  ///< Of one element.
  std::string_view example;
};
/// A table of its own, or a text that stands for its `preset`.
struct PolicySlot {
  PrivacyPolicyOptions* at;
};

struct Binding {
  std::string_view name;  ///< Dotted: `journal.segment_bytes`.
  std::variant<TextSlot, ChoiceSlot, FlagSlot, CountSlot, NumberSlot, SizeSlot, DurationSlot, ListSlot, PolicySlot> slot;
};

/// The keys outside of destinations, in documentation order. They point into `options`, which must outlive
/// them.
[[nodiscard]] std::vector<Binding> bind(Options& options);
/// The common keys of one destination.
[[nodiscard]] std::vector<Binding> bind(DestinationOptions& destination);
/// The keys of one client, of one issuer, of one signing key.
[[nodiscard]] std::vector<Binding> bind(ClientOptions& client);
[[nodiscard]] std::vector<Binding> bind(IssuerOptions& issuer);
[[nodiscard]] std::vector<Binding> bind(SigningKeyOptions& key);

/// Whether the binding has that key: its name, or one within a table of its own.
[[nodiscard]] bool has_key(const Binding& binding, std::string_view key);

/// The present value as it is written in TOML, without regard to secrets; of a PolicySlot its default.
[[nodiscard]] std::string value_text(const Binding& binding);

/// What the rules between keys say about `options`: one sentence each, naming the keys.
struct RuleFinding {
  std::string key;  ///< Dotted; of a destination: `destination.NAME.key`.
  std::string sentence;
};
/// Those about clients, issuers and TLS (`access_rules.cc`).
void check_access(const Options& options, std::vector<RuleFinding>& findings);
/// Those about signing keys and who signs with them (`signing_rules.cc`).
void check_signing(const Options& options, std::vector<RuleFinding>& findings);
[[nodiscard]] std::vector<RuleFinding> check_rules(const Options& options);

}  // namespace user_events::config
