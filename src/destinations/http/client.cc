#include "destinations/http/client.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <list>
#include <new>
#include <utility>

namespace user_events::destinations::http {
namespace {

struct EasyDeleter {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using List = std::unique_ptr<curl_slist, ListDeleter>;
using Multi = std::unique_ptr<CURLM, MultiDeleter>;

constexpr std::size_t kMaxIdleHandles = 64;

/// One request with everything that must live as long as it.
struct Transfer {
  Request request;
  Done done;
  Easy easy;
  List headers;
  Response response;
  const ClientOptions* options = nullptr;
  std::uint64_t answer_bytes = 0;
  char error_text[CURL_ERROR_SIZE] = {};

  void add_header(const std::string& line) {
    curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)headers.release();
    headers.reset(longer);
  }
  [[nodiscard]] bool is_cut_off() const noexcept { return !options->keep_answers && answer_bytes > options->max_answer_bytes; }
};

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.answer_bytes += size;
  if (transfer.answer_bytes > transfer.options->max_answer_bytes) return 0;
  auto& body = transfer.response.body;
  const std::size_t room = transfer.options->keep_answers ? size : transfer.options->kept_bytes - std::min<std::size_t>(body.size(), transfer.options->kept_bytes);
  body.append(data, std::min(size, room));
  return size;
}

/// At the last moment, so that a name that changes its address between a check and the connection gains nothing.
curl_socket_t on_open_socket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (!transfer.options->allows_address(address->addr)) {
    transfer.response.address_refused = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

template <class T>
T info(CURL* easy, CURLINFO what) {
  T value{};
  curl_easy_getinfo(easy, what, &value);
  return value;
}

}  // namespace

struct Client::Impl {
  explicit Impl(ClientOptions given) : options(std::move(given)) {
    static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
    multi.reset(initialised == CURLE_OK ? curl_multi_init() : nullptr);
    if (!multi) throw std::bad_alloc();
    curl_multi_setopt(multi.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(options.max_connections));
    curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options.max_connections));
  }
  ~Impl() {
    for (auto& transfer : transfers) curl_multi_remove_handle(multi.get(), transfer.easy.get());
  }

  void prepare(Transfer& transfer) const {
    CURL* easy = transfer.easy.get();
    const Request& request = transfer.request;
    const auto set = [easy](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
    set(CURLOPT_PRIVATE, &transfer);
    set(CURLOPT_ERRORBUFFER, transfer.error_text);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // a name lookup that hangs must not hold up `close`
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
    set(CURLOPT_SSL_VERIFYPEER, options.verify ? 1L : 0L);
    set(CURLOPT_SSL_VERIFYHOST, options.verify ? 2L : 0L);
    if (!options.cert_file.empty()) {
      set(CURLOPT_SSLCERT, options.cert_file.c_str());
      set(CURLOPT_SSLKEY, options.key_file.c_str());
    }
    if (!request.use_proxy) set(CURLOPT_PROXY, "");
    if (options.allows_address) {
      set(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
      set(CURLOPT_OPENSOCKETDATA, &transfer);
    }
    // A long body asks first whether it may come. libcurl 7.88 would sign a header that suppresses this, so the answer is not waited for.
    set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
    set(CURLOPT_USERAGENT, "user-events");
    set(CURLOPT_WRITEFUNCTION, on_body);
    set(CURLOPT_WRITEDATA, &transfer);
    set(CURLOPT_URL, request.url.c_str());
    if (request.connect_only) {
      set(CURLOPT_CONNECT_ONLY, 1L);
      set(CURLOPT_FRESH_CONNECT, 1L);
    }
    set_method(transfer);
    for (const auto& header : request.headers) transfer.add_header(header);
    if (request.signature) sign(transfer);
    set(CURLOPT_HTTPHEADER, transfer.headers.get());
  }

  static void set_method(Transfer& transfer) {
    CURL* easy = transfer.easy.get();
    const Request& request = transfer.request;
    if (request.method == "GET") {
      curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
      return;
    }
    // libcurl signs what POSTFIELDS points to.
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    if (request.method != "POST") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  static void sign(Transfer& transfer) {
    CURL* easy = transfer.easy.get();
    const AwsSignature& signature = *transfer.request.signature;
    const std::string provider = "aws:amz:" + signature.region + ":" + signature.service;
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, provider.c_str());
    curl_easy_setopt(easy, CURLOPT_USERNAME, signature.access_key_id.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, signature.secret_access_key.c_str());
    if (!signature.session_token.empty()) transfer.add_header("X-Amz-Security-Token: " + signature.session_token);
  }

  [[nodiscard]] Easy take_handle() {
    if (idle.empty()) {
      Easy easy(curl_easy_init());
      if (!easy) throw std::bad_alloc();
      return easy;
    }
    Easy easy = std::move(idle.back());
    idle.pop_back();
    return easy;
  }

  /// Takes the transfer out of libcurl's hands and calls back.
  void end(std::list<Transfer>::iterator at) {
    std::list<Transfer> one;
    one.splice(one.begin(), transfers, at);
    Transfer& transfer = one.front();
    curl_multi_remove_handle(multi.get(), transfer.easy.get());
    if (idle.size() < kMaxIdleHandles) {
      curl_easy_reset(transfer.easy.get());
      idle.push_back(std::move(transfer.easy));
    }
    transfer.done(std::move(transfer.response));
  }

  [[nodiscard]] std::list<Transfer>::iterator find(const CURL* easy) {
    auto at = transfers.begin();
    while (at->easy.get() != easy) ++at;  // some dozens at most
    return at;
  }

  void describe_end(Transfer& transfer, CURLcode code) const {
    CURL* easy = transfer.easy.get();
    Response& response = transfer.response;
    response.sent = info<long>(easy, CURLINFO_REQUEST_SIZE) > 0;
    if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && transfer.is_cut_off())) {
      response.tls = tls_trouble(code, transfer);
      response.error = error_of(code, transfer);
      return;
    }
    response.status = static_cast<int>(info<long>(easy, CURLINFO_RESPONSE_CODE));
    response.retry_after = std::chrono::seconds(info<curl_off_t>(easy, CURLINFO_RETRY_AFTER));
  }

  /// In TLS 1.3 a server refuses a client's certificate after the handshake, with an alert; OpenSSL has fixed words for each.
  [[nodiscard]] static bool is_alert(const Transfer& transfer) noexcept { return std::strstr(transfer.error_text, " alert ") != nullptr; }

  [[nodiscard]] static TlsTrouble tls_trouble(CURLcode code, const Transfer& transfer) noexcept {
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) return TlsTrouble::server;
    return code == CURLE_SSL_CERTPROBLEM || is_alert(transfer) ? TlsTrouble::client : TlsTrouble::none;
  }

  /// Without times and the like, so that the same failure has the same text each time.
  [[nodiscard]] std::string error_of(CURLcode code, const Transfer& transfer) const {
    switch (code) {
      case CURLE_OPERATION_TIMEDOUT:
        return transfer.response.sent ? "no answer in time" : "no connection in time";
      case CURLE_WRITE_ERROR:
        return "the answer is longer than " + std::to_string(options.max_answer_bytes) + " bytes";
      case CURLE_SEND_ERROR:
      case CURLE_RECV_ERROR:
        if (is_alert(transfer)) return transfer.error_text;
        [[fallthrough]];
      case CURLE_COULDNT_CONNECT:
      case CURLE_GOT_NOTHING:
        return curl_easy_strerror(code);
      default:
        // Once something was sent, libcurl's own words can quote the answer.
        return transfer.error_text[0] != '\0' && !transfer.response.sent ? transfer.error_text : curl_easy_strerror(code);
    }
  }

  void call_back() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const auto at = find(message->easy_handle);
      describe_end(*at, message->data.result);
      end(at);
    }
  }

  ClientOptions options;
  Multi multi;
  std::list<Transfer> transfers;
  std::vector<Easy> idle;
  std::atomic<bool> woken = false;
};

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Client::~Client() = default;

