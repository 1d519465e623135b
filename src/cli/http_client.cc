#include "cli/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "base/try.h"
#include "base/uri_text.h"
#include "cli/answers.h"
#include "cli/output.h"
#include "config/redact.h"

namespace user_events::cli {
namespace {

constexpr std::size_t kMaxAnswerBytes = 64 << 20;
constexpr std::size_t kMaxTokenBytes = 16 << 10;
constexpr long kConnectTimeoutMs = 5'000;
constexpr long kAnswerTimeoutMs = 60'000;
constexpr long kTickMs = 200;

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

Result<std::string> read_token(const std::string& file) {
  std::string token;
  if (file.empty()) {
    if (const char* value = std::getenv("USER_EVENTS_TOKEN")) token = value;
  } else {
    std::ifstream in(file);
    if (!std::getline(in, token) || token.empty()) {
      return fail(ErrorKind::usage, "token-file",
                  fmt::format("--token-file: no token can be read from {}", file),
                  "its first line must be the token");
    }
  }
  while (!token.empty() && (token.back() == '\r' || token.back() == '\n' || token.back() == ' '))
    token.pop_back();
  if (token.size() > kMaxTokenBytes ||
      !std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7F; })) {
    return fail(ErrorKind::usage, "token", "the token holds characters that no token has",
                "see --token-file and USER_EVENTS_TOKEN");
  }
  return token;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// One transfer's handle with everything that must live as long.
struct Transfer {
  Easy easy{curl_easy_init()};
  List headers;
  char error_text[CURL_ERROR_SIZE] = {};
  const TakeBody* take = nullptr;
  BodySource* source = nullptr;
  bool is_paused = false;    // the source had nothing
  bool was_stopped = false;  // `take` wanted no more

  void add_header(const std::string& line) {
    headers.reset(curl_slist_append(headers.release(), line.c_str()));
  }
  [[nodiscard]] int status() const {
    long value = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &value);
    return static_cast<int>(value);
  }
};

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if ((*transfer.take)(transfer.status(), {data, size})) return size;
  transfer.was_stopped = true;
  return 0;
}

std::size_t on_read(char* out, std::size_t, std::size_t room, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::size_t size = room;
  switch (transfer.source->read(out, size)) {
    case BodySource::State::data:
      return size;
    case BodySource::State::end:
      return 0;
    case BodySource::State::wait:
      break;
  }
  transfer.is_paused = true;
  return CURL_READFUNC_PAUSE;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  static_cast<Transfer*>(user)->source->tick();
  return 0;
}

}  // namespace

struct HttpClient::Impl {
  std::string url, token;
  std::string ca_file, cert_file, key_file;  // empty: the system's authorities; no certificate
  std::string shown_url;  // without user and password: the only one for messages

  [[nodiscard]] std::unique_ptr<Transfer> prepare(std::string_view path, const TakeBody& take) const {
    auto transfer = std::make_unique<Transfer>();
    CURL* easy = transfer->easy.get();
    transfer->take = &take;
    curl_easy_setopt(easy, CURLOPT_URL, (url + std::string(path)).c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error_text);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer.get());
    if (base::is_loopback_url(url)) curl_easy_setopt(easy, CURLOPT_PROXY, "");  // a proxy would look for itself there
    if (!ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file.c_str());
    if (!cert_file.empty()) curl_easy_setopt(easy, CURLOPT_SSLCERT, cert_file.c_str());
    if (!key_file.empty()) curl_easy_setopt(easy, CURLOPT_SSLKEY, key_file.c_str());
    if (!token.empty()) transfer->add_header("Authorization: Bearer " + token);
    return transfer;
  }

  [[nodiscard]] Error failure(const Transfer& transfer, CURLcode code) const {
    const std::string why = transfer.error_text[0] != '\0' ? transfer.error_text : curl_easy_strerror(code);
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST || transfer.status() == 0) {
      return {ErrorKind::unavailable,
              "no-daemon",
              fmt::format("no daemon answers at {}: {}", shown_url, why),
              "start it with `user-events serve`, or say where it is with USER_EVENTS_URL",
              {}};
    }
    return {ErrorKind::unavailable,
            "connection-lost",
            fmt::format("the connection to {} broke off: {}", shown_url, why),
            "try again",
            {}};
  }

  [[nodiscard]] Result<void> perform(Transfer& transfer) const {
    curl_easy_setopt(transfer.easy.get(), CURLOPT_HTTPHEADER, transfer.headers.get());
    const CURLcode code = curl_easy_perform(transfer.easy.get());
    if (code != CURLE_OK && !transfer.was_stopped) return std::unexpected(failure(transfer, code));
    return {};
  }

  /// Runs a transfer whose answer is kept whole.
  [[nodiscard]] Result<std::string> perform_whole(std::string_view path,
                                                  const std::function<void(Transfer&)>& set_up) const {
    std::string body;
    const TakeBody take = [&](int, std::string_view piece) {
      if (body.size() + piece.size() > kMaxAnswerBytes) return false;
      body.append(piece);
      return true;
    };
    const auto transfer = prepare(path, take);
    curl_easy_setopt(transfer->easy.get(), CURLOPT_TIMEOUT_MS, kAnswerTimeoutMs);
    set_up(*transfer);
    UE_TRY(perform(*transfer));
    if (transfer->was_stopped)
      return fail(ErrorKind::too_large, "answer-too-large", "the answer is larger than 64 MiB");
    if (transfer->status() >= 400) return std::unexpected(parse_problem(transfer->status(), body));
    return body;
  }
};

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpClient> HttpClient::from_environment(const std::string& token_file) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) return fail(ErrorKind::internal, "curl", "libcurl cannot be initialised");
  auto impl = std::make_unique<Impl>();
  const char* url = std::getenv("USER_EVENTS_URL");
  impl->url = url != nullptr && *url != '\0' ? url : "http://127.0.0.1:8080";
  while (impl->url.ends_with('/')) impl->url.pop_back();
  if (!impl->url.starts_with("http://") && !impl->url.starts_with("https://")) {
    return fail(ErrorKind::usage, "bad-url", "USER_EVENTS_URL is no HTTP address",
                "write for example http://127.0.0.1:8080");
  }
  impl->shown_url = config::without_user_info(impl->url);
  UE_TRY_ASSIGN(impl->token, read_token(token_file));
  impl->ca_file = variable("USER_EVENTS_CA_FILE");
  impl->cert_file = variable("USER_EVENTS_CERT_FILE");
  impl->key_file = variable("USER_EVENTS_KEY_FILE");
  HttpClient client(std::move(impl));
  if (!client.impl_->token.empty() && !client.is_protected())
    message(fmt::format("user-events: warning: {} is not https; the token can be read on the way", printable(client.impl_->shown_url)));
  return client;
}

