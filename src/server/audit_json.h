// What a search of events and acts answers, as JSON.
#pragma once

#include <string>

#include "user_events/audit.h"

namespace user_events::server {

[[nodiscard]] std::string audit_page_json(const AuditPage& page);

}  // namespace user_events::server
