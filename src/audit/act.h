// What the audit log records, as the JSON that lies in its journal: docs/security/audit.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "user_events/error.h"

namespace user_events::audit {

/// Of the room's own records; those of people are named where they are carried out (publisher).
inline constexpr std::string_view kCheckpoint = "checkpoint", kRemoved = "journal.removed", kRecovered = "journal.recovered", kStart = "start", kStop = "stop",
                                  kDenied = "access.denied";

/// What somebody asks for. `asked` is the inside of a JSON object, without personal data.
struct Act {
  std::string_view type;
  std::string principal;
  std::string asked;
};

/// `{"act":…,"stage":"asked","asked":{…}}`
[[nodiscard]] std::string asked_json(const Act& act);
/// `{"act":…,"stage":"ended","of":12,"outcome":"done","counts":{…}}`; with an error `"outcome":"failed","code":…` instead.
[[nodiscard]] std::string ended_json(const Act& act, std::uint64_t of, const Error* error, std::string_view counts);

}  // namespace user_events::audit
