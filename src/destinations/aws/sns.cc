// Amazon SNS, query protocol of 2010-03-31: PublishBatch.
#include <fmt/format.h>

#include <charconv>
#include <pugixml.hpp>

#include "destinations/aws/form.h"
#include "destinations/aws/service.h"

namespace user_events::destinations::aws {
namespace {

void append_entry(const Entry& entry, std::size_t index, std::string& out) {
  const std::string prefix = fmt::format("PublishBatchRequestEntries.member.{}.", index + 1);
  append_form_field(prefix + "Id", std::to_string(index), out);
  append_form_field(prefix + "Message", entry.body, out);
  for (std::size_t i = 0; i < entry.attributes.size(); ++i) {
    const std::string attribute = fmt::format("{}MessageAttributes.entry.{}.", prefix, i + 1);
    append_form_field(attribute + "Name", entry.attributes[i].name, out);
    append_form_field(attribute + "Value.DataType", "String", out);
    append_form_field(attribute + "Value.StringValue", entry.attributes[i].value, out);
  }
  if (entry.group_id.empty()) return;
  append_form_field(prefix + "MessageGroupId", entry.group_id, out);
  append_form_field(prefix + "MessageDeduplicationId", entry.deduplication_id, out);
}

void read_entries(const pugi::xml_node& list, bool accepted, Answer& answer) {
  for (const pugi::xml_node member : list.children("member")) {
    EntryAnswer entry{.index = 0, .accepted = accepted, .sender_fault = false, .code = {}};
    const std::string_view id = member.child_value("Id");
    if (std::from_chars(id.data(), id.data() + id.size(), entry.index).ec != std::errc{}) continue;
    if (!accepted) {
      entry.code = member.child_value("Code");
      entry.sender_fault = std::string_view(member.child_value("SenderFault")) == "true";
    }
    answer.entries.push_back(std::move(entry));
  }
}

class Sns final : public Service {
 public:
  std::string_view signing_name() const noexcept override { return "sns"; }
  std::vector<std::string> headers() const override { return {"Content-Type: application/x-www-form-urlencoded; charset=utf-8"}; }

  void append_request(std::string_view target, std::span<const Entry> entries, std::string& out) const override {
    append_form_field("Action", "PublishBatch", out);
    append_form_field("Version", "2010-03-31", out);
    append_form_field("TopicArn", target, out);
    for (std::size_t i = 0; i < entries.size(); ++i) append_entry(entries[i], i, out);
  }

  Answer read(int status, std::string_view body) const override {
    Answer answer;
    pugi::xml_document document;
    if (!document.load_buffer(body.data(), body.size())) return answer;
    if (status != 200) {
      // Some errors of the front end come without the enclosing ErrorResponse.
      const pugi::xml_node enclosed = document.child("ErrorResponse").child("Error");
      answer.code = (enclosed ? enclosed : document.child("Error")).child_value("Code");
      answer.understood = !answer.code.empty();
      return answer;
    }
    const pugi::xml_node result = document.child("PublishBatchResponse").child("PublishBatchResult");
    answer.understood = static_cast<bool>(result);
    read_entries(result.child("Successful"), true, answer);
    read_entries(result.child("Failed"), false, answer);
    return answer;
  }
};

}  // namespace

const Service& sns_service() {
  static const Sns service;
  return service;
}

}  // namespace user_events::destinations::aws
