#include "aws/bare_sender.h"

#include <curl/curl.h>

#include <cstdio>
#include <cstdlib>

namespace user_events::bench {
namespace {

std::size_t ignore(char*, std::size_t, std::size_t size, void*) { return size; }

CURL* make_handle(const std::string& endpoint, curl_slist* headers) {
  CURL* easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, endpoint.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
  curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, "aws:amz:us-east-1:sqs");
  curl_easy_setopt(easy, CURLOPT_USERNAME, "test");
  curl_easy_setopt(easy, CURLOPT_PASSWORD, "test");
  return easy;
}

}  // namespace

void send_bare(const std::string& endpoint, const std::vector<std::string>& bodies, std::size_t in_flight) {
  CURLM* multi = curl_multi_init();
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/x-amz-json-1.0");
  headers = curl_slist_append(headers, "X-Amz-Target: AmazonSQS.SendMessageBatch");
  std::size_t next = 0, done = 0;
  const auto post_next = [&](CURL* easy) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, bodies[next].data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(bodies[next].size()));
    curl_multi_add_handle(multi, easy);
    ++next;
  };
  while (next < in_flight && next < bodies.size()) post_next(make_handle(endpoint, headers));
  while (done < bodies.size()) {
    int running = 0, left = 0;
    curl_multi_perform(multi, &running);
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      CURL* easy = message->easy_handle;
      long status = 0;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      if (message->data.result != CURLE_OK || status != 200) {
        std::fprintf(stderr, "bench_aws: a bare request ended with %d, status %ld\n", static_cast<int>(message->data.result), status);
        std::exit(1);
      }
      curl_multi_remove_handle(multi, easy);
      ++done;
      if (next < bodies.size()) post_next(easy);
      else curl_easy_cleanup(easy);
    }
    if (done < bodies.size()) curl_multi_poll(multi, nullptr, 0, 100, nullptr);
  }
  curl_multi_cleanup(multi);
  curl_slist_free_all(headers);
}

}  // namespace user_events::bench
