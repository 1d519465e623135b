#include "publisher/identities.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_scan.h"
#include "base/json_values.h"
#include "base/json_text.h"
#include "base/try.h"

namespace user_events::publisher {

using privacy::Link, privacy::Subject;

const std::vector<std::string>& Identities::names_of(std::string_view type, std::uint32_t version) const {
  static const std::vector<std::string> kNone;
  const std::scoped_lock lock(mutex_);
  auto versions = names_.find(type);
  if (versions == names_.end()) versions = names_.emplace(std::string(type), std::map<std::uint32_t, std::vector<std::string>>()).first;
  if (const auto known = versions->second.find(version); known != versions->second.end()) return known->second;
  const auto* const found = catalogue_.now().find(type, version);
  if (found == nullptr) return kNone;
  auto& names = versions->second[version];
  for (const auto& field : found->personal) {
    if ((field.klass != "email" && field.klass != "username") || field.pointer.find('/', 1) != std::string::npos || field.pointer.find('~') != std::string::npos) continue;
    base::append_json_string(field.pointer.substr(1), names.emplace_back());
    names.back() += ':';
  }
  return names;
}

void Identities::note(const encoding::Envelope& envelope, std::string_view lane) const {
  const auto& names = names_of(envelope.type, envelope.version);
  if (names.empty()) return;
  const auto subject = privacy::subject_of(lane);
  if (!subject) return;
  thread_local std::string text;
  (void)base::each_member(envelope.data, [&](std::string_view key, std::string_view json) {
    const std::string_view prefix(key.data() - 1, key.size() + 3);
    if (!base::is_string(json) || std::ranges::find(names, prefix) == names.end()) return true;
    text.clear();
    if (base::append_unescaped(base::content_of(json), text)) ring_.note_link({ring_.identifier(text), *subject, envelope.subject_is_key});
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
