// Reads the keys of the issuers of JSON Web Tokens, again and again.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "access/key_store.h"
#include "user_events/error.h"

namespace user_events::server {

/// Once, now. From a file, or over https: at most 256 KiB, within 10 s, without following redirects, through no proxy; given up when `stopping`. Errors: unavailable, invalid.
[[nodiscard]] Result<access::KeySet> read_keys(const access::KeySetSource& source, const std::atomic<bool>& stopping);

/// One thread, if there is something to read. What cannot be read is logged, and the keys stay as they were.
class KeyRefresh {
 public:
  explicit KeyRefresh(std::vector<std::shared_ptr<access::KeyStore>> stores);
  ~KeyRefresh();
  KeyRefresh(const KeyRefresh&) = delete;
  KeyRefresh& operator=(const KeyRefresh&) = delete;

 private:
  void run();

  const std::vector<std::shared_ptr<access::KeyStore>> stores_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace user_events::server
