// A receiver of webhooks as a process of its own (webhook_receiver.py, which checks signatures by itself).
// Failures throw.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "brokers/broker_script.h"

namespace user_events::tests {

inline constexpr const char* kSecret =
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";  // of the specification's libraries
inline constexpr const char* kOtherSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
inline constexpr std::size_t kReceiversLargestBody = 20'000;

struct WebhookRequest {
  std::map<std::string, std::string> headers;  ///< Names in lower case.
  std::string body;
  int status = 0;      ///< What it was answered with.
  int connection = 0;  ///< The client's port.
};

class WebhookReceiver {
 public:
  /// Knows `kSecret`.
  WebhookReceiver() { set_secrets({kSecret}); }
  [[nodiscard]] BrokerScript& script() noexcept { return script_; }
  void start() { script_.start(); }
  /// Before its first start: speaks TLS, with `client_certificates` only to those who have one. `ca_file` and
  /// `server.pem` are in its folder.
  void use_tls(bool client_certificates = false);
  void set_secrets(const std::vector<std::string>& secrets);

  /// The place /NAME, which answers by these lines (see webhook_receiver.py); empty: always 204.
  void make_place(const std::string& name, const std::string& answers = {});
  [[nodiscard]] std::string origin(const std::string& host = "127.0.0.1") const;
  [[nodiscard]] std::string url(const std::string& place) const { return origin() + "/" + place; }
  [[nodiscard]] std::vector<WebhookRequest> read_all(const std::string& place) const;

 private:
  BrokerScript script_{"webhook"};
  bool speaks_tls_ = false;
};

}  // namespace user_events::tests
