// The configuration file: reading it with all findings, and showing what is in force. Keys:
// docs/configuration.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "user_events/options.h"

namespace user_events::config {

/// Where a text came from that the file only refers to (`KEY_file`, `KEY_env`).
struct SecretSource {
  bool from_file = false;  ///< Else from the environment.
  std::string where;       ///< Path or name of the variable.
};

/// What a file said, and where its secrets came from.
struct Loaded {
  Options options;
  /// By `destination.NAME.KEY` or `KEY`.
  std::map<std::string, SecretSource, std::less<>> references;
  /// The line of every key of the file, by the same names; `destination.NAME` is where that destination
  /// begins.
  std::map<std::string, std::uint32_t, std::less<>> lines;

  /// The line of a key, else of what it belongs to, else 0.
  [[nodiscard]] std::uint32_t line_of(std::string_view key) const;
};

/// Reads a file of at most 1 MiB. Error `usage`: `message` is the first finding, `fields` are all of them
/// (pointer = the dotted key, detail = `FILE:LINE: sentence`), in the order of their lines. No finding
/// repeats a value.
[[nodiscard]] Result<Loaded> load_file(const std::string& path);
/// The same from text; `path` is for messages only.
[[nodiscard]] Result<Loaded> load_text(std::string_view text, const std::string& path);

/// An administrator's file: `[[destination]]` tables with `name` and settings of the kind, which are laid over those of the destination of
/// that name in `configured`. The destinations that it names, with what it says. Error as of `load_file`.
[[nodiscard]] Result<std::vector<DestinationOptions>> load_administrators(const std::string& path, const Options& configured);

/// The options as a TOML file with every key, defaults included. Secrets are shown as the reference they came
/// from, or as
/// `<redacted>`: settings whose name speaks of a secret, and the user and password in URLs.
[[nodiscard]] std::string show(const Loaded& loaded);

/// The same as a JSON object on one line: the keys of the tables dotted, `destination` a list of objects.
[[nodiscard]] std::string show_json(const Loaded& loaded);

/// Sets one key outside of the file (`--listen`), under the same checks. Error `usage`; `origin` (`--listen`)
/// begins the message.
[[nodiscard]] Result<void> set_text(Options& options, std::string_view key, std::string_view value,
                                    std::string_view origin);

}  // namespace user_events::config
