// Where the daemon may listen, and which names it is called by.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/request.h"
#include "user_events/options.h"

namespace user_events::server {

struct ListenAddress {
  std::string address;  ///< Numeric: `127.0.0.1`, `::1`.
  std::uint16_t port = 0;
};

/// Reads `host:port` of `http.listen` (`127.0.0.1:8080`, `localhost:0`, `[::1]:8080`, `0.0.0.0:8443`). Error `usage` if it is none, or no loopback address
/// although there is no TLS or there are no clients, and `http.insecure` does not say that this is meant.
[[nodiscard]] Result<ListenAddress> parse_listen(const HttpOptions& options);

/// Keeps web pages away: a page of another site, or of a name that an attacker points at this machine (DNS
/// rebinding), sends that site's name in `Origin` or `Host`. Immutable, thread-safe.
class Guard {
 public:
  /// `listen`: an address other than loopback and 0.0.0.0 that the daemon listens on is a name of this machine, too.
  explicit Guard(std::vector<std::string> allowed_hosts, const std::string& listen = {});

  /// Errors: malformed (no or several hosts), forbidden. About 50 ns.
  [[nodiscard]] Result<void> check(const Request& request) const;
  /// The same for the host of an absolute-form target.
  [[nodiscard]] Result<void> check_host(std::string_view host_and_port) const;

 private:
  [[nodiscard]] bool is_ours(std::string_view host_and_port) const;

  std::vector<std::string> allowed_hosts_;  // lower case, without port
};

}  // namespace user_events::server
