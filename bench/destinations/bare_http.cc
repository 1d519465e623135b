#include "destinations/bare_http.h"

#include "common/report.h"

namespace user_events::bench {
namespace {

std::size_t ignore(char*, std::size_t, std::size_t size, void*) { return size; }

}  // namespace

BareHttpSender::BareHttpSender(std::size_t requests_in_flight, long good_status)
    : requests_in_flight_(requests_in_flight), good_status_(good_status), multi_(curl_multi_init()) {}

BareHttpSender::~BareHttpSender() {
  for (CURL* easy : idle_) curl_easy_cleanup(easy);
  curl_multi_cleanup(multi_);
}

void BareHttpSender::add(Headers& headers, const std::string& line) { headers.reset(curl_slist_append(headers.release(), line.c_str())); }

void BareHttpSender::send(std::span<const Event>, Latencies& latencies) {
  std::size_t next = 0, done = 0;
  while (idle_.size() < requests_in_flight_) idle_.push_back(make_handle());
  while (done < requests_.size()) {
    for (; next < requests_.size() && !idle_.empty(); ++next) post(requests_[next], latencies);
    int running = 0;
    curl_multi_perform(multi_, &running);
    const std::size_t ended = collect(latencies);
    done += ended;
    if (ended == 0) curl_multi_poll(multi_, nullptr, 0, 100, nullptr);
  }
}

CURL* BareHttpSender::make_handle() const {
  CURL* easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
  set_up(easy);
  return easy;
}

void BareHttpSender::post(const Request& request, Latencies& latencies) {
  CURL* easy = idle_.back();
  idle_.pop_back();
  for (std::size_t i = 0; i < request.count; ++i) latencies.sent(request.first + i);
  if (request.headers) curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request.headers.get());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &request);
  curl_multi_add_handle(multi_, easy);
}

std::size_t BareHttpSender::collect(Latencies& latencies) {
  std::size_t ended = 0;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    CURL* easy = message->easy_handle;
    const CURLcode result = message->data.result;
    long status = 0;
    const Request* request = nullptr;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &request);
    if (result != CURLE_OK || status != good_status_) die("a bare request ended with " + std::to_string(result) + ", status " + std::to_string(status));
    for (std::size_t i = 0; i < request->count; ++i) latencies.acknowledged(request->first + i);
    curl_multi_remove_handle(multi_, easy);
    idle_.push_back(easy);
    ++ended;
  }
  return ended;
}

}  // namespace user_events::bench
