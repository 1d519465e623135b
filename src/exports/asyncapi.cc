#include "exports/asyncapi.h"

#include <fmt/format.h>

#include <vector>

#include "base/json_layout.h"
#include "base/json_writer.h"
#include "base/try.h"
#include "base/uri_text.h"
#include "destinations/place.h"
#include "destinations/set_settings.h"
#include "destinations/wanted_versions.h"
#include "exports/asyncapi_messages.h"
#include "exports/mark.h"
#include "policy/plans.h"
#include "user_events/version.h"

namespace user_events::exports {
namespace {

using base::ObjectWriter;
using destinations::Place;

bool is_uri(std::string_view text) {
  const auto colon = text.find(':');
  return base::is_uri_reference(text) && colon != std::string_view::npos && colon > 0 && colon < text.find_first_of("/?#");
}

class Document {
 public:
  Document(const catalogue::Catalogue& catalogue, const Options& options) : catalogue_(catalogue), source_(options.source), book_(options.source) {}

  Result<void> add(const DestinationOptions& options) {
    if (options.format == destinations::kSetFormat) return {};  // its messages are tokens of another standard
    UE_TRY_ASSIGN(const auto place, destinations::find_place(options));
    if (!place) return {};
    UE_TRY_ASSIGN(const auto sent, destinations::SentTypes::parse(options));
    UE_TRY_ASSIGN(const auto derived, policy::derive_for(catalogue_, options.privacy));
    const catalogue::Catalogue& catalogue = derived ? *derived : catalogue_;
    auto types = catalogue.all();
    std::erase_if(types, [&](const auto* type) { return !sent.include(type->name, type->version); });
    UE_TRY_ASSIGN(const auto messages, book_.add(options, *place, catalogue, types));
    const std::string& name = options.name;  // letters, digits, `-`, `_` and `.`, as AsyncAPI wants its names
    add_servers(name, options, *place);
    add_channel(name, options, *place, messages);
    add_operation(name, options, *place);
    return {};
  }

  std::string finish() {
    std::string out;
    ObjectWriter document(out);
    document.text("asyncapi", "3.0.0");
    if (is_uri(source_)) document.text("id", source_);
    document.raw("info", info());
    document.text("defaultContentType", "application/cloudevents+json");
    if (!servers_.empty()) document.raw("servers", "{" + servers_ + "}");
    document.raw("channels", "{" + channels_ + "}");
    document.raw("operations", "{" + operations_ + "}");
    document.raw("components", "{\"schemas\":" + book_.schemas() + "}");
    document.end();
    return base::lay_out(out);
  }

 private:
  [[nodiscard]] std::string info() const {
    std::string out;
    ObjectWriter object(out);
    object.text("x-generated-by", kMark);  // first: it is looked for at the beginning of a file
    object.text("title", "Events of " + source_);
    object.text("version", UE_VERSION);
    object.text("description",
                "What happens to the users of the platform, as CloudEvents. Events of one ordering key come in the order of their sequence, at "
                "least once: drop duplicates by source and id.");
    object.end();
    return out;
  }

  static void add_member(std::string& object, std::string_view name, std::string_view json) {
    object += fmt::format("{}\"{}\":{}", object.empty() ? "" : ",", name, json);
  }

  static std::string server_name(const std::string& channel, const Place& place, std::size_t index) {
    return place.hosts.size() == 1 ? channel : fmt::format("{}.{}", channel, index + 1);
  }

  void add_servers(const std::string& name, const DestinationOptions& options, const Place& place) {
    for (std::size_t i = 0; i < place.hosts.size(); ++i) {
      std::string out;
      ObjectWriter server(out);
      server.text("host", place.hosts[i]);
      server.text("protocol", place.protocol);
      if (!place.protocol_version.empty()) server.text("protocolVersion", place.protocol_version);
      if (!place.pathname.empty()) server.text("pathname", place.pathname);
      server.text("description", fmt::format("Of the destination {} (kind {}).", options.name, options.kind));
      server.end();
      add_member(servers_, server_name(name, place, i), out);
    }
  }

  void add_channel(const std::string& name, const DestinationOptions& options, const Place& place, const ChannelMessages& messages) {
    std::string out;
    ObjectWriter channel(out);
    if (place.address)
      channel.text("address", *place.address);
    else
      channel.raw("address", "null");
    channel.text("title", options.name);
    channel.text("description", description_of(options, place));
    std::string& servers = channel.key("servers");
    servers += '[';
    for (std::size_t i = 0; i < place.hosts.size(); ++i)
      servers += fmt::format(R"({}{{"$ref":"#/servers/{}"}})", i == 0 ? "" : ",", server_name(name, place, i));
    servers += ']';
    if (place.address && place.address->find("{type}") != std::string::npos) channel.raw("parameters", parameters(messages.type_names));
    channel.raw("messages", messages.messages);
    if (!place.channel_bindings.empty()) channel.raw("bindings", "{" + place.channel_bindings + "}");
    channel.end();
    add_member(channels_, name, out);
  }

  static std::string description_of(const DestinationOptions& options, const Place& place) {
    std::string out = fmt::format("Destination {}, kind {}, format {}, encoding {}.", options.name, options.kind, options.format, options.encoding);
    if (!place.address) out += " Its address is not told here, for it can hold a secret.";
    if (options.settings.contains("registry.url"))
      out += " Before the data of each message stands the id of its schema in a registry, as Confluent's serializers write it.";
    return out;
  }

  static std::string parameters(const std::vector<std::string>& types) {
    std::string out;
    ObjectWriter object(out);
    ObjectWriter type(object.key("type"));
    type.text("description", "The event type, as names there have it.");
    base::append_array(types, type.key("enum"), [&](const std::string& one) { base::append_json_string(one, out); });
    type.end();
    object.end();
    return out;
  }

  void add_operation(const std::string& name, const DestinationOptions& options, const Place& place) {
    std::string out;
    ObjectWriter operation(out);
    operation.text("action", "send");
    operation.raw("channel", fmt::format(R"({{"$ref":"#/channels/{}"}})", name));
    operation.text("title", "Send to " + options.name);
    if (!place.operation_bindings.empty()) operation.raw("bindings", "{" + place.operation_bindings + "}");
    operation.end();
    add_member(operations_, "send." + name, out);
  }

  const catalogue::Catalogue& catalogue_;
  std::string source_;
  MessageBook book_;
  std::string servers_, channels_, operations_;  // members of JSON objects
};

}  // namespace

Result<std::string> asyncapi(const catalogue::Catalogue& catalogue, const Options& options) {
  Document document(catalogue, options);
  for (const auto& destination : options.destinations) UE_TRY(document.add(destination));
  return document.finish();
}

}  // namespace user_events::exports
