// Bare libcurl: finished requests, with as many in flight as the destination is allowed.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "destinations/broker.h"

namespace user_events::bench {

class BareHttpSender : public BareClient {
 public:
  ~BareHttpSender() override;
  void send(std::span<const Event>, Latencies& latencies) override;

 protected:
  struct FreeHeaders {
    void operator()(curl_slist* headers) const { curl_slist_free_all(headers); }
  };
  using Headers = std::unique_ptr<curl_slist, FreeHeaders>;
  static void add(Headers& headers, const std::string& line);

  struct Request {
    std::size_t first, count;  ///< The events in it.
    std::string body;
    Headers headers = nullptr;  ///< Null: those of `set_up`.
  };

  BareHttpSender(std::size_t requests_in_flight, long good_status);
  /// What is the same for every request.
  virtual void set_up(CURL* easy) const = 0;

  std::vector<Request> requests_;  ///< What the next `send` sends; `prepare` makes them.

 private:
  CURL* make_handle() const;
  void post(const Request& request, Latencies& latencies);
  /// How many requests have ended.
  std::size_t collect(Latencies& latencies);

  const std::size_t requests_in_flight_;
  const long good_status_;
  CURLM* const multi_;
  std::vector<CURL*> idle_;
};

}  // namespace user_events::bench
