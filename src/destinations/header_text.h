// What goes into the headers of a message, whatever the broker calls them.
#pragma once

#include <string>
#include <string_view>

#include "destinations/destination.h"

namespace user_events::destinations {

/// Appends `value`, percent-encoded as the CloudEvents HTTP and NATS bindings want it: space, `"`, `%` and everything outside
/// U+0021–U+007E.
void append_percent_encoded(std::string_view value, std::string& out);

/// Calls `sink(name, value)` for each CloudEvents attribute that travels in a header, names without the protocol's prefix: in binary mode all of
/// them, else those by which an event is known again. Views are valid during the call of `sink` only.
template <class Sink>
void for_each_header_attribute(const Message& message, Sink&& sink) {
  if (message.attributes_in_headers) return encoding::for_each_attribute(message.envelope, message.position, sink);
  const encoding::AttributeTexts texts(message.envelope, message.position);
  sink(std::string_view("id"), message.envelope.id);
  sink(std::string_view("journalid"), message.position.journal_id);
  sink(std::string_view("sequence"), texts.sequence());
  if (!texts.replay().empty()) sink(std::string_view("replay"), texts.replay());
}

/// The same for the headers of a dead letter's copy; nothing if it is none.
template <class Sink>
void for_each_cause_header(const Message& message, Sink&& sink) {
  if (message.dead_letter == nullptr) return;
  sink(kDeadLetterDestinationHeader, message.dead_letter->destination);
  sink(kDeadLetterReasonHeader, message.dead_letter->reason);
  sink(kDeadLetterAttemptsHeader, std::string_view(std::to_string(message.dead_letter->attempts)));
}

/// What a broker tells repetitions by: the event id, and after an explicit replay also its generation.
[[nodiscard]] std::string deduplication_id(const Message& message);

}  // namespace user_events::destinations
