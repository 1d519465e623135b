// Refused requests, summed up, so that a flood of them fills neither memory nor disk.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

namespace user_events::audit {

/// Different sums between two records; what does not fit is counted under `other`.
inline constexpr std::size_t kMaxDenialSums = 64;

/// Thread-safe.
class Denials {
 public:
  /// True: it is the first since `take`, so somebody should take it soon. Some 100 ns; no I/O.
  [[nodiscard]] bool note(std::string_view principal, std::string_view reason, std::string_view action);
  /// The inside of a JSON object, and the count starts anew; empty if there was none.
  [[nodiscard]] std::string take();

 private:
  std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t> sums_;
  std::uint64_t other_ = 0;
};

}  // namespace user_events::audit
