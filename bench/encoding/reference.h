// What libprotobuf itself does with the same schema and data.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace user_events::bench {

/// A message of a .proto text (its first one), filled from JSON. Ends the process when something does not
/// fit.
class ReferenceMessage {
 public:
  ReferenceMessage(const std::string& proto, std::string_view json);
  ~ReferenceMessage();
  ReferenceMessage(const ReferenceMessage&) = delete;
  ReferenceMessage& operator=(const ReferenceMessage&) = delete;

  /// Serialises the filled message.
  void serialise(std::string& out) const;
  /// Reads the JSON into a message that is used again, and serialises it.
  void read_and_serialise(std::string_view json, std::string& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace user_events::bench
