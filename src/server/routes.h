// Which handler a request gets, and what is refused before one is asked.
#pragma once

#include <string>
#include <vector>

#include "server/channel.h"

namespace user_events::server {

/// The header is complete: fills `channel.prepared()`, starts an exchange for a streamed body, or answers
/// with a problem.
void prepare(Channel& channel);

/// A publish without an exchange is finished.
void finish_publish(Channel& channel, Published&& result);

/// What `Accept-Schema-Version` asks for, as ReadQuery::versions. Error malformed.
[[nodiscard]] Result<std::vector<std::string>> wanted_versions(const Request& request);

/// Handlers, by file: publish.cc, ndjson.cc, event_stream.cc, dead_letters.cc, destinations.cc, reads.cc.
void publish_body(Channel& channel);
void publish_binary(Channel& channel);
void start_ndjson(Channel& channel);
void stream_events(Channel& channel);
void read_events(Channel& channel);
void find_event(Channel& channel);
void list_letters(Channel& channel);
void show_letter(Channel& channel);
void replay_letters(Channel& channel);
void discard_letters(Channel& channel);
void list_discarded(Channel& channel);
void show_discarded(Channel& channel);
void list_replays(Channel& channel);
void show_replay(Channel& channel);
void cancel_replay(Channel& channel);
void list_destinations(Channel& channel);
void pause_destination(Channel& channel);
void resume_destination(Channel& channel);
void replay_destination(Channel& channel);
void show_keys(Channel& channel);
void forget_user(Channel& channel);
void rotate_keys(Channel& channel);
void show_field_key(Channel& channel);
void list_schemas(Channel& channel);
void show_asyncapi(Channel& channel);
void search_audit(Channel& channel);
void switch_audit_index(Channel& channel);
void list_holds(Channel& channel);
void add_hold(Channel& channel);
void remove_hold(Channel& channel);
void show_signing_keys(Channel& channel);
void show_schema(Channel& channel);
void show_status(Channel& channel);
void show_health(Channel& channel);
void show_readiness(Channel& channel);
void show_metrics(Channel& channel);

}  // namespace user_events::server
