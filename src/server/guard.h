// Where the daemon may listen and whom it believes to be speaking to it, as long as no clients are
// configured.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/request.h"
#include "user_events/error.h"

namespace user_events::server {

struct ListenAddress {
  std::string address;  ///< Numeric: `127.0.0.1`, `::1`.
  std::uint16_t port = 0;
};

/// Reads `host:port` (`127.0.0.1:8080`, `localhost:0`, `[::1]:8080`). Error `usage` if it is none, or no
/// loopback address: without configured clients anybody who reaches the port may publish and read.
[[nodiscard]] Result<ListenAddress> parse_listen(const std::string& text);

/// Keeps web pages away: a page of another site, or of a name that an attacker points at this machine (DNS
/// rebinding), sends that site's name in `Origin` or `Host`. Immutable, thread-safe.
class Guard {
 public:
  explicit Guard(std::vector<std::string> allowed_hosts);

  /// Errors: malformed (no or several hosts), forbidden. About 50 ns.
  [[nodiscard]] Result<void> check(const Request& request) const;
  /// The same for the host of an absolute-form target.
  [[nodiscard]] Result<void> check_host(std::string_view host_and_port) const;

 private:
  [[nodiscard]] bool is_ours(std::string_view host_and_port) const;

  std::vector<std::string> allowed_hosts_;  // lower case, without port
};

}  // namespace user_events::server
