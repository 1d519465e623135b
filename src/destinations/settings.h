// Reads the settings of a destination: typed, with limits, and everything that is wrong reported together.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::destinations {

/// How a connection is secured. Files are PEM.
struct TlsSettings {
  bool enabled = false;
  bool verify = true;
  std::string ca_file;    ///< Empty: the system's.
  std::string cert_file;  ///< Client certificate; empty: none.
  std::string key_file;
};

struct HostPort {
  std::string host;  ///< An IPv6 address without brackets.
  std::uint16_t port = 0;
  [[nodiscard]] std::string text() const;
};
/// `name`, `name:port`, `::1`, `[::1]` or `[::1]:port`; nothing if it is none of them (a scheme, a user).
[[nodiscard]] std::optional<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port);

/// Asked for each setting once; what was not asked for is unknown. A wrong value gives the default and is kept as a finding. Not thread-safe.
class SettingsReader {
 public:
  explicit SettingsReader(const DestinationOptions& options) : options_(options) {}

  [[nodiscard]] std::string text(std::string_view key, std::string_view otherwise = {});
  [[nodiscard]] bool flag(std::string_view key, bool otherwise);
  [[nodiscard]] std::uint64_t number(std::string_view key, std::uint64_t otherwise, std::uint64_t least, std::uint64_t most);
  /// `500ms`, `30s`, `10m`, `1h`.
  [[nodiscard]] std::chrono::milliseconds duration(std::string_view key, std::chrono::milliseconds otherwise, std::chrono::milliseconds least,
                                                   std::chrono::milliseconds most);
  /// Separated by commas, spaces or line ends; empty parts are left out.
  [[nodiscard]] std::vector<std::string> list(std::string_view key);
  /// Those whose name begins with `prefix`, without it.
  [[nodiscard]] std::map<std::string, std::string> below(std::string_view prefix);
  /// `tls`, `tls_ca_file`, `tls_cert_file`, `tls_key_file`, `tls_verify`; `unsafe` is whether verification may be off.
  [[nodiscard]] TlsSettings tls(bool unsafe);
  [[nodiscard]] bool has(std::string_view key) const;

  /// A finding of the caller's: `key` is the setting's, `sentence` goes on behind it and never holds its value.
  void refuse(std::string_view key, std::string_view sentence, std::string_view hint = {});
  /// Error `usage` with a field for each finding, unknown settings included.
  [[nodiscard]] Result<void> finish();

 private:
  const DestinationOptions& options_;
  std::set<std::string, std::less<>> asked_;
  std::vector<FieldError> findings_;
};

}  // namespace user_events::destinations
