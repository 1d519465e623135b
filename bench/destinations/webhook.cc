// The requests are signed beforehand. The receiver is the bare server of bench/http in a process of its own; it answers at once and keeps
// nothing.
#include <signal.h>
#include <stdio.h>
#include <sys/types.h>

#include <filesystem>

#include "destinations/bare_http.h"
#include "destinations/brokers.h"
#include "destinations/webhook/config.h"
#include "destinations/webhook/request.h"

namespace user_events::bench {
namespace {

namespace webhook_kind = destinations::webhook;

constexpr std::size_t kRequestsInFlight = 8;  // the destination's default

class BareSender final : public BareHttpSender {
 public:
  explicit BareSender(const DestinationOptions& options) : BareHttpSender(kRequestsInFlight, 202), config_(parsed(options)) {}

  void prepare(std::span<const Event> events) override {
    requests_.clear();
    for (const Event& event : events) {
      auto finished = webhook_kind::make_request(config_, message_of(event), kTimeS);
      Request& request = requests_.emplace_back(Request{.first = requests_.size(), .count = 1, .body = std::move(finished.body)});
      for (const auto& header : finished.headers) add(request.headers, header);
    }
  }

 private:
  static constexpr std::int64_t kTimeS = 1'700'000'000;

  static webhook_kind::Config parsed(const DestinationOptions& options) {
    auto config = webhook_kind::parse(options);
    if (!config) die("the destination's settings are refused: " + config.error().message);
    return *std::move(config);
  }

  void set_up(CURL* easy) const override { curl_easy_setopt(easy, CURLOPT_URL, config_.url.c_str()); }

  const webhook_kind::Config config_;
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
