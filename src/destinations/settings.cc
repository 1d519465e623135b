#include "destinations/settings.h"

#include <fmt/format.h>

#include <optional>

#include "base/nearest.h"
#include "base/units.h"
#include "destinations/common_settings.h"

namespace user_events::destinations {
namespace {

constexpr std::string_view kCode = "destination-setting";

std::string time_text(std::chrono::milliseconds value) {
  return value.count() % 1'000 == 0 ? fmt::format("{}s", value.count() / 1'000) : fmt::format("{}ms", value.count());
}

}  // namespace

std::string HostPort::text() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port) {
  HostPort out{.host = std::string(text), .port = default_port};
  std::string_view rest;
  if (const auto colon = text.find(':'); text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    out.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else if (colon == text.rfind(':') && colon != std::string_view::npos) {  // several: an IPv6 address without a port
    out.host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (out.host.empty() || out.host.find_first_of("@/, []") != std::string::npos) return std::nullopt;
  if (rest.empty()) return out;
  const auto port = base::whole_number(rest.substr(1));
  if (rest.front() != ':' || !port || *port < 1 || *port > 65'535) return std::nullopt;
  out.port = static_cast<std::uint16_t>(*port);
  return out;
}

std::string SettingsReader::text(std::string_view key, std::string_view otherwise) {
  asked_.emplace(key);
  const auto found = options_.settings.find(std::string(key));
  return found == options_.settings.end() ? std::string(otherwise) : found->second;
}

bool SettingsReader::has(std::string_view key) const { return options_.settings.contains(std::string(key)); }

bool SettingsReader::flag(std::string_view key, bool otherwise) {
  const std::string value = text(key, otherwise ? "true" : "false");
  if (value != "true" && value != "false") refuse(key, "must be true or false");
  return value == "true";
}

std::uint64_t SettingsReader::number(std::string_view key, std::uint64_t otherwise, std::uint64_t least, std::uint64_t most) {
  const std::string value = text(key);
  if (!has(key)) return otherwise;
  const auto parsed = base::whole_number(value);
  if (parsed && *parsed >= least && *parsed <= most) return *parsed;
  refuse(key, fmt::format("must be a number from {} to {}", least, most));
  return otherwise;
}

std::chrono::milliseconds SettingsReader::duration(std::string_view key, std::chrono::milliseconds otherwise, std::chrono::milliseconds least,
                                                   std::chrono::milliseconds most) {
  const std::string value = text(key);
  if (!has(key)) return otherwise;
  const auto parsed = base::parse_duration(value);
  if (parsed && *parsed >= least && *parsed <= most) return *parsed;
  refuse(key, fmt::format("must be a time from {} to {}", time_text(least), time_text(most)));
  return otherwise;
}

std::vector<std::string> SettingsReader::list(std::string_view key) {
  constexpr std::string_view kSeparators = ", \t\r\n";
  const std::string value = text(key);
  std::vector<std::string> parts;
  for (std::size_t at = value.find_first_not_of(kSeparators); at != std::string::npos; at = value.find_first_not_of(kSeparators, at)) {
    const auto end = std::min(value.find_first_of(kSeparators, at), value.size());
    parts.push_back(value.substr(at, end - at));
    at = end;
  }
  return parts;
}

std::map<std::string, std::string> SettingsReader::below(std::string_view prefix) {
  std::map<std::string, std::string> found;
  for (const auto& [name, value] : options_.settings) {
    if (!name.starts_with(prefix)) continue;
    asked_.emplace(name);
    found.emplace(name.substr(prefix.size()), value);
  }
  return found;
}

TlsSettings SettingsReader::tls(bool unsafe) {
  TlsSettings tls{.enabled = flag("tls", false),
                  .verify = flag("tls_verify", true),
                  .ca_file = text("tls_ca_file"),
                  .cert_file = text("tls_cert_file"),
                  .key_file = text("tls_key_file")};
  if (!tls.verify && !unsafe)
    refuse("tls_verify", "is off: anybody could pose as the server", "name its authority in tls_ca_file, or set unsafe = true");
  if (tls.cert_file.empty() != tls.key_file.empty())
    refuse(tls.cert_file.empty() ? "tls_key_file" : "tls_cert_file", "needs both tls_cert_file and tls_key_file");
  return tls;
}

void SettingsReader::refuse(std::string_view key, std::string_view sentence, std::string_view hint) {
  findings_.push_back({std::string(key), std::string(kCode), hint.empty() ? std::string(sentence) : fmt::format("{} ({})", sentence, hint)});
}

Result<void> SettingsReader::finish() {
  const std::vector<std::string> known(asked_.begin(), asked_.end());
  for (const auto& [name, value] : options_.settings) {
    if (asked_.contains(name) || is_common_setting(name)) continue;
    const std::string near = base::nearest(name, known);
    refuse(name, fmt::format("is no setting of a {} destination{}", options_.kind, near.empty() ? "" : fmt::format("; did you mean {}?", near)));
  }
  if (findings_.empty()) return {};
  Error error{ErrorKind::usage, std::string(kCode),
              fmt::format("destination '{}': {} {}", options_.name, findings_.front().pointer, findings_.front().detail), {}, {}};
  error.fields = std::move(findings_);
  return std::unexpected(std::move(error));
}

}  // namespace user_events::destinations
