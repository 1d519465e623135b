// One event as an XADD command.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "destinations/destination.h"
#include "destinations/redis/config.h"

namespace user_events::destinations::redis {

/// Not thread-safe; its buffers are reused.
class RecordWriter {
 public:
  explicit RecordWriter(const Config& config);
  /// The words of the command, valid until the next call and as long as the message. Fields: `content-type`, `ce_…`, further headers, `key`, `data`.
  [[nodiscard]] const std::vector<std::string_view>& write(const Message& message);

 private:
  void add(std::string_view name, std::string_view value);

  const Config& config_;
  const std::string max_length_;
  std::string key_;
  std::string names_and_values_;  ///< What does not live as long as the words.
  struct Piece {
    std::size_t begin, size;
  };
  std::vector<Piece> pieces_;
  std::vector<std::string_view> words_;
};

}  // namespace user_events::destinations::redis
