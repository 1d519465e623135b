// Bare libcurl: finished SendMessageBatch requests, signed by libcurl, with as many in flight as the
// destination is allowed.
#include <curl/curl.h>
#include <stdlib.h>

#include <algorithm>
#include <map>

#include "brokers/aws_emulator.h"
#include "destinations/aws/destination.h"
#include "destinations/brokers.h"

namespace user_events::bench {
namespace {

namespace aws = destinations::aws;

constexpr std::size_t kRequestsInFlight = 16;
constexpr const char* kRegion = "us-east-1";
constexpr const char* kKey = "test";

std::size_t ignore(char*, std::size_t, std::size_t size, void*) { return size; }

class BareSender final : public BareClient {
 public:
  BareSender(std::string endpoint, std::string queue_url)
      : endpoint_(std::move(endpoint)), queue_url_(std::move(queue_url)), multi_(curl_multi_init()) {
    headers_ = curl_slist_append(headers_, "Content-Type: application/x-amz-json-1.0");
    headers_ = curl_slist_append(headers_, "X-Amz-Target: AmazonSQS.SendMessageBatch");
  }
  ~BareSender() override {
    for (CURL* easy : idle_) curl_easy_cleanup(easy);
    curl_multi_cleanup(multi_);
    curl_slist_free_all(headers_);
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

  void send(std::span<const Event>, Latencies& latencies) override {
    std::size_t next = 0, done = 0;
    while (idle_.size() < kRequestsInFlight) idle_.push_back(make_handle());
    while (done < requests_.size()) {
      for (; next < requests_.size() && !idle_.empty(); ++next) post(requests_[next], latencies);
      int running = 0;
      curl_multi_perform(multi_, &running);
      const std::size_t ended = collect(latencies);
      done += ended;
      if (ended == 0) curl_multi_poll(multi_, nullptr, 0, 100, nullptr);
    }
  }

 private:
  struct Request {
    std::size_t first, count;  ///< The events in it.
    std::string body;
  };

  CURL* make_handle() const {
    CURL* easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, endpoint_.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, (std::string("aws:amz:") + kRegion + ":sqs").c_str());
    curl_easy_setopt(easy, CURLOPT_USERNAME, kKey);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, kKey);
    return easy;
  }

  void post(const Request& request, Latencies& latencies) {
    CURL* easy = idle_.back();
    idle_.pop_back();
    for (std::size_t i = 0; i < request.count; ++i) latencies.sent(request.first + i);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &request);
    curl_multi_add_handle(multi_, easy);
  }

  /// How many requests have ended.
  std::size_t collect(Latencies& latencies) {
    std::size_t ended = 0;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      CURL* easy = message->easy_handle;
      const CURLcode result = message->data.result;
      long status = 0;
      const Request* request = nullptr;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &request);
      if (result != CURLE_OK || status != 200)
        die("a bare request ended with " + std::to_string(result) + ", status " + std::to_string(status));
      for (std::size_t i = 0; i < request->count; ++i) latencies.acknowledged(request->first + i);
      curl_multi_remove_handle(multi_, easy);
      idle_.push_back(easy);
      ++ended;
    }
    return ended;
  }

  const std::string endpoint_, queue_url_;
  CURLM* multi_;
  curl_slist* headers_ = nullptr;
  std::vector<CURL*> idle_;
  std::vector<Request> requests_;
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
