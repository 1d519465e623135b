// The record of what happened: searching it, and keeping it. Part of publisher.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "user_events/event.h"

namespace user_events {

/// Every condition given must hold. None: all, newest first.
struct AuditQuery {
  std::string user = {};                ///< A user's id, an e-mail address or user name of failed logins, or a lane key that an answer showed.
  std::vector<std::string> types = {};  ///< Patterns over types of events and names of acts: `user.login.*`, `keys.forget`.
  std::string principal = {};           ///< Who published or asked.
  std::optional<Timestamp> since = {}, until = {};  ///< Accepted at or after, before.
  std::size_t limit = 100;              ///< 1..1000.
  std::string before = {};              ///< `next` of the page before.
};

/// An event or an act. No content of an event and no personal data.
struct AuditEntry {
  std::string journal;        ///< `events` or `audit`.
  std::uint64_t sequence = 0;
  Timestamp time{};           ///< When it was accepted.
  std::string id, type, principal;
  std::string record;         ///< Of an act: its record, JSON.
};

struct AuditPage {
  std::vector<AuditEntry> entries;  ///< Newest first.
  bool more = false;                ///< There are older ones: ask again with `next` as `before`.
  std::string next;
  std::uint64_t events_behind = 0, acts_behind = 0;  ///< What cannot be found yet, because the index is not so far.
};

/// While there is one, retention removes neither events nor audit records.
struct LegalHold {
  std::string name, reason, by;
  Timestamp since{};
  std::uint64_t first_sequence = 1;  ///< The oldest event that was there then.
};

}  // namespace user_events
