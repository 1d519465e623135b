// Amazon SQS, JSON protocol (x-amz-json-1.0): SendMessageBatch.
#include <simdjson.h>

#include <charconv>

#include "base/json_text.h"
#include "destinations/aws/config.h"
#include "destinations/aws/service.h"

namespace user_events::destinations::aws {
namespace {

void append_member(std::string_view name, std::string_view value, std::string& out) {
  out += '"';
  out += name;
  out += "\":";
  base::append_json_string(value, out);
}

void append_entry(const Entry& entry, std::size_t index, std::string& out) {
  out += index == 0 ? "{" : ",{";
  append_member("Id", std::to_string(index), out);
  out += ',';
  append_member("MessageBody", entry.body, out);
  out += ",\"MessageAttributes\":{";
  bool first = true;
  for (const auto& attribute : entry.attributes) {
    if (!first) out += ',';
    first = false;
    out += '"';
    out += attribute.name;
    out += "\":{\"DataType\":\"String\",";
    append_member("StringValue", attribute.value, out);
    out += '}';
  }
  out += '}';
  if (!entry.group_id.empty()) {
    out += ',';
    append_member("MessageGroupId", entry.group_id, out);
    out += ',';
    append_member("MessageDeduplicationId", entry.deduplication_id, out);
  }
  out += '}';
}

std::string_view text(simdjson::dom::object object, std::string_view key) {
  std::string_view value;
  return object[key].get(value) == simdjson::SUCCESS ? value : std::string_view{};
}

void read_entries(simdjson::dom::object document, std::string_view list, bool accepted, Answer& answer) {
  simdjson::dom::array entries;
  if (document[list].get(entries) != simdjson::SUCCESS) return;
  for (simdjson::dom::element element : entries) {
    simdjson::dom::object object;
    if (element.get(object) != simdjson::SUCCESS) continue;
    EntryAnswer entry{.index = 0, .accepted = accepted, .sender_fault = false, .code = {}};
    const auto id = text(object, "Id");
    if (std::from_chars(id.data(), id.data() + id.size(), entry.index).ec != std::errc{}) continue;
    if (!accepted) {
      entry.code = text(object, "Code");
      if (object["SenderFault"].get(entry.sender_fault) != simdjson::SUCCESS) entry.sender_fault = false;
    }
    answer.entries.push_back(std::move(entry));
  }
}

class Sqs final : public Service {
 public:
  std::string_view signing_name() const noexcept override { return "sqs"; }
  std::vector<std::string> headers() const override {
    return {"Content-Type: application/x-amz-json-1.0", "X-Amz-Target: AmazonSQS.SendMessageBatch"};
  }

  void append_request(std::string_view target, std::span<const Entry> entries, std::string& out) const override {
    out += '{';
    append_member("QueueUrl", target, out);
    out += ",\"Entries\":[";
    for (std::size_t i = 0; i < entries.size(); ++i) append_entry(entries[i], i, out);
    out += "]}";
  }

  Answer read(int status, std::string_view body) const override {
    simdjson::dom::parser parser;
    simdjson::dom::object document;
    Answer answer;
    if (parser.parse(body.data(), body.size()).get(document) != simdjson::SUCCESS) return answer;
    if (status != 200) {
      answer.code = text(document, "__type");
      answer.understood = !answer.code.empty();
      return answer;
    }
    read_entries(document, "Successful", true, answer);
    read_entries(document, "Failed", false, answer);
    simdjson::dom::array list;
    answer.understood = document["Successful"].get(list) == simdjson::SUCCESS || document["Failed"].get(list) == simdjson::SUCCESS;
    return answer;
  }
};

}  // namespace

const Service& sqs_service() {
  static const Sqs service;
  return service;
}

}  // namespace user_events::destinations::aws
