#include "brokers/aws_emulator.h"

#include <curl/curl.h>
#include <simdjson.h>

#include <memory>
#include <stdexcept>
#include <string_view>

namespace user_events::tests {
namespace {

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error("aws emulator: " + what); }

std::size_t append_to(char* data, std::size_t, std::size_t size, void* out) {
  static_cast<std::string*>(out)->append(data, size);
  return size;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string encoded(const std::string& text) {
  char* escaped = curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
  std::string out(escaped);
  curl_free(escaped);
  return out;
}

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const auto from = text.find(begin);
  if (from == std::string::npos) give_up("no " + begin + " in an answer");
  const auto start = from + begin.size();
  return text.substr(start, text.find(end, start) - start);
}

std::string text_in(simdjson::dom::element element, std::string_view key) {
  std::string_view value;
  return element[key].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

QueueMessage message_of(simdjson::dom::element element) {
  QueueMessage message{.body = text_in(element, "Body"), .group_id = {}, .deduplication_id = {}, .attributes = {}};
  simdjson::dom::element system;
  if (element["Attributes"].get(system) == simdjson::SUCCESS) {
    message.group_id = text_in(system, "MessageGroupId");
    message.deduplication_id = text_in(system, "MessageDeduplicationId");
  }
  simdjson::dom::object attributes;
  if (element["MessageAttributes"].get(attributes) == simdjson::SUCCESS)
    for (const auto [name, value] : attributes) message.attributes[std::string(name)] = text_in(value, "StringValue");
  return message;
}

}  // namespace

AwsEmulator::Reply AwsEmulator::post(const std::string& path, const std::string& service, const std::vector<std::string>& headers,
                                     const std::string& body) const {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), curl_easy_cleanup);
  const std::string url = "http://127.0.0.1:" + std::to_string(port()) + path;
  curl_slist* list = nullptr;
  for (const auto& header : headers) list = curl_slist_append(list, header.c_str());
  if (!keys_.session_token.empty()) list = curl_slist_append(list, ("X-Amz-Security-Token: " + keys_.session_token).c_str());
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> owner(list, curl_slist_free_all);
  Reply reply;
  curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, append_to);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &reply.body);
  curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, 30'000L);
  if (!service.empty()) {
    curl_easy_setopt(easy.get(), CURLOPT_AWS_SIGV4, ("aws:amz:us-east-1:" + service).c_str());
    curl_easy_setopt(easy.get(), CURLOPT_USERNAME, keys_.access_key_id.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_PASSWORD, keys_.secret_access_key.c_str());
  }
  if (const auto code = curl_easy_perform(easy.get()); code != CURLE_OK) give_up(curl_easy_strerror(code));
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &reply.status);
  return reply;
}

AwsEmulator::Reply AwsEmulator::forward_sqs(const std::string& action, const std::string& json) const {
  return post("/", "sqs", {"Content-Type: application/x-amz-json-1.0", "X-Amz-Target: AmazonSQS." + action}, json);
}

std::string AwsEmulator::sqs(const std::string& action, const std::string& json) const {
  const Reply reply = forward_sqs(action, json);
  if (reply.status != 200) give_up(action + " was answered " + std::to_string(reply.status) + ": " + reply.body);
  return reply.body;
}

std::string AwsEmulator::kms(const std::string& action, const std::string& json) const {
  const Reply reply = post("/", "kms", {"Content-Type: application/x-amz-json-1.1", "X-Amz-Target: TrentService." + action}, json);
  if (reply.status != 200) give_up(action + " was answered " + std::to_string(reply.status) + ": " + reply.body);
  return reply.body;
}

std::string AwsEmulator::query(const std::string& service, const std::string& form) const {
  const Reply reply = post("/", service, {"Content-Type: application/x-www-form-urlencoded; charset=utf-8"}, form);
  if (reply.status != 200) give_up(form.substr(0, form.find('&')) + " was answered " + std::to_string(reply.status) + ": " + reply.body);
  return reply.body;
}

void AwsEmulator::check_signatures_after(int requests) const {
  if (post("/moto-api/reset-auth", {}, {"Content-Type: text/plain"}, std::to_string(requests)).status != 200) give_up("reset-auth failed");
}

