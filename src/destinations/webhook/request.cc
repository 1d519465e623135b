#include "destinations/webhook/request.h"

#include <fmt/format.h>

#include "destinations/header_text.h"

namespace user_events::destinations::webhook {

std::string webhook_id(const Message& message) {
  std::string encoded, id;
  append_percent_encoded(deduplication_id(message), encoded);
  for (const char c : encoded) {
    if (c == '.')
      id += "%2E";
    else
      id += c;
  }
  return id;
}

http::Request make_request(const Config& config, const Message& message, std::int64_t timestamp_s) {
  http::Request request;
  request.url = config.url;
  request.timeout = config.request_timeout;
  request.use_proxy = false;  // it would connect in our place, to addresses that are not checked
  request.body = message.body;
  auto& headers = request.headers;
  headers = config.headers;
  headers.push_back(fmt::format("Content-Type: {}", message.content_type));
  if (config.pushes_tokens) headers.emplace_back("Accept: application/json");  // in which a refusal says why
  if (!config.secrets.empty()) {
    const std::string id = webhook_id(message);
    headers.push_back(fmt::format("webhook-id: {}", id));
    headers.push_back(fmt::format("webhook-timestamp: {}", timestamp_s));
    headers.push_back(fmt::format("webhook-signature: {}", signatures(config.secrets, id, timestamp_s, request.body)));
  }
  headers.emplace_back("Expect:");  // none: a receiver that does not know it would answer nothing
  for_each_header_attribute(message,
                            [&headers](std::string_view name, std::string_view value) {
                              if (value.empty())
                                return;  // to libcurl, a header without a value is one to leave out
                              std::string header = fmt::format("ce-{}: ", name);
                              append_percent_encoded(value, header);
                              headers.push_back(std::move(header));
                            });
  for (const auto& header : message.headers) headers.push_back(fmt::format("{}: {}", header.name, header.value));
  return request;
}

}  // namespace user_events::destinations::webhook
