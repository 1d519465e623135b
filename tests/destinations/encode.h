// Messages as the stage before the adapters makes them.
#pragma once

#include <memory>
#include <stdexcept>

#include "destinations/format.h"

namespace user_events::tests {

/// Encodes `message.envelope` for that destination. The views are valid until the next call on this thread.
inline destinations::Message& encode(const DestinationOptions& options, destinations::Message& message) {
  thread_local std::unique_ptr<encoding::Encoder> encoder;
  auto made = destinations::make_json_encoder(*destinations::find_kind(options.kind), options);
  if (!made) throw std::runtime_error(describe(made.error()));
  encoder = *std::move(made);
  const encoding::Envelope envelope = message.envelope;
  if (encoder->encode(envelope, message.position, message).readiness != encoding::Readiness::ready) throw std::logic_error("not encoded");
  return message;
}

}  // namespace user_events::tests