void Client::start(Request request, Done done) {
  Transfer& transfer = impl_->transfers.emplace_back();
  transfer.request = std::move(request);
  transfer.done = std::move(done);
  transfer.options = &impl_->options;
  transfer.easy = impl_->take_handle();
  impl_->prepare(transfer);
  curl_multi_add_handle(impl_->multi.get(), transfer.easy.get());
}

Response Client::call(Request request) {
  constexpr std::chrono::milliseconds kPoll{1'000};
  std::optional<Response> answer;
  start(std::move(request), [&answer](Response response) { answer = std::move(response); });
  while (!answer) run(kPoll);
  return *std::move(answer);
}

bool Client::run(std::chrono::milliseconds timeout) {
  int running = 0;
  curl_multi_perform(impl_->multi.get(), &running);
  const std::size_t before = impl_->transfers.size();
  impl_->call_back();
  if (impl_->transfers.size() != before || timeout <= std::chrono::milliseconds(0)) return !impl_->woken.exchange(false);
  curl_multi_poll(impl_->multi.get(), nullptr, 0, static_cast<int>(timeout.count()), nullptr);
  curl_multi_perform(impl_->multi.get(), &running);
  impl_->call_back();
  return !impl_->woken.exchange(false);
}

void Client::cancel_all() {
  std::list<Transfer> all;
  all.swap(impl_->transfers);
  for (auto& transfer : all) {
    transfer.response.sent = info<long>(transfer.easy.get(), CURLINFO_REQUEST_SIZE) > 0;
    transfer.response.error = "given up before an answer came";
    curl_multi_remove_handle(impl_->multi.get(), transfer.easy.get());
    transfer.done(std::move(transfer.response));
  }
}

void Client::wake() noexcept {
  impl_->woken = true;
  curl_multi_wakeup(impl_->multi.get());
}

}  // namespace user_events::destinations::http
