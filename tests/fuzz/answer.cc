// What services answer: a schema registry, SQS and SNS. What is read lies within its limits.
#include "destinations/aws/fault.h"
#include "destinations/aws/service.h"
#include "fuzz.h"
#include "registry/answer.h"

namespace user_events {
namespace {

void check_registry(std::string_view text) {
  (void)registry::read_error_code(text);
  if (const auto id = registry::read_id(text)) fuzz::require(*id >= 1 && *id <= registry::kMaxId, "an id is within its limits");
  if (const auto numbers = registry::read_version_numbers(text)) {
    fuzz::require(numbers->size() <= registry::kMaxVersions, "there are not too many versions");
    for (const auto number : *numbers) fuzz::require(number >= 1, "versions begin with 1");
  }
  if (const auto one = registry::read_registered(text)) {
    fuzz::require(one->id >= 1 && one->version >= 1, "a registered version has numbers");
    fuzz::require(registry::read_id(text) == one->id, "an answer has one id");
  }
}

void check_service(const destinations::aws::Service& service, std::string_view text) {
  for (const int status : {200, 400, 503}) {
    const auto answer = service.read(status, text);
    if (!answer.understood) continue;
    fuzz::require(status == 200 ? answer.code.empty() : !answer.code.empty() && answer.entries.empty(), "an answer speaks of the request or of its entries");
    if (!answer.code.empty()) (void)destinations::aws::hint_for(destinations::aws::fault_of(status, answer.code));
    for (const auto& entry : answer.entries) {
      fuzz::require(!entry.accepted || entry.code.empty(), "what is accepted has no error");
      (void)destinations::aws::fault_of_entry(entry.sender_fault, entry.code);
    }
  }
}

}  // namespace
}  // namespace user_events

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace user_events;
  const std::string_view text = fuzz::text_of(data, size);
  check_registry(text);
  check_service(destinations::aws::sqs_service(), text);
  check_service(destinations::aws::sns_service(), text);
  return 0;
}
