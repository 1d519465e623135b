#include "destinations/access.h"

#include "base/try.h"

namespace user_events::destinations {
namespace {

constexpr std::string_view kGroup = "group=", kQueue = "queue=";
constexpr std::size_t kMaxNameBytes = 2'048;  // the longest subject of a certificate that anybody has

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes && text.find_first_of("\r\n\t") == std::string_view::npos;
}

std::unexpected<Error> bad_consumer(std::string message) {
  return fail(ErrorKind::usage, "bad-consumer", std::move(message), "PRINCIPAL, PRINCIPAL group=NAME, PRINCIPAL group=PREFIX* or PRINCIPAL queue=NAME");
}

}  // namespace

Result<Consumer> Consumer::parse(std::string_view text) {
  Consumer consumer;
  for (auto space = text.rfind(' '); space != std::string_view::npos; space = text.rfind(' ')) {
    const std::string_view word = text.substr(space + 1);
    std::string* const part = word.starts_with(kGroup) ? &consumer.group : word.starts_with(kQueue) ? &consumer.queue : nullptr;
    if (part == nullptr) break;
    if (!part->empty()) return bad_consumer(std::string(word.substr(0, kGroup.size())) + " is given twice");
    *part = word.substr(kGroup.size());
    if (part->empty()) return bad_consumer(std::string(word) + " has no name");
    text = text.substr(0, text.find_last_not_of(' ', space) + 1);
  }
  consumer.group_is_prefix = consumer.group.ends_with('*');
  if (consumer.group_is_prefix) consumer.group.pop_back();
  if (consumer.group_is_prefix && consumer.group.empty()) return bad_consumer("group=* is every group of the broker");
  consumer.principal = text;
  if (!is_name(text) || text.front() == ' ' || text.starts_with(kGroup) || text.starts_with(kQueue)) return bad_consumer("there is no principal");
  if (text == kAnybody) return bad_consumer("* is everybody");
  return consumer;
}

Result<std::vector<Consumer>> consumers_of(const DestinationOptions& options) {
  std::vector<Consumer> consumers;
  for (const auto& text : options.consumers) {
    auto consumer = Consumer::parse(text);
    if (!consumer) return refuse_access("consumers", "has one that is none: " + consumer.error().message, consumer.error().hint);
    consumers.push_back(*std::move(consumer));
  }
  return consumers;
}

std::unexpected<Error> refuse_access(std::string_view key, std::string sentence, std::string_view hint) {
  constexpr std::string_view kCode = "destination-access";
  Error error{ErrorKind::usage, std::string(kCode), std::string(key) + ' ' + sentence, std::string(hint), {}};
  if (!hint.empty()) sentence.append(" (").append(hint).append(")");
  error.fields.push_back({std::string(key), std::string(kCode), std::move(sentence)});
  return std::unexpected(std::move(error));
}

std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + '\'';
}

}  // namespace user_events::destinations
