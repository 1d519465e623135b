// What is said of events in an AsyncAPI document: messages and their schemas. Private to the room.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "destinations/place.h"
#include "encoding/envelope.h"
#include "user_events/error.h"

namespace user_events::exports {

/// One channel's share.
struct ChannelMessages {
  std::string messages;                 ///< JSON object: by `user.created.1`.
  std::vector<std::string> type_names;  ///< As the channel's address has them, sorted, each once.
};

/// Collects the schemas that messages refer to. Used by one thread.
class MessageBook {
 public:
  /// `source` is the `source` of events, for examples.
  explicit MessageBook(std::string source) : source_(std::move(source)) {}

  [[nodiscard]] Result<ChannelMessages> add(const std::string& channel, const destinations::Place& place, encoding::Format format,
                                            std::span<const catalogue::EventType* const> types);
  /// JSON object: `components.schemas`.
  [[nodiscard]] std::string schemas() const;

 private:
  [[nodiscard]] Result<std::string> message(const catalogue::EventType& type, const std::string& headers, const destinations::Place& place,
                                            encoding::Format format);
  std::string payload(const catalogue::EventType& type, encoding::Format format);

  std::string source_;
  std::map<std::string, std::string> schemas_;
};

}  // namespace user_events::exports
