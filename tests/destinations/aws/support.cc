#include "destinations/aws/support.h"

namespace user_events::tests {
namespace {

DestinationOptions options_of(const std::string& kind, const std::string& topic, std::map<std::string, std::string> settings) {
  DestinationOptions options;
  options.name = kind;
  options.kind = kind;
  options.topic = topic;
  options.retry = {.initial = 20ms, .max = 500ms};
  options.settings = std::move(settings);
  options.settings.try_emplace("region", "us-east-1");
  if (!options.settings.contains("profile")) {
    options.settings.try_emplace("access_key_id", "test");
    options.settings.try_emplace("secret_access_key", "test");
  }
  return options;
}

}  // namespace

AwsEmulator& elasticmq() {
  static AwsEmulator the_one("elasticmq");
  the_one.start();  // does nothing while it runs
  return the_one;
}

AwsEmulator& moto() {
  static AwsEmulator the_one("moto");
  the_one.start();
  return the_one;
}

std::string fresh_name(const std::string& ending) {
  static int number = 0;
  return "user-events-" + std::to_string(++number) + ending;
}

DestinationOptions sqs_options(const std::string& queue_url, std::map<std::string, std::string> settings) {
  return options_of("sqs", queue_url, std::move(settings));
}

DestinationOptions sns_options(const std::string& topic_arn, const AwsEmulator& emulator, std::map<std::string, std::string> settings) {
  settings.try_emplace("endpoint", emulator.endpoint());
  return options_of("sns", topic_arn, std::move(settings));
}

std::vector<Arrival> arrivals_of(const std::vector<QueueMessage>& messages) {
  std::vector<Arrival> arrivals;
  for (const auto& message : messages) arrivals.push_back({message.attributes.at("id"), message.attributes.at("sequence"), message.body});
  return arrivals;
}

const destinations::aws::AwsDestination::Statistics& statistics_of(Driver& driver) {
  return dynamic_cast<destinations::aws::AwsDestination&>(driver.destination()).statistics();
}

}  // namespace user_events::tests
