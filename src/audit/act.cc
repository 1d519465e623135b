#include "audit/act.h"

#include "base/json_writer.h"

namespace user_events::audit {

std::string asked_json(const Act& act) {
  std::string out;
  base::ObjectWriter object(out);
  object.text("act", act.type);
  object.text("stage", "asked");
  if (!act.principal.empty()) object.text("principal", act.principal);
  object.raw("asked", "{" + act.asked + "}");
  object.end();
  return out;
}

std::string ended_json(const Act& act, std::uint64_t of, const Error* error, std::string_view counts) {
  std::string out;
  base::ObjectWriter object(out);
  object.text("act", act.type);
  object.text("stage", "ended");
  if (!act.principal.empty()) object.text("principal", act.principal);
  object.number("of", of);
  object.text("outcome", error == nullptr ? "done" : "failed");
  if (error != nullptr) object.text("code", error->code);
  if (!counts.empty()) object.raw("counts", "{" + std::string(counts) + "}");
  object.end();
  return out;
}

}  // namespace user_events::audit