bool HttpClient::is_protected() const { return impl_->url.starts_with("https://") || base::is_loopback_url(impl_->url); }

Result<std::string> HttpClient::get(std::string_view path) {
  return impl_->perform_whole(path, [](Transfer&) {});
}

Result<std::string> HttpClient::post(std::string_view path, std::string_view content_type,
                                     std::string_view body) {
  return impl_->perform_whole(path, [&](Transfer& transfer) {
    transfer.add_header(fmt::format("Content-Type: {}", content_type));
    transfer.add_header("Expect:");  // no round trip before the body
    curl_easy_setopt(transfer.easy.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): its size is set above
    curl_easy_setopt(transfer.easy.get(), CURLOPT_COPYPOSTFIELDS, body.data());
  });
}

Result<void> HttpClient::get_stream(std::string_view path, const std::vector<std::string>& headers,
                                    const TakeBody& take) {
  const auto transfer = impl_->prepare(path, take);
  for (const auto& line : headers) transfer->add_header(line);
  curl_easy_setopt(transfer->easy.get(), CURLOPT_LOW_SPEED_LIMIT,
                   1L);  // the daemon's heartbeat comes every 15 s
  curl_easy_setopt(transfer->easy.get(), CURLOPT_LOW_SPEED_TIME, 60L);
  return impl_->perform(*transfer);
}

Result<void> HttpClient::post_stream(std::string_view path, std::string_view content_type, BodySource& source,
                                     const TakeBody& take) {
  const auto transfer = impl_->prepare(path, take);
  CURL* easy = transfer->easy.get();
  transfer->source = &source;
  transfer->add_header(fmt::format("Content-Type: {}", content_type));
  transfer->add_header("Expect:");
  transfer->add_header("Transfer-Encoding: chunked");
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, transfer.get());
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L << 10);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer.get());
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers.get());

  const std::unique_ptr<CURLM, MultiDeleter> multi{curl_multi_init()};
  curl_multi_add_handle(multi.get(), easy);
  CURLcode code = CURLE_OK;
  for (int running = 1; running > 0;) {
    curl_multi_perform(multi.get(), &running);
    if (running == 0) break;
    curl_waitfd input{source.descriptor(), CURL_WAIT_POLLIN, 0};
    const bool waits_for_input = transfer->is_paused && input.fd >= 0;
    curl_multi_poll(multi.get(), waits_for_input ? &input : nullptr, waits_for_input ? 1 : 0, kTickMs,
                    nullptr);
    source.tick();
    if (std::exchange(transfer->is_paused, false)) curl_easy_pause(easy, CURLPAUSE_CONT);
  }
  int left = 0;
  while (const CURLMsg* done = curl_multi_info_read(multi.get(), &left)) {
    if (done->msg == CURLMSG_DONE) code = done->data.result;
  }
  curl_multi_remove_handle(multi.get(), easy);
  if (code != CURLE_OK && !transfer->was_stopped) return std::unexpected(impl_->failure(*transfer, code));
  return {};
}

std::string percent_encode(std::string_view text) {
  std::string out;
  base::append_percent_encoded(text, out, base::is_unreserved);
  return out;
}

}  // namespace user_events::cli
