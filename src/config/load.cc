#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <ranges>
#include <set>

#include "base/nearest.h"
#include "base/try.h"
#include "config/assign.h"
#include "config/bindings.h"
#include "config/config.h"
#include "config/document.h"
#include "destinations/common_settings.h"
#include "destinations/destination.h"
#include "destinations/format.h"

namespace user_events::config {
namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;
constexpr std::size_t kMaxSecretBytes = 64 << 10;
constexpr std::size_t kMaxFindings = 32;
constexpr std::array<std::string_view, 4> kLists = {"client", "destination", "issuer", "signing_key"};

struct Finding {
  std::uint32_t line = 0;
  std::string key, code, sentence;  // `sentence` begins after the key
};

std::optional<std::string> read_file(const std::string& path, std::size_t most) {
  std::ifstream in(path, std::ios::binary);
  std::string text(most + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (!in && !in.eof())) return std::nullopt;
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

// The text of a destination's own setting. Lists are joined with commas, as brokers' own settings write them.
std::optional<std::string> setting_text(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value))
    return fmt::format("{}", fmt::join(*texts, ","));
  return std::nullopt;
}

// `KEY_file` and `KEY_env`: the text comes from a file or from the environment.
struct Reference {
  std::string key;  // without the suffix
  bool from_file = false;
};

std::optional<Reference> as_reference(std::string_view key) {
  if (key.ends_with("_file")) return Reference{std::string(key.substr(0, key.size() - 5)), true};
  if (key.ends_with("_env")) return Reference{std::string(key.substr(0, key.size() - 4)), false};
  return std::nullopt;
}

/// The referenced text, or what is wrong.
std::expected<std::string, std::string> resolve(const Reference& reference, const Value& value) {
  const auto* where = std::get_if<std::string>(&value);
  if (where == nullptr || where->empty()) {
    return std::unexpected(reference.from_file ? "is not the path of a file"
                                               : "is not the name of an environment variable");
  }
  if (!reference.from_file) {
    const char* text = std::getenv(where->c_str());
    if (text == nullptr || *text == '\0')
      return std::unexpected(fmt::format("names the environment variable {}, which is not set", *where));
    return text;
  }
  auto text = read_file(*where, kMaxSecretBytes);
  if (!text) return std::unexpected(fmt::format("names {}, which cannot be read", *where));
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  if (text->empty()) return std::unexpected(fmt::format("names {}, which is empty", *where));
  if (text->size() >= kMaxSecretBytes)
    return std::unexpected(fmt::format("names {}, which is larger than 64 KiB", *where));
  return *text;
}

/// Reads one section into its bindings. What is no common key is offered to the kind of destination, if there
/// is one.
class SectionReader {
 public:
  SectionReader(std::vector<Binding> bindings, const destinations::Kind* kind,
                DestinationOptions* destination, std::vector<Finding>& findings)
      : bindings_(std::move(bindings)), kind_(kind), destination_(destination), findings_(findings) {}
  /// A section without keys of a kind: the top, or a table of the list `list_name`.
  SectionReader(std::vector<Binding> bindings, std::string_view list_name, std::vector<Finding>& findings)
      : bindings_(std::move(bindings)), kind_(nullptr), destination_(nullptr), list_name_(list_name), findings_(findings) {}

  void read(const Section& section) {
    for (const auto& leaf : section.leaves) read(leaf);
  }
  [[nodiscard]] const std::map<std::string, SecretSource>& references() const { return references_; }

 private:
  void read(const Leaf& leaf) {
    if (std::string problem; set(leaf.key, leaf.value, problem)) {
      if (!problem.empty()) report(leaf, "config-value", std::move(problem));
      return;
    }
    if (const auto reference = as_reference(leaf.key); reference && takes_text(reference->key)) {
      read_reference(leaf, *reference);
      return;
    }
    const bool is_empty_section =
        std::holds_alternative<OtherValue>(leaf.value) &&
        std::ranges::any_of(known(), [&](const auto& name) { return name.starts_with(leaf.key + "."); });
    if (!is_empty_section) report_unknown(leaf);
  }

