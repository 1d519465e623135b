// What is said of events in an AsyncAPI document: messages and their schemas. Private to the room.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "destinations/place.h"
#include "encoding/envelope.h"
#include "schemas/texts.h"
#include "user_events/error.h"

namespace user_events::exports {

/// How a destination writes bodies.
struct Bodies {
  encoding::Format format = encoding::Format::cloudevents;  ///< Of the body in JSON; `cloudevents_binary`: it is the data alone.
  std::optional<schemas::Encoding> binary;                  ///< The data alone, in that encoding.
  std::string content_type;
};

/// One channel's share.
struct ChannelMessages {
  std::string messages;                 ///< JSON object: by `user.created.1`, `user.created.1.MARK` of a privacy policy.
  std::vector<std::string> type_names;  ///< As the channel's address has them, sorted, each once.
};

/// Collects the schemas that messages refer to. Used by one thread.
class MessageBook {
 public:
  /// `source` is the `source` of events, for examples.
  explicit MessageBook(std::string source) : source_(std::move(source)) {}

  /// `types` are what the destination is sent of `catalogue`, in the form in which it gets them.
  [[nodiscard]] Result<ChannelMessages> add(const DestinationOptions& destination, const destinations::Place& place, const catalogue::Catalogue& catalogue,
                                            std::span<const catalogue::EventType* const> types);
  /// JSON object: `components.schemas`.
  [[nodiscard]] std::string schemas() const;

 private:
  [[nodiscard]] Result<std::string> message(const catalogue::Catalogue& catalogue, const catalogue::EventType& type, const std::string& headers,
                                            const destinations::Place& place, const Bodies& bodies);
  /// A reference to the schema of a body.
  std::string json_payload(const catalogue::EventType& type, encoding::Format format);
  Result<std::string> binary_payload(const catalogue::Catalogue& catalogue, const catalogue::EventType& type, schemas::Encoding encoding);

  std::string source_;
  std::map<std::string, std::string> schemas_;
};

}  // namespace user_events::exports
