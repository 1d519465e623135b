#include "server/guard.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/ascii.h"

namespace user_events::server {
namespace {

/// `name:port` → name, port; brackets of an IPv6 address are taken off. nullopt if it has another shape.
std::optional<std::pair<std::string_view, std::string_view>> split(std::string_view text) {
  std::string_view name = text, port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    name = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return std::nullopt;
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    name = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (!port.empty()) port.remove_prefix(1);
  if (name.empty() || !std::ranges::all_of(port, [](unsigned char c) { return std::isdigit(c) != 0; }))
    return std::nullopt;
  return std::pair(name, port);
}

bool is_loopback(std::string_view name) {
  char text[INET6_ADDRSTRLEN];
  if (name.size() >= sizeof text) return false;
  *std::ranges::copy(name, text).out = '\0';
  in_addr v4;
  if (inet_pton(AF_INET, text, &v4) == 1) return (ntohl(v4.s_addr) >> 24) == IN_LOOPBACKNET;
  in6_addr v6;
  return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool is_any(std::string_view address) { return address == "0.0.0.0" || address == "::"; }

bool is_address(const std::string& text) {
  in_addr v4;
  in6_addr v6;
  return inet_pton(AF_INET, text.c_str(), &v4) == 1 || inet_pton(AF_INET6, text.c_str(), &v6) == 1;
}

std::optional<ListenAddress> parse_address(std::string_view text) {
  const auto parts = split(text);
  if (!parts) return std::nullopt;
  std::uint32_t port = 0;
  const auto* end = parts->second.data() + parts->second.size();
  const auto [stop, error] = std::from_chars(parts->second.data(), end, port);  // NOLINT(bugprone-suspicious-stringview-data-usage): the end is given
  const auto name = base::lowered(parts->first) == "localhost" ? std::string("127.0.0.1") : std::string(parts->first);
  if (error != std::errc{} || stop != end || port > 65'535 || !is_address(name)) return std::nullopt;
  return ListenAddress{name, static_cast<std::uint16_t>(port)};
}

}  // namespace

Result<ListenAddress> parse_listen(const HttpOptions& options) {
  const auto& text = options.listen;
  const auto address = parse_address(text);
  if (!address)
    return fail(ErrorKind::usage, "listen-address", fmt::format("http.listen = \"{}\" is not HOST:PORT", text),
                "for example 127.0.0.1:8080; port 0 takes any free one");
  if (is_loopback(address->address) || options.insecure) return *address;
  const bool has_tls = !options.tls.certificate_file.empty();
  if (has_tls && !options.clients.empty()) return *address;
  return fail(ErrorKind::usage, "listen-address",
              fmt::format("http.listen = \"{}\": only loopback addresses are allowed while {}", text,
                          has_tls ? "no clients are configured" : "there is no TLS (http.tls)"),
              "use 127.0.0.1:PORT or [::1]:PORT, or configure TLS and clients (docs/security/access.md); http.insecure = true does without");
}

Guard::Guard(std::vector<std::string> allowed_hosts, const std::string& listen) : allowed_hosts_(std::move(allowed_hosts)) {
  for (auto& host : allowed_hosts_) host = base::lowered(host);
  if (const auto address = parse_address(listen); address && !is_any(address->address)) allowed_hosts_.push_back(base::lowered(address->address));
}

bool Guard::is_ours(std::string_view host_and_port) const {
  const auto parts = split(host_and_port);
  if (!parts) return false;
  if (is_loopback(parts->first)) return true;
  const auto name = base::lowered(parts->first);
  return name == "localhost" || std::ranges::find(allowed_hosts_, name) != allowed_hosts_.end();
}

Result<void> Guard::check_host(std::string_view host_and_port) const {
  if (is_ours(host_and_port)) return {};
  return fail(ErrorKind::forbidden, "host-not-allowed", "the request's Host is not a name of this machine",
              "use 127.0.0.1 or localhost, or add the name to http.allowed_hosts");
}

Result<void> Guard::check(const Request& request) const {
  if (request.hosts != 1 && (request.http11 || request.hosts > 1))
    return fail(ErrorKind::malformed, "bad-host", "a request must have exactly one Host field");
  if (request.hosts == 1)
    if (auto allowed = check_host(request.host); !allowed) return allowed;
  if (request.origin.empty()) return {};
  const auto scheme_end = request.origin.find("://");
  if (scheme_end != std::string::npos && is_ours(std::string_view(request.origin).substr(scheme_end + 3)))
    return {};
  return fail(ErrorKind::forbidden, "origin-not-allowed",
              "requests from web pages of other sites are refused",
              "add the page's host to http.allowed_hosts if it is yours");
}

}  // namespace user_events::server