  // False: there is no such key here. A wrong value is `problem`.
  bool set(const std::string& key, const Value& value, std::string& problem) {
    const auto found = std::ranges::find_if(bindings_, [&key](const Binding& binding) { return has_key(binding, key); });
    if (found == bindings_.end() && !is_setting(key)) return false;
    if (!seen_.insert(key).second) {
      problem = "is given twice";
    } else if (found != bindings_.end()) {
      problem = assign(*found, key, value);
    } else if (auto text = setting_text(value)) {
      destination_->settings[key] = *std::move(text);
    } else {
      problem = fmt::format("cannot be a {}", std::get<OtherValue>(value).type);
    }
    return true;
  }

  void read_reference(const Leaf& leaf, const Reference& reference) {
    auto text = resolve(reference, leaf.value);
    if (!text) return report(leaf, "config-secret", std::move(text).error());
    references_[reference.key] = {reference.from_file, std::get<std::string>(leaf.value)};
    std::string problem;
    set(reference.key, *std::move(text), problem);
    if (!problem.empty()) report(leaf, "config-value", std::move(problem));
  }

  [[nodiscard]] bool is_setting(std::string_view key) const {
    if (kind_ == nullptr) return false;
    if (destinations::is_common_setting(key)) return true;
    const bool may_be_below_prefix = !as_reference(key);
    return std::ranges::any_of(kind_->settings, [&](std::string_view name) {
      return name == key || (may_be_below_prefix && name.ends_with('.') && key.starts_with(name) &&
                             key.size() > name.size());
    });
  }

  [[nodiscard]] bool takes_text(std::string_view key) const {
    const auto found = std::ranges::find(bindings_, key, &Binding::name);
    return found != bindings_.end() ? std::holds_alternative<TextSlot>(found->slot) : is_setting(key);
  }

  [[nodiscard]] std::vector<std::string> known() const {
    std::vector<std::string> names;
    for (const auto& binding : bindings_) names.emplace_back(binding.name);
    if (kind_ != nullptr) {
      names.insert(names.end(), kind_->settings.begin(), kind_->settings.end());
      const auto common = destinations::common_setting_names();
      names.insert(names.end(), common.begin(), common.end());
    }
    if (is_top()) names.insert(names.end(), kLists.begin(), kLists.end());
    return names;
  }

  void report_unknown(const Leaf& leaf) {
    const auto list = std::ranges::find_if(kLists, [&](std::string_view name) {
      return leaf.key.starts_with(name) && (leaf.key.size() == name.size() || leaf.key[name.size()] == '.');
    });
    if (is_top() && list != kLists.end())
      return report(leaf, "config-value", fmt::format("is no list of tables; write each {0} below a line [[{0}]]", *list));
    const auto names = known();
    std::string near = base::nearest(leaf.key, names);
    const auto last = [](std::string_view key) { return key.substr(key.rfind('.') + 1); };
    if (near.empty()) {  // the right name in the wrong table
      const auto found =
          std::ranges::find_if(names, [&](const auto& name) { return last(name) == last(leaf.key); });
      if (found != names.end()) near = *found;
    }
    std::string owner = kind_ != nullptr ? fmt::format(" of a {} destination", kind_->name) : "";
    if (!list_name_.empty()) owner = fmt::format(" of [[{}]]", list_name_);
    report(leaf, "config-unknown-key",
           fmt::format("is not a known key{}{}", owner,
                       near.empty() ? "; docs/configuration.md lists them"
                                    : fmt::format("; did you mean {}?", near)));
  }

  [[nodiscard]] bool is_top() const { return destination_ == nullptr && list_name_.empty(); }

  void report(const Leaf& leaf, std::string code, std::string sentence) {
    findings_.push_back({leaf.line, leaf.key, std::move(code), std::move(sentence)});
  }

