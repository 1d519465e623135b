#include "destinations/format.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/try.h"
#include "destinations/registry_settings.h"
#include "destinations/set_settings.h"
#include "destinations/wanted_versions.h"

namespace user_events::destinations {
namespace {

constexpr std::string_view kCode = "destination-setting";

Error finding(const DestinationOptions& options, std::string_view key, std::string sentence) {
  Error error{ErrorKind::usage, std::string(kCode), fmt::format("destination '{}': {} {}", options.name, key, sentence), {}, {}};
  error.fields.push_back({std::string(key), std::string(kCode), std::move(sentence)});
  return error;
}

Result<void> check_set(const DestinationOptions& options) {
  if (options.sign.empty()) return std::unexpected(finding(options, "sign", "is missing: a security event token is signed"));
  if (options.signature != "jws") return std::unexpected(finding(options, "signature", "must be jws: a security event token is a JWS"));
  if (is_data_alone(options)) return std::unexpected(finding(options, "format", "cannot be set with another encoding than json, or with a schema registry"));
  return {};
}

Result<void> check_format(const Kind& kind, const DestinationOptions& options) {
  UE_TRY_ASSIGN(const auto format, format_of(options));
  if (format == encoding::Format::cloudevents_binary && !kind.carries.headers)
    return std::unexpected(finding(options, "format",
                                   fmt::format("cannot be cloudevents-binary: a {} destination has no headers for all attributes (cloudevents or plain)",
                                               kind.name)));
  return {};
}

Result<void> check_encoding(const Kind& kind, const DestinationOptions& options) {
  if (options.encoding != "json" && options.encoding != "avro" && options.encoding != "protobuf")
    return std::unexpected(finding(options, "encoding", "is unknown (json, avro or protobuf)"));
  if (!is_data_alone(options)) return {};
  const std::string_view key = options.settings.contains("registry.url") ? "registry.url" : "encoding";
  if (!kind.carries.binary)
    return std::unexpected(finding(options, key, fmt::format("makes bodies of bytes, and messages of a {} destination are text", kind.name)));
  if (options.format == "cloudevents")
    return std::unexpected(finding(options, "format",
                                   fmt::format("cannot be cloudevents: {} leaves no place for the attributes in the body (cloudevents-binary or plain)", key)));
  return {};
}

Result<void> check_signature(const Kind& kind, const DestinationOptions& options) {
  if (options.sign.empty()) return {};
  if (options.signature != "jws" && options.signature != "dsse") return std::unexpected(finding(options, "signature", "is unknown (jws or dsse)"));
  if (options.signature == "jws" && !kind.carries.further_headers)
    return std::unexpected(finding(options, "sign", fmt::format("needs a header for the signature, and a {} destination has none (with signature = \"dsse\" it is in the body)", kind.name)));
  if (options.signature == "dsse" && options.format == "plain")
    return std::unexpected(finding(options, "signature", "cannot be dsse: format plain has no place for it (cloudevents or cloudevents-binary)"));
  if (options.signature == "dsse" && !kind.carries.noncharacters)
    return std::unexpected(finding(options, "signature", fmt::format("cannot be dsse: a {} destination does not carry all data as it is written", kind.name)));
  return {};
}

template <class T>
Result<void> readable(const Result<T>& settings) {
  if (settings) return {};
  return std::unexpected(settings.error());
}

Result<void> check_dead_letter_topic(const Kind& kind, const DestinationOptions& options) {
  if (options.dead_letter_topic.empty() || kind.carries.dead_letters) return {};
  return std::unexpected(finding(options, "dead_letter_topic", fmt::format("is not for a {} destination (leave it out)", kind.name)));
}

Result<void> check_access(const Kind& kind, const DestinationOptions& options) {
  if ((options.consumers.empty() && options.principal.empty()) || kind.access != nullptr) return {};
  const std::string_view key = options.consumers.empty() ? "principal" : "consumers";
  return std::unexpected(finding(options, key, fmt::format("is not for a {} destination, whose readers nobody here administers (leave it out)", kind.name)));
}

}  // namespace

bool is_data_alone(const DestinationOptions& options) { return options.encoding != "json" || options.settings.contains("registry.url"); }

std::string_view data_content_type(const DestinationOptions& options) {
  const bool has_registry = options.settings.contains("registry.url");
  if (options.encoding == "avro") return has_registry ? "application/vnd.confluent.avro" : "application/avro";
  if (options.encoding == "protobuf") return has_registry ? "application/vnd.confluent.protobuf" : "application/protobuf";
  return has_registry ? "application/vnd.confluent.json" : "application/json";
}

Result<encoding::Format> format_of(const DestinationOptions& options) {
  if (options.format == "cloudevents") return encoding::Format::cloudevents;
  if (options.format == "cloudevents-binary") return encoding::Format::cloudevents_binary;
  if (options.format == "plain") return encoding::Format::plain;
  return std::unexpected(finding(options, "format", "is unknown (cloudevents, cloudevents-binary, plain or set)"));
}

Result<void> check(const Kind& kind, const DestinationOptions& options) {
  std::vector<Result<void>> found{kind.check(options)};
  if (options.format == kSetFormat)
    found.push_back(check_set(options));
  else
    found.insert(found.end(), {check_format(kind, options), check_encoding(kind, options), check_signature(kind, options)});
  found.insert(found.end(), {readable(parse_registry_settings(options)), readable(parse_set_settings(options)), readable(wanted_versions(options)),
                             check_dead_letter_topic(kind, options), check_access(kind, options)});
  Result<void> all;
  for (auto& one : found) {
    if (one) continue;
    if (all)
      all = std::move(one);
    else
      all.error().fields.insert(all.error().fields.end(), one.error().fields.begin(), one.error().fields.end());
  }
  return all;
}

Result<std::unique_ptr<encoding::Encoder>> make_json_encoder(const Kind& kind, const DestinationOptions& options) {
  UE_TRY_ASSIGN(const auto format, format_of(options));
  return encoding::make_json_encoder({.format = format, .escape_noncharacters = !kind.carries.noncharacters});
}

}  // namespace user_events::destinations
