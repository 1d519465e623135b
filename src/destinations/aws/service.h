// What differs between SQS and SNS: how a batch is written, and how the answer is read.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "destinations/aws/entry.h"

namespace user_events::destinations::aws {

/// How one entry of a batch ended.
struct EntryAnswer {
  std::size_t index = 0;  ///< In the batch.
  bool accepted = false;
  bool sender_fault = false;
  std::string code;
};

struct Answer {
  bool understood = false;            ///< False: not an answer of this service.
  std::string code;                   ///< Of a request that failed as a whole; empty: `entries` tells.
  std::vector<EntryAnswer> entries;
};

/// Immutable, thread-safe.
class Service {
 public:
  virtual ~Service() = default;
  [[nodiscard]] virtual std::string_view signing_name() const noexcept = 0;
  [[nodiscard]] virtual std::vector<std::string> headers() const = 0;
  /// Appends the body of the request that sends `entries` to `target`. None of them: a request that is checked like one but sends nothing.
  virtual void append_request(std::string_view target, std::span<const Entry> entries, std::string& out) const = 0;
  [[nodiscard]] virtual Answer read(int status, std::string_view body) const = 0;
};

[[nodiscard]] const Service& sqs_service();
[[nodiscard]] const Service& sns_service();

}  // namespace user_events::destinations::aws
