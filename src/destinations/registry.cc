// The kinds of destination. A new kind is its folder and its line here.
#include <algorithm>

#include "base/try.h"
#include "destinations/aws/aws.h"
#include "destinations/destination.h"
#include "destinations/file/file.h"
#include "destinations/kafka/kafka.h"
#include "destinations/nats/nats.h"
#include "destinations/rabbitmq/rabbitmq.h"
#include "destinations/redis/redis.h"
#include "destinations/stdout/stdout.h"
#include "destinations/webhook/webhook.h"

namespace user_events::destinations {

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      kafka_kind(),
      rabbitmq_kind(),
      nats_kind(),
      sqs_kind(),
      sns_kind(),
      redis_kind(),
      webhook_kind(),
      file_kind(),
      stdout_kind(),
  };
  return all;
}

const Kind* find_kind(std::string_view name) {
  const auto found = std::ranges::find(kinds(), name, &Kind::name);
  return found == kinds().end() ? nullptr : &*found;
}

Result<std::optional<Place>> find_place(const DestinationOptions& options) {
  const Kind* const kind = find_kind(options.kind);
  if (kind == nullptr || kind->place == nullptr) return std::optional<Place>();
  UE_TRY_ASSIGN(auto place, kind->place(options));
  if (!options.sign.empty() && options.signature == "jws")
    place.headers.push_back({encoding::kSignatureHeader, "Detached JSON Web Signature (RFC 7515, 7797) over the body and, in its protected header, all attributes."});
  return std::optional(std::move(place));
}

}  // namespace user_events::destinations
