#include <fmt/format.h>

#include "base/json_text.h"
#include "config/bindings.h"
#include "config/config.h"
#include "config/redact.h"
#include "base/units.h"

namespace user_events::config {
namespace {

// A JSON string is a TOML basic string.
std::string quoted(std::string_view text) { return base::json_string(text); }

std::string quoted(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const auto& text : texts) out.append(out.size() > 1 ? ", " : "").append(quoted(text));
  return out + "]";
}

std::string slot_text(const TextSlot& slot) { return quoted(*slot.at); }
std::string slot_text(const ChoiceSlot& slot) {
  const std::size_t index = slot.get();
  return quoted(index < slot.names.size() ? slot.names[index] : std::string());
}
std::string slot_text(const FlagSlot& slot) { return *slot.at ? "true" : "false"; }
std::string slot_text(const CountSlot& slot) { return fmt::format("{}", *slot.at); }
std::string slot_text(const NumberSlot& slot) { return fmt::format("{:#}", *slot.at); }
std::string slot_text(const SizeSlot& slot) { return *slot.at == 0 ? "0" : quoted(base::size_text(*slot.at)); }
std::string slot_text(const DurationSlot& slot) { return quoted(base::duration_text(*slot.at)); }
std::string slot_text(const ListSlot& slot) { return quoted(*slot.at); }
/// What it is when nothing is said; what is said, its members show.
std::string slot_text(const PolicySlot&) { return quoted("trusted"); }

std::string redacted(std::string_view name, std::string_view value) {
  return speaks_of_a_secret(name) ? std::string(kRedacted) : without_query(without_user_info(value));
}

// `kafka.bootstrap.servers` is written kafka."bootstrap.servers".
std::string setting_key(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return std::string(name);
  return fmt::format("{}.{}", name.substr(0, dot), quoted(name.substr(dot + 1)));
}

/// A key with its value, which is written alike in TOML and in JSON.
struct Line {
  std::string key, value;
  bool is_setting = false;  ///< Of a kind of destination: its name has dots of its own.
};

Line line_of(const Loaded& loaded, const std::string& prefix, std::string_view key, std::string value,
             bool is_setting) {
  const auto found = loaded.references.find(prefix + std::string(key));
  if (found == loaded.references.end()) return {std::string(key), std::move(value), is_setting};
  return {fmt::format("{}{}", key, found->second.from_file ? "_file" : "_env"), quoted(found->second.where),
          is_setting};
}

/// A text that is not given has no value that could be written.
bool is_absent(const Binding& binding) {
  const auto* text = std::get_if<TextSlot>(&binding.slot);
  return std::holds_alternative<PolicySlot>(binding.slot) || (text != nullptr && text->at->empty());
}

void add_policy(const PrivacyPolicyOptions& policy, std::vector<Line>& lines) {
  for (const auto& [name, value] : policy) lines.push_back({fmt::format("privacy.{}", name), quoted(value)});
}

std::vector<Line> top_lines(const Loaded& loaded) {
  Options options = loaded.options;
  std::vector<Line> lines;
  for (const auto& binding : bind(options)) {
    if (is_absent(binding)) continue;
    lines.push_back(line_of(loaded, "", binding.name, value_text(binding), false));
  }
  return lines;
}

std::vector<Line> destination_lines(const Loaded& loaded, DestinationOptions destination) {
  const std::string prefix = fmt::format("destination.{}.", destination.name);
  std::vector<Line> lines;
  for (const auto& binding : bind(destination)) {
    if (is_absent(binding)) continue;
    lines.push_back(line_of(loaded, prefix, binding.name, value_text(binding), false));
  }
  add_policy(destination.privacy, lines);
  for (const auto& [name, value] : destination.settings)
    lines.push_back(line_of(loaded, prefix, name, quoted(redacted(name, value)), true));
  return lines;
}

/// Of a client, an issuer or a signing key.
template <class Entry>
std::vector<Line> entry_lines(const Loaded& loaded, std::string_view list_name, Entry entry) {
  const std::string prefix = fmt::format("{}.{}.", list_name, entry.name);
  std::vector<Line> lines;
  for (const auto& binding : bind(entry)) {
    if (is_absent(binding)) continue;
    const auto* text = std::get_if<TextSlot>(&binding.slot);
    lines.push_back(line_of(loaded, prefix, binding.name, text != nullptr ? quoted(redacted(binding.name, *text->at)) : value_text(binding), false));
  }
  if constexpr (requires { entry.privacy; }) add_policy(entry.privacy, lines);
  return lines;
}

/// `[[name]]` with its lines, for each entry.
template <class Entry>
std::string shown_entries(const Loaded& loaded, std::string_view list_name, const std::vector<Entry>& entries) {
  std::string out;
  for (const auto& entry : entries) {
    out += fmt::format("\n[[{}]]\n", list_name);
    for (const auto& line : entry_lines(loaded, list_name, entry)) out += fmt::format("{} = {}\n", line.key, line.value);
  }
  return out;
}

std::string json_members(const std::vector<Line>& lines) {
  std::string out;
  for (const auto& line : lines)
    out += fmt::format("{}{}:{}", out.empty() ? "" : ",", quoted(line.key), line.value);
  return out;
}

}  // namespace

std::string value_text(const Binding& binding) {
  return std::visit([](const auto& slot) { return slot_text(slot); }, binding.slot);
}

std::string show(const Loaded& loaded) {
  std::string out, table;
  for (const auto& line : top_lines(loaded)) {
    const auto dot = line.key.find('.');
    const std::string group = dot == std::string::npos ? std::string() : line.key.substr(0, dot);
    if (group != table) out += fmt::format("\n[{}]\n", group);
    table = group;
    out += fmt::format("{} = {}\n", line.key.substr(dot == std::string::npos ? 0 : dot + 1), line.value);
  }
  for (const auto& destination : loaded.options.destinations) {
    out += "\n[[destination]]\n";
    // Dotted keys of a table that is written elsewhere too would be refused by TOML: retry.* stay dotted,
    // nothing opens [retry].
    for (const auto& line : destination_lines(loaded, destination))
      out += fmt::format("{} = {}\n", line.is_setting ? setting_key(line.key) : line.key, line.value);
  }
  out += shown_entries(loaded, "client", loaded.options.http.clients);
  out += shown_entries(loaded, "issuer", loaded.options.http.issuers);
  out += shown_entries(loaded, "signing_key", loaded.options.signing_keys);
  return out;
}

std::string show_json(const Loaded& loaded) {
  const auto objects = [](const auto& entries, auto&& lines) {
    std::string out;
    for (const auto& entry : entries) out += fmt::format("{}{{{}}}", out.empty() ? "" : ",", json_members(lines(entry)));
    return out;
  };
  const auto& options = loaded.options;
  return fmt::format(
      R"({{{},"destination":[{}],"client":[{}],"issuer":[{}],"signing_key":[{}]}})", json_members(top_lines(loaded)),
      objects(options.destinations, [&](const auto& each) { return destination_lines(loaded, each); }),
      objects(options.http.clients, [&](const auto& each) { return entry_lines(loaded, "client", each); }),
      objects(options.http.issuers, [&](const auto& each) { return entry_lines(loaded, "issuer", each); }),
      objects(options.signing_keys, [&](const auto& each) { return entry_lines(loaded, "signing_key", each); }));
}

}  // namespace user_events::config
