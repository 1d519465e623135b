#include "encoding/encoder.h"

namespace user_events::encoding {
namespace {

constexpr std::string_view kStructuredType = "application/cloudevents+json; charset=UTF-8", kJsonType = "application/json";
constexpr std::string_view kNoncharacterLead = "\xEF\xBF";  // U+FFFE is EF BF BE, U+FFFF is EF BF BF
constexpr std::size_t kNoncharacterBytes = 3, kEscapeBytes = 6;

/// Of the next one, from `at` on; npos: none.
std::size_t find_noncharacter(std::string_view text, std::size_t at) noexcept {
  for (at = text.find(kNoncharacterLead, at); at != std::string_view::npos; at = text.find(kNoncharacterLead, at + 1))
    if (at + 2 < text.size() && (text[at + 2] == '\xBE' || text[at + 2] == '\xBF')) return at;
  return at;
}

void escape_noncharacters(std::string& json) {
  for (std::size_t at = find_noncharacter(json, 0); at != std::string::npos; at = find_noncharacter(json, at + kEscapeBytes))
    json.replace(at, kNoncharacterBytes, json[at + 2] == '\xBE' ? "\\ufffe" : "\\uffff");
}

class JsonEncoder final : public Encoder {
 public:
  explicit JsonEncoder(const JsonOptions& options) : options_(options) {}

  Encoding encode(const Envelope& envelope, const Position& position, Encoded& out) override {
    out.envelope = envelope;
    out.content_type = options_.format == Format::cloudevents ? kStructuredType : kJsonType;
    out.attributes_in_headers = options_.format == Format::cloudevents_binary;
    out.headers.clear();
    if (options_.format == Format::cloudevents_binary && !options_.escape_noncharacters) {
      out.body = envelope.data;
      return {};
    }
    body_.clear();
    append_body(options_.format, envelope, position, body_);
    if (options_.escape_noncharacters) escape_noncharacters(body_);
    out.body = body_;
    return {};
  }

  std::size_t body_bound_bytes(const Envelope& envelope) const noexcept override {
    const std::size_t bytes = envelope.data.size() + overhead_bound_bytes(envelope);
    if (!options_.escape_noncharacters) return bytes;
    std::size_t escapes = 0;
    for (const std::string_view text : {envelope.data, envelope.id, envelope.source, envelope.partition_key, envelope.partition_key,
                                        envelope.tracestate, envelope.extensions})
      for (std::size_t at = find_noncharacter(text, 0); at != std::string_view::npos; at = find_noncharacter(text, at + kNoncharacterBytes))
        ++escapes;
    return bytes + escapes * (kEscapeBytes - kNoncharacterBytes);
  }

 private:
  const JsonOptions options_;
  std::string body_;
};

}  // namespace

std::unique_ptr<Encoder> make_json_encoder(const JsonOptions& options) { return std::make_unique<JsonEncoder>(options); }

}  // namespace user_events::encoding