  std::vector<Binding> bindings_;
  const destinations::Kind* kind_;
  DestinationOptions* destination_;
  std::string_view list_name_ = {};
  std::vector<Finding>& findings_;
  std::set<std::string> seen_;
  std::map<std::string, SecretSource> references_;
};

const std::string* text_of(const Section& section, std::string_view key) {
  const auto found = std::ranges::find(section.leaves, key, &Leaf::key);
  return found == section.leaves.end() ? nullptr : std::get_if<std::string>(&found->value);
}

/// The leaf of a setting, however its text is given; nullptr if it is not in the file.
const Leaf* leaf_of(const Section& section, std::string_view key) {
  const auto found = std::ranges::find_if(section.leaves, [&](const Leaf& leaf) {
    const auto reference = as_reference(leaf.key);
    return leaf.key == key || (reference && reference->key == key);
  });
  return found == section.leaves.end() ? nullptr : &*found;
}

/// What a kind says about its settings, each at its own line. Where the section has findings already (those
/// after `before`), what the kind says about settings that are not there, or about the same ones, may be
/// their consequence and is left out.
void add_kind_findings(const Section& section, const std::string& name, const Error& error,
                       std::size_t before, std::vector<Finding>& findings) {
  const std::size_t end = findings.size();
  const auto is_reported = [&](const std::string& key) {
    return std::any_of(findings.begin() + static_cast<std::ptrdiff_t>(before),
                       findings.begin() + static_cast<std::ptrdiff_t>(end),
                       [&](const Finding& finding) { return finding.key == key; });
  };
  const std::string whole = fmt::format("destination {}:", name);
  for (const auto& field : error.fields) {
    const Leaf* leaf = leaf_of(section, field.pointer);
    if (leaf != nullptr && !is_reported(leaf->key))
      findings.push_back({leaf->line, leaf->key, field.code, field.detail});
    if (leaf == nullptr && end == before)
      findings.push_back(
          {section.line, whole, field.code, fmt::format("{} {}", field.pointer, field.detail)});
  }
  if (error.fields.empty() && end == before)
    findings.push_back({section.line, whole, error.code, describe(error)});
}

void read_destination(const Section& section, Loaded& loaded, std::vector<Finding>& findings) {
  const std::size_t before = findings.size();
  const std::string* name = text_of(section, "name");
  const std::string* kind_name = text_of(section, "kind");
  if (name == nullptr)
    findings.push_back(
        {section.line, "destination", "config-missing", "has no name; write for example name = \"kafka\""});
  if (kind_name == nullptr) {
    findings.push_back(
        {section.line, "destination", "config-missing", "has no kind; write for example kind = \"kafka\""});
    return;
  }
  const auto* kind = destinations::find_kind(*kind_name);
  if (kind == nullptr) {
    std::vector<std::string> kinds;
    for (const auto& each : destinations::kinds()) kinds.emplace_back(each.name);
    const auto near = base::nearest(*kind_name, kinds);
    findings.push_back({section.line, "kind", "config-value",
                        fmt::format("is none of \"{}\"{}", fmt::join(kinds, "\", \""),
                                    near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near))});
    return;
  }
  auto& destination = loaded.options.destinations.emplace_back();
  SectionReader reader(bind(destination), kind, &destination, findings);
  reader.read(section);
  for (const auto& [key, reference] : reader.references()) {
    loaded.references.insert_or_assign(fmt::format("destination.{}.{}", destination.name, key), reference);
  }
  if (text_of(section, "format") == nullptr && destinations::is_data_alone(destination)) destination.format = "cloudevents-binary";
  if (const auto checked = destinations::check(*kind, destination); !checked)
    add_kind_findings(section, destination.name, checked.error(), before, findings);
}

