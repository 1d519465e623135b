// libcurl's multi interface and nothing else: finished, signed SendMessageBatch requests, so many at once.
#pragma once

#include <string>
#include <vector>

namespace user_events::bench {

/// Posts each body once, `in_flight` at a time over connections that are kept. Ends the process if one is not answered 200.
void send_bare(const std::string& endpoint, const std::vector<std::string>& bodies, std::size_t in_flight);

}  // namespace user_events::bench
