#include "destinations/webhook/harness.h"

namespace user_events::tests {

WebhookReceiver& receiver() {
  static WebhookReceiver the_receiver;
  the_receiver.start();  // does nothing while it runs
  return the_receiver;
}

std::string fresh_place(const std::string& answers) {
  static int number = 0;
  const std::string place = "hook" + std::to_string(++number);
  receiver().make_place(place, answers);
  return place;
}

DestinationOptions options_for(const std::string& url, std::map<std::string, std::string> settings) {
  DestinationOptions options;
  options.name = "hook";
  options.kind = "webhook";
  options.retry = {.initial = 20ms, .max = 200ms};
  options.settings = std::move(settings);
  for (const auto& [name, value] : {std::pair("url", url),
                                    {"secret", std::string(kSecret)},
                                    {"allow_http", "true"},
                                    {"allow_private_networks", "true"}})
    options.settings.try_emplace(name, value);
  return options;
}

std::string check(const std::string& place, std::uint64_t count, std::uint64_t users,
                  bool repetitions_allowed) {
  std::vector<Arrival> arrivals;
  for (auto& request : receiver().read_all(place))
    if (request.status / 100 == 2)
      arrivals.push_back({request.headers["ce-id"], request.headers["ce-sequence"], std::move(request.body)});
  return check_arrivals(arrivals, count, users, repetitions_allowed);
}

}  // namespace user_events::tests
