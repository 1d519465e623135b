// The AsyncAPI document: where the events of a configuration can be consumed, and what they look like.
#pragma once

#include <string>

#include "catalogue/catalogue.h"
#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::exports {

/// An AsyncAPI 3.0.0 document in JSON, laid out for people: a channel and a `send` operation for each destination that sends over a network
/// (files and standard output have no address), its servers, and a message for each type and version that goes there. Holds no credentials
/// and nothing that can hold one. Deterministic. Error `usage`: settings of a destination that cannot be read. Any thread.
/// https://www.asyncapi.com/docs/reference/specification/v3.0.0
[[nodiscard]] Result<std::string> asyncapi(const catalogue::Catalogue& catalogue, const Options& options);

}  // namespace user_events::exports
