#include "destinations/aws/fault.h"

#include <algorithm>
#include <array>
#include <optional>

namespace user_events::destinations::aws {
namespace {

struct Row {
  std::string_view code;
  Fault fault;
};

// Plain codes. Sources: the services' API references ("Common Errors", SendMessageBatch, PublishBatch) and the throttling codes that
// AWS's SDKs agree on (SDK reference guide, "Retry behavior").
constexpr std::array kCodes = {
    Row{"RequestThrottled", Fault::throttled},
    Row{"Throttling", Fault::throttled},
    Row{"Throttled", Fault::throttled},
    Row{"ThrottledRequest", Fault::throttled},
    Row{"TooManyRequests", Fault::throttled},
    Row{"RequestLimitExceeded", Fault::throttled},
    Row{"BandwidthLimitExceeded", Fault::throttled},
    Row{"LimitExceeded", Fault::throttled},
    Row{"OverLimit", Fault::throttled},
    Row{"SlowDown", Fault::throttled},
    Row{"PriorRequestNotComplete", Fault::throttled},
    Row{"ProvisionedThroughputExceeded", Fault::throttled},
    Row{"AccessDenied", Fault::denied},
    Row{"AuthorizationError", Fault::denied},
    Row{"AuthFailure", Fault::denied},
    Row{"InvalidClientTokenId", Fault::denied},
    Row{"InvalidAccessKeyId", Fault::denied},
    Row{"UnrecognizedClient", Fault::denied},
    Row{"SignatureDoesNotMatch", Fault::denied},
    Row{"InvalidSignature", Fault::denied},
    Row{"IncompleteSignature", Fault::denied},
    Row{"MissingAuthenticationToken", Fault::denied},
    Row{"NotAuthorized", Fault::denied},
    Row{"OptInRequired", Fault::denied},
    Row{"InvalidSecurity", Fault::denied},
    Row{"InvalidAddress", Fault::denied},
    Row{"ExpiredToken", Fault::expired},
    Row{"RequestExpired", Fault::expired},
    Row{"TokenRefreshRequired", Fault::expired},
    Row{"QueueDoesNotExist", Fault::missing},
    Row{"NonExistentQueue", Fault::missing},
    Row{"QueueDeletedRecently", Fault::missing},
    Row{"NotFound", Fault::missing},
    Row{"ResourceNotFound", Fault::missing},
    Row{"BatchRequestTooLong", Fault::too_large},
    Row{"MessageTooLong", Fault::too_large},
    Row{"RequestEntityTooLarge", Fault::too_large},
    Row{"InvalidMessageContents", Fault::bad_message},
    Row{"InvalidParameter", Fault::bad_message},
    Row{"InvalidParameterValue", Fault::bad_message},
    Row{"InvalidAttributeValue", Fault::bad_message},
    Row{"ParameterValueInvalid", Fault::bad_message},
    Row{"ServiceUnavailable", Fault::down},
    Row{"Unavailable", Fault::down},
    Row{"InternalError", Fault::server},
    Row{"InternalFailure", Fault::server},
    Row{"InternalServerError", Fault::server},
    Row{"RequestTimeout", Fault::server},
};

std::optional<Fault> known_fault(std::string_view code) noexcept {
  const auto plain = plain_code(code);
  // `KMS.DisabledException`, `KmsDisabled`, `KMSThrottling`: of the key that encrypts the target, whoever the fault is given to.
  if (plain.starts_with("KMS") || plain.starts_with("Kms"))
    return plain.find("Throttl") != std::string_view::npos ? Fault::throttled : Fault::unusable;
  const auto* found = std::ranges::find(kCodes, plain, &Row::code);
  if (found == kCodes.end()) return std::nullopt;
  return found->fault;
}

}  // namespace

std::string_view plain_code(std::string_view code) noexcept {
  if (const auto hash = code.rfind('#'); hash != std::string_view::npos) code.remove_prefix(hash + 1);
  constexpr std::string_view kNamespace = "AWS.SimpleQueueService.";
  if (code.starts_with(kNamespace)) code.remove_prefix(kNamespace.size());
  if (code.ends_with("Exception")) code.remove_suffix(std::string_view("Exception").size());
  return code;
}

Fault fault_of(int status, std::string_view code) noexcept {
  if (const auto known = known_fault(code)) return *known;
  if (status == 429) return Fault::throttled;
  if (status == 401 || status == 403) return Fault::denied;
  if (status == 404) return Fault::missing;
  if (status == 413) return Fault::too_large;
  if (status == 503) return Fault::down;
  if (status >= 500) return Fault::server;
  return Fault::unknown;
}

Fault fault_of_entry(bool sender_fault, std::string_view code) noexcept {
  if (const auto known = known_fault(code)) return *known;
  return sender_fault ? Fault::bad_message : Fault::server;
}

std::string_view hint_for(Fault fault) noexcept {
  switch (fault) {
    case Fault::throttled:
      return "the service limits the rate; events wait in the journal";
    case Fault::denied:
      return "check the credentials and grant sqs:SendMessage or sns:Publish on the target; events wait in the journal";
    case Fault::expired:
      return "new credentials are being got; if that does not help, check this machine's clock; events wait in the journal";
    case Fault::missing:
      return "create it, or correct topic, region or endpoint; events wait in the journal";
    case Fault::unusable:
      return "grant the use of the KMS key that encrypts the target (kms:GenerateDataKey, kms:Decrypt); events wait in the journal";
    case Fault::too_large:
      return "lower max_request_bytes to the target's MaximumMessageSize, or raise that";
    default:
      return {};
  }
}

}  // namespace user_events::destinations::aws
