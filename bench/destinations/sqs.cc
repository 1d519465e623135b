// Finished SendMessageBatch requests, signed by libcurl.
#include <stdlib.h>

#include <algorithm>
#include <map>

#include "brokers/aws_emulator.h"
#include "destinations/aws/destination.h"
#include "destinations/bare_http.h"
#include "destinations/brokers.h"

namespace user_events::bench {
namespace {

namespace aws = destinations::aws;

constexpr std::size_t kRequestsInFlight = 16;
constexpr const char* kRegion = "us-east-1";
constexpr const char* kKey = "test";

class BareSender final : public BareHttpSender {
 public:
  BareSender(std::string endpoint, std::string queue_url)
      : BareHttpSender(kRequestsInFlight, 200), endpoint_(std::move(endpoint)), queue_url_(std::move(queue_url)) {
    add(headers_, "Content-Type: application/x-amz-json-1.0");
    add(headers_, "X-Amz-Target: AmazonSQS.SendMessageBatch");
  }

  void prepare(std::span<const Event> events) override {
    requests_.clear();
    for (std::size_t at = 0; at < events.size(); at += aws::kMaxBatchEntries) {
      std::vector<aws::Entry> entries;
      Request request{.first = at, .count = std::min(aws::kMaxBatchEntries, events.size() - at), .body = {}};
      for (const Event& event : events.subspan(at, request.count))
        entries.push_back(aws::make_entry(message_of(event), false));
      aws::sqs_service().append_request(queue_url_, entries, request.body);
      requests_.push_back(std::move(request));
    }
  }

 private:
  void set_up(CURL* easy) const override {
    curl_easy_setopt(easy, CURLOPT_URL, endpoint_.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, (std::string("aws:amz:") + kRegion + ":sqs").c_str());
    curl_easy_setopt(easy, CURLOPT_USERNAME, kKey);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, kKey);
  }

  const std::string endpoint_, queue_url_;
  Headers headers_;
};

class Sqs final : public Broker {
 public:
  Sqs() : emulator_("elasticmq") {}
  void start() override {
    setenv("ELASTICMQ_HEAP", "1g", 0);
    setenv("ELASTICMQ_DURABLE", "false", 0);
    emulator_.start();
  }
  void make_place(const std::string& place) override { queue_urls_[place] = emulator_.create_queue(place); }
  void remove_place(const std::string& place) override { emulator_.delete_queue(queue_urls_.at(place)); }
  DestinationOptions options(const std::string& place) const override {
    DestinationOptions options;
    options.name = options.kind = "sqs";
    options.topic = queue_urls_.at(place);
    options.settings = {{"region", kRegion},
                        {"access_key_id", kKey},
                        {"secret_access_key", kKey},
                        {"max_requests_in_flight", std::to_string(kRequestsInFlight)}};
    return options;
  }
  std::unique_ptr<BareClient> connect(const std::string& place) const override {
    return std::make_unique<BareSender>(emulator_.endpoint(), queue_urls_.at(place));
  }
  void observe(const destinations::Destination& destination) override {
    const auto& statistics = dynamic_cast<const aws::AwsDestination&>(destination).statistics();
    const auto requests = static_cast<double>(statistics.requests);
    messages_.push_back(static_cast<double>(statistics.messages) / requests);
    in_flight_.push_back(static_cast<double>(statistics.in_flight_when_sent) / requests);
  }
  void report_observed(const std::string& subject) const override {
    report(subject + ": messages in a request", "messages", median(messages_),
           static_cast<double>(aws::kMaxBatchEntries));
    report(subject + ": requests in flight", "requests", median(in_flight_),
           static_cast<double>(kRequestsInFlight));
  }

 private:
  tests::AwsEmulator emulator_;
  std::map<std::string, std::string> queue_urls_;
  std::vector<double> messages_, in_flight_;
};

}  // namespace

std::unique_ptr<Broker> sqs() { return std::make_unique<Sqs>(); }

}  // namespace user_events::bench