/// Settings of the kind alone, laid over those of the destination that is configured under that name.
void read_administrator(const Section& section, const Options& configured, std::vector<DestinationOptions>& out, std::vector<Finding>& findings) {
  const std::size_t before = findings.size();
  const std::string* name = text_of(section, "name");
  const auto found = std::ranges::find_if(configured.destinations, [&](const auto& each) { return name != nullptr && each.name == *name; });
  if (found == configured.destinations.end())
    return findings.push_back({section.line, "destination", "config-value", "has no name of a destination that is configured"});
  DestinationOptions& destination = out.emplace_back(*found);
  auto bindings = bind(destination);
  std::erase_if(bindings, [](const Binding& binding) { return binding.name != "name"; });
  const auto* kind = destinations::find_kind(destination.kind);
  SectionReader reader(std::move(bindings), kind, &destination, findings);
  reader.read(section);
  if (const auto checked = kind->check(destination); !checked) add_kind_findings(section, destination.name, checked.error(), before, findings);
}

/// One table of `[[client]]`, `[[issuer]]` or `[[signing_key]]`. Each has a name, which its references and its lines go by.
template <class Entry>
void read_entry(const Section& section, std::string_view list_name, std::vector<Entry>& entries, Loaded& loaded, std::vector<Finding>& findings) {
  if (text_of(section, "name") == nullptr)
    findings.push_back({section.line, std::string(list_name), "config-missing", "has no name; write for example name = \"a\""});
  auto& entry = entries.emplace_back();
  SectionReader reader(bind(entry), list_name, findings);
  reader.read(section);
  for (const auto& [key, reference] : reader.references())
    loaded.references.insert_or_assign(fmt::format("{}.{}.{}", list_name, entry.name, key), reference);
}

void read_client(const Section& section, Loaded& loaded, std::vector<Finding>& findings) {
  read_entry(section, "client", loaded.options.http.clients, loaded, findings);
  const auto token = std::ranges::find(section.leaves, "token", &Leaf::key);
  if (token != section.leaves.end())
    findings.push_back({token->line, "token", "config-secret", "is a secret and does not belong here; write token_sha256, token_file or token_env"});
}

std::map<std::string, std::uint32_t, std::less<>> lines_of(const Document& document) {
  std::map<std::string, std::uint32_t, std::less<>> lines;
  const auto add = [&lines](const std::string& prefix, const Section& section) {
    for (const auto& leaf : section.leaves) {
      lines.insert_or_assign(prefix + leaf.key, leaf.line);
      if (const auto reference = as_reference(leaf.key))
        lines.try_emplace(prefix + reference->key, leaf.line);
    }
  };
  add("", document.top);
  const auto add_all = [&](std::string_view list_name, const std::vector<Section>& sections) {
    for (const auto& section : sections) {
      const std::string* name = text_of(section, "name");
      if (name == nullptr) continue;
      lines.insert_or_assign(fmt::format("{}.{}", list_name, *name), section.line);
      add(fmt::format("{}.{}.", list_name, *name), section);
    }
  };
  add_all("destination", document.destinations);
  add_all("client", document.clients);
  add_all("issuer", document.issuers);
  add_all("signing_key", document.signing_keys);
  return lines;
}

/// A rule over keys of which one is wrong by itself says nothing new.
void add_rule_findings(const Loaded& loaded, std::vector<Finding>& findings) {
  const std::size_t end = findings.size();
  for (auto& rule : check_rules(loaded.options)) {
    const bool is_consequence = std::any_of(
        findings.begin(), findings.begin() + static_cast<std::ptrdiff_t>(end), [&](const Finding& finding) {
          return rule.key.ends_with(finding.key) || rule.sentence.find(finding.key) != std::string::npos;
        });
    if (!is_consequence)
      findings.push_back(
          {std::max(loaded.line_of(rule.key), 1u), rule.key, "config-rule", std::move(rule.sentence)});
  }
}

Result<std::string> read_configuration(const std::string& path) {
  auto text = read_file(path, kMaxFileBytes);
  if (!text) return fail(ErrorKind::usage, "config-unreadable", fmt::format("{} cannot be read", path), "name the configuration file with --config FILE");
  if (text->size() > kMaxFileBytes) return fail(ErrorKind::usage, "config-too-large", fmt::format("{} is larger than 1 MiB", path));
  return *std::move(text);
}

