#include "publisher/identities.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_scan.h"
#include "base/json_values.h"
#include "base/try.h"

namespace user_events::publisher {

using privacy::Link, privacy::Subject;

void Identities::note(const encoding::Envelope& envelope, std::string_view lane) const {
  const auto* const type = catalogue_.now().find(envelope.type, envelope.version);
  if (type == nullptr || type->identifiers.empty()) return;
  const auto subject = privacy::subject_of(lane);
  if (!subject) return;
  thread_local std::string text;
  (void)base::each_member(envelope.data, [&](std::string_view key, std::string_view json) {
    if (!base::is_string(json) || std::ranges::find(type->identifiers, base::prefix_of(key)) == type->identifiers.end()) return true;
    text.clear();
    if (base::append_unescaped(base::content_of(json), text)) ring_.note_link(text, *subject, envelope.subject_is_key);
    return true;
  });
}

namespace {

/// The users among what is linked under `identifier`.
Result<std::vector<Subject>> users_of(privacy::KeyRing& ring, const privacy::Identifier& identifier) {
  UE_TRY_ASSIGN(const auto links, ring.links_of_identifier(identifier));
  std::vector<Subject> users;
  for (const Link& link : links)
    if (link.is_user) users.push_back(link.subject);
  return users;
}

/// Whether nothing links these events to another user than `user`.
Result<bool> are_only(privacy::KeyRing& ring, const Subject& events, const Subject& user) {
  UE_TRY_ASSIGN(const auto links, ring.links_of_subject(events));
  for (const Link& link : links) {
    UE_TRY_ASSIGN(const auto users, users_of(ring, link.identifier));
    if (std::ranges::any_of(users, [&](const Subject& each) { return each != user; })) return false;
  }
  return true;
}

}  // namespace

Result<Circle> circle_of_user(privacy::KeyRing& ring, const Subject& user) {
  Circle circle{{user}, user};
  UE_TRY_ASSIGN(const auto own, ring.links_of_subject(user));
  for (const Link& one : own) {
    UE_TRY_ASSIGN(const auto links, ring.links_of_identifier(one.identifier));
    for (const Link& link : links) {
      if (link.is_user || std::ranges::find(circle.subjects, link.subject) != circle.subjects.end()) continue;
      UE_TRY_ASSIGN(const bool only, are_only(ring, link.subject, user));
      if (only)
        circle.subjects.push_back(link.subject);
      else
        ++circle.kept;
    }
  }
  return circle;
}

Result<Circle> circle_of_identifier(privacy::KeyRing& ring, std::string_view identifier, const Subject& lane) {
  UE_TRY_ASSIGN(const auto users, users_of(ring, ring.identifier(identifier)));
  if (users.size() > 1)
    return fail(ErrorKind::conflict, "several-users", fmt::format("{} users have gone by that name or address, and only one of them can be meant", users.size()),
                "forget by user id: user-events keys forget ID");
  if (users.empty()) return Circle{{lane}, std::nullopt};
  UE_TRY_ASSIGN(auto circle, circle_of_user(ring, users.front()));
  if (std::ranges::find(circle.subjects, lane) == circle.subjects.end()) circle.subjects.push_back(lane);
  return circle;
}

}  // namespace user_events::publisher
