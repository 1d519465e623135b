// Bare libcurl: finished requests, signed beforehand, with as many in flight as the destination is allowed. The receiver is the bare server
// of bench/http in a process of its own; it answers at once and keeps nothing.
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/types.h>

#include <filesystem>

#include "destinations/brokers.h"
#include "destinations/webhook/config.h"
#include "destinations/webhook/request.h"

namespace user_events::bench {
namespace {

namespace webhook_kind = destinations::webhook;

constexpr std::size_t kRequestsInFlight = 8;  // the destination's default

std::size_t ignore(char*, std::size_t, std::size_t size, void*) { return size; }

class BareSender final : public BareClient {
 public:
  explicit BareSender(const DestinationOptions& options) : config_(parsed(options)), multi_(curl_multi_init()) {}
  ~BareSender() override {
    for (CURL* easy : idle_) curl_easy_cleanup(easy);
    curl_multi_cleanup(multi_);
    forget();
  }

  void prepare(std::span<const Event> events) override {
    forget();
    for (const Event& event : events) {
      auto finished = webhook_kind::make_request(config_, message_of(event), kTimeS);
      Request request{.headers = nullptr, .body = std::move(finished.body)};
      for (const auto& header : finished.headers) request.headers = curl_slist_append(request.headers, header.c_str());
      requests_.push_back(std::move(request));
    }
  }

  void send(std::span<const Event>, Latencies& latencies) override {
    std::size_t next = 0, done = 0;
    while (idle_.size() < kRequestsInFlight) idle_.push_back(make_handle());
    while (done < requests_.size()) {
      for (; next < requests_.size() && !idle_.empty(); ++next) post(next, latencies);
      int running = 0;
      curl_multi_perform(multi_, &running);
      const std::size_t ended = collect(latencies);
      done += ended;
      if (ended == 0) curl_multi_poll(multi_, nullptr, 0, 100, nullptr);
    }
  }

 private:
  static constexpr std::int64_t kTimeS = 1'700'000'000;
  struct Request {
    curl_slist* headers;
    std::string body;
  };

  static webhook_kind::Config parsed(const DestinationOptions& options) {
    auto config = webhook_kind::parse(options);
    if (!config) die("the destination's settings are refused: " + config.error().message);
    return *std::move(config);
  }

  void forget() {
    for (const Request& request : requests_) curl_slist_free_all(request.headers);
    requests_.clear();
  }

  CURL* make_handle() const {
    CURL* easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, config_.url.c_str());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    return easy;
  }

  void post(std::size_t index, Latencies& latencies) {
    CURL* easy = idle_.back();
    idle_.pop_back();
    const Request& request = requests_[index];
    latencies.sent(index);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request.headers);
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
      if (result != CURLE_OK || status != 202) die("a bare request ended with " + std::to_string(result) + ", status " + std::to_string(status));
      latencies.acknowledged(static_cast<std::size_t>(request - requests_.data()));
      curl_multi_remove_handle(multi_, easy);
      idle_.push_back(easy);
      ++ended;
    }
    return ended;
  }

  const webhook_kind::Config config_;
  CURLM* multi_;
  std::vector<CURL*> idle_;
  std::vector<Request> requests_;
};

class Webhook final : public Broker {
 public:
  Webhook() = default;
  ~Webhook() override {
    if (pid_ > 0) kill(pid_, SIGKILL);
    if (receiver_ != nullptr) pclose(receiver_);
  }
  void start() override {
    const auto server = std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() / "http" / "bench_http_reference";
    receiver_ = popen(("echo $$; exec setpriv --pdeathsig KILL " + server.string()).c_str(), "r");
    if (receiver_ == nullptr) die("the receiver did not start");
    pid_ = std::stoi(line());
    origin_ = line();
  }
  void make_place(const std::string&) override {}
  void remove_place(const std::string&) override {}
  DestinationOptions options(const std::string& place) const override {
    DestinationOptions options;
    options.name = options.kind = "webhook";
    options.settings = {{"url", origin_ + "/" + place}, {"secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, {"allow_http", "true"}, {"allow_private_networks", "true"}};
    return options;
  }
  std::unique_ptr<BareClient> connect(const std::string& place) const override { return std::make_unique<BareSender>(options(place)); }

 private:
  std::string line() const {
    char text[64] = "";
    if (fgets(text, sizeof text, receiver_) == nullptr) die("the receiver did not start");
    return std::string(text).substr(0, std::string_view(text).find('\n'));
  }
  std::string origin_;
  FILE* receiver_ = nullptr;
  pid_t pid_ = 0;
};

}  // namespace

std::unique_ptr<Broker> webhook() { return std::make_unique<Webhook>(); }

}  // namespace user_events::bench
