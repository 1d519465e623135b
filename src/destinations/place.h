// Where consumers find what a destination sends.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "destinations/name_template.h"
#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::destinations {

/// A header that goes with every event, beside the CloudEvents attributes.
struct PlaceHeader {
  std::string_view name, description;
};

/// What the AsyncAPI document says of a destination. Holds no credentials, nor what can hold one (path and query of a webhook's URL).
struct Place {
  std::string protocol;                      ///< As AsyncAPI names it: `kafka`, `kafka-secure`, `amqp`, `https`, …
  std::string protocol_version = {};         ///< Empty: not told.
  std::vector<std::string> hosts;            ///< `host:port` of each server; at least one.
  std::string pathname = {};                 ///< Below the host: a virtual host, a database. Empty: none.
  std::optional<std::string> address;        ///< Topic, routing key, queue, …; `{type}` stands for `type_in_address`. Nothing: not told.
  std::string (*type_in_address)(std::string_view type) = [](std::string_view type) { return std::string(type); };
  std::string_view attribute_prefix = "ce-"; ///< Of the CloudEvents attributes among the headers. Empty: they have no prefix.
  /// Names of the attributes that always travel as headers, whatever the format, without the prefix.
  std::vector<std::string_view> attributes = {"id", "journalid", "sequence", "replay"};
  std::vector<PlaceHeader> headers = {};
  /// AsyncAPI's bindings as JSON members: `"kafka":{…}`. Empty: none.
  std::string channel_bindings = {}, operation_bindings = {}, message_bindings = {};
};

/// By the kind's own reading of the settings. Nothing for a kind that sends over no network, or that is unknown. Error `usage`.
[[nodiscard]] Result<std::optional<Place>> find_place(const DestinationOptions& options);

/// `user.events.{type}`. Nothing for a name with braces of its own, which AsyncAPI would take for a parameter.
[[nodiscard]] std::optional<std::string> address_of(const NameTemplate& name);
[[nodiscard]] std::optional<std::string> address_of(std::string_view name);

/// Host and port of a URL, for a person: `https://u:p@sqs.example:9324/x` → `sqs.example:9324`.
[[nodiscard]] std::string host_of_url(std::string_view url);

}  // namespace user_events::destinations