Error to_error(std::vector<Finding> findings, const std::string& path) {
  std::ranges::stable_sort(findings, {}, &Finding::line);
  Error error{ErrorKind::usage, findings.front().code, {}, {}, {}};
  for (const auto& finding : findings | std::views::take(kMaxFindings)) {
    error.fields.push_back({finding.key, finding.code,
                            fmt::format("{}:{}: {} {}", path, finding.line, finding.key, finding.sentence)});
  }
  error.message = error.fields.front().detail;
  if (findings.size() > kMaxFindings)
    error.hint = fmt::format("there are {} errors; the first {} are listed", findings.size(), kMaxFindings);
  return error;
}

}  // namespace

std::uint32_t Loaded::line_of(std::string_view key) const {
  while (true) {
    if (const auto found = lines.find(key); found != lines.end()) return found->second;
    const auto dot = key.rfind('.');
    if (dot == std::string_view::npos) return 0;
    key = key.substr(0, dot);
  }
}

Result<Loaded> load_text(std::string_view text, const std::string& path) {
  UE_TRY_ASSIGN(const Document document, parse_document(text, path));
  Loaded loaded;
  std::vector<Finding> findings;
  SectionReader top(bind(loaded.options), "", findings);
  top.read(document.top);
  loaded.references.insert(top.references().begin(), top.references().end());
  for (const auto& section : document.destinations) read_destination(section, loaded, findings);
  for (const auto& section : document.clients) read_client(section, loaded, findings);
  for (const auto& section : document.issuers) read_entry(section, "issuer", loaded.options.http.issuers, loaded, findings);
  for (const auto& section : document.signing_keys) read_entry(section, "signing_key", loaded.options.signing_keys, loaded, findings);
  loaded.lines = lines_of(document);
  add_rule_findings(loaded, findings);
  if (!findings.empty()) return std::unexpected(to_error(std::move(findings), path));
  return loaded;
}

Result<Loaded> load_file(const std::string& path) {
  UE_TRY_ASSIGN(const std::string text, read_configuration(path));
  return load_text(text, path);
}

Result<std::vector<DestinationOptions>> load_administrators(const std::string& path, const Options& configured) {
  UE_TRY_ASSIGN(const std::string text, read_configuration(path));
  UE_TRY_ASSIGN(const Document document, parse_document(text, path));
  std::vector<Finding> findings;
  std::vector<DestinationOptions> out;
  if (!document.top.leaves.empty()) {
    const Leaf& leaf = document.top.leaves.front();
    findings.push_back({leaf.line, leaf.key, "config-unknown-key", "does not belong here; an administrator's file has [[destination]] tables alone"});
  }
  for (const auto& section : document.destinations) read_administrator(section, configured, out, findings);
  if (!findings.empty()) return std::unexpected(to_error(std::move(findings), path));
  return out;
}

Result<void> set_text(Options& options, std::string_view key, std::string_view value,
                      std::string_view origin) {
  const auto bindings = bind(options);
  const auto found = std::ranges::find(bindings, key, &Binding::name);
  if (found == bindings.end())
    return fail(ErrorKind::internal, "config-unknown-key", fmt::format("no key {}", key));
  const std::string problem = assign(*found, key, std::string(value));
  if (!problem.empty()) return fail(ErrorKind::usage, "config-value", fmt::format("{} {}", origin, problem));
  return {};
}

}  // namespace user_events::config

namespace user_events {

Result<Options> Options::load(const std::string& path) {
  auto loaded = config::load_file(path);
  if (!loaded) {
    Error error = std::move(loaded).error();
    if (error.fields.size() > 1 && error.hint.empty())
      error.hint =
          fmt::format("{} more: user-events config check --config {}", error.fields.size() - 1, path);
    return std::unexpected(std::move(error));
  }
  return std::move(loaded->options);
}

}  // namespace user_events