std::string AwsEmulator::create_queue(const std::string& name, const std::map<std::string, std::string>& attributes) const {
  std::string json = "{\"QueueName\":" + quoted(name) + ",\"Attributes\":{";
  std::map<std::string, std::string> all = attributes;
  if (name.ends_with(".fifo")) all["FifoQueue"] = "true";
  for (const auto& [key, value] : all) json += (json.ends_with('{') ? "" : ",") + quoted(key) + ":" + quoted(value);
  const std::string body = sqs("CreateQueue", json + "}}");
  simdjson::dom::parser parser;
  return text_in(parser.parse(body), "QueueUrl");
}

void AwsEmulator::delete_queue(const std::string& url) const { sqs("DeleteQueue", "{\"QueueUrl\":" + quoted(url) + "}"); }

std::string AwsEmulator::create_topic(const std::string& name) const {
  std::string form = "Action=CreateTopic&Version=2010-03-31&Name=" + encoded(name);
  if (name.ends_with(".fifo")) form += "&Attributes.entry.1.key=FifoTopic&Attributes.entry.1.value=true";
  return between(query("sns", form), "<TopicArn>", "</TopicArn>");
}

void AwsEmulator::subscribe(const std::string& topic_arn, const std::string& queue_name, const std::string& filter) const {
  std::string form = "Action=Subscribe&Version=2010-03-31&Protocol=sqs&TopicArn=" + encoded(topic_arn) +
                     "&Endpoint=" + encoded("arn:aws:sqs:us-east-1:123456789012:" + queue_name) +
                     "&Attributes.entry.1.key=RawMessageDelivery&Attributes.entry.1.value=true";
  if (!filter.empty()) form += "&Attributes.entry.2.key=FilterPolicy&Attributes.entry.2.value=" + encoded(filter);
  query("sns", form);
}

Keys AwsEmulator::create_user(const std::string& name, const std::string& policy) const {
  query("iam", "Action=CreateUser&Version=2010-05-08&UserName=" + name);
  query("iam", "Action=PutUserPolicy&Version=2010-05-08&PolicyName=p&UserName=" + name + "&PolicyDocument=" + encoded(policy));
  const std::string answer = query("iam", "Action=CreateAccessKey&Version=2010-05-08&UserName=" + name);
  return {between(answer, "<AccessKeyId>", "<"), between(answer, "<SecretAccessKey>", "<"), {}};
}

void AwsEmulator::create_role(const std::string& name, const std::string& policy) const {
  query("iam", "Action=CreateRole&Version=2010-05-08&AssumeRolePolicyDocument=%7B%7D&RoleName=" + name);
  query("iam", "Action=PutRolePolicy&Version=2010-05-08&PolicyName=p&RoleName=" + name + "&PolicyDocument=" + encoded(policy));
}

std::vector<QueueMessage> AwsEmulator::receive(const std::string& queue_url, std::size_t count, std::chrono::seconds wait) const {
  std::vector<QueueMessage> messages;
  simdjson::dom::parser parser;
  const std::string url = quoted(queue_url);
  while (messages.size() < count) {
    const std::string body = sqs("ReceiveMessage", "{\"QueueUrl\":" + url +
                                                       ",\"MaxNumberOfMessages\":10,\"WaitTimeSeconds\":" + std::to_string(wait.count()) +
                                                       ",\"VisibilityTimeout\":600,\"MessageAttributeNames\":[\"All\"],\"AttributeNames\":[\"All\"]}");
    simdjson::dom::array list;
    if (parser.parse(body)["Messages"].get(list) != simdjson::SUCCESS || list.size() == 0) return messages;
    std::string entries;
    for (simdjson::dom::element element : list) {
      messages.push_back(message_of(element));
      entries += (entries.empty() ? "" : ",") + ("{\"Id\":\"" + std::to_string(messages.size())) +
                 "\",\"ReceiptHandle\":" + quoted(text_in(element, "ReceiptHandle")) + "}";
    }
    sqs("DeleteMessageBatch", "{\"QueueUrl\":" + url + ",\"Entries\":[" + entries + "]}");
  }
  return messages;
}

}  // namespace user_events::tests
