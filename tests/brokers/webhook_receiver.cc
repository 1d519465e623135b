#include "brokers/webhook_receiver.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace user_events::tests {

void WebhookReceiver::use_tls(bool client_certificates) {
  const std::string made =
      fmt::format("{}/certificates {} >/dev/null 2>&1", UE_BROKERS_FOLDER, script_.folder());
  if (std::system(made.c_str()) != 0) throw std::runtime_error("webhook: no certificates");
  if (client_certificates)
    std::filesystem::copy_file(script_.folder() + "/ca.pem", script_.folder() + "/client_ca.pem");
  speaks_tls_ = true;
}

void WebhookReceiver::set_secrets(const std::vector<std::string>& secrets) {
  script_.write_file("secrets", fmt::format("{}\n", fmt::join(secrets, "\n")));
}

void WebhookReceiver::make_place(const std::string& name, const std::string& answers) {
  if (!answers.empty()) script_.write_file("script-" + name, answers);
  script_.write_file("place-" + name, "");
}

std::string WebhookReceiver::origin(const std::string& host) const {
  return fmt::format("{}://{}:{}", speaks_tls_ ? "https" : "http", host, script_.port());
}

std::vector<WebhookRequest> WebhookReceiver::read_all(const std::string& place) const {
  std::vector<WebhookRequest> all;
  std::ifstream file(script_.folder() + "/received-" + place);
  simdjson::dom::parser parser;
  for (std::string line; std::getline(file, line) && !file.eof();) {  // the last line may be half written
    const simdjson::dom::element request = parser.parse(line);
    WebhookRequest one{.headers = {},
                       .body = std::string(std::string_view(request["body"])),
                       .status = static_cast<int>(std::int64_t(request["status"])),
                       .connection = static_cast<int>(std::int64_t(request["connection"]))};
    for (const auto [name, value] : simdjson::dom::object(request["headers"]))
      one.headers[std::string(name)] = std::string_view(value);
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace user_events::tests
