// Users' keys, as a person who runs the daemon sees them. Part of publisher.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "user_events/event.h"

namespace user_events {

struct KeysReport {
  bool sealed = false;            ///< Events are sealed. If not, the rest is empty.
  std::string master_id;          ///< Which master key it is; nothing can be learnt of the key from it.
  std::uint32_t epoch = 0;
  Timestamp epoch_since{};
  std::uint64_t users = 0;        ///< Users, and identifiers of events without a user, that have a key.
  std::uint64_t keys = 0;         ///< Their keys.
  std::uint64_t spare = 0;        ///< Made ahead, nobody's.
  std::uint64_t forgotten = 0;    ///< Users and identifiers whose keys were destroyed.
  std::optional<Timestamp> oldest = {};  ///< When the oldest key in use was given out.
  bool memory_locked = false;     ///< Keys in memory cannot reach swap.
};

/// Who is to be forgotten: exactly one is given.
struct ForgetTarget {
  std::string user;        ///< User id.
  std::string identifier;  ///< E-mail address or user name, in any case: the user who goes by it, and events without a user that name it.
};

struct ForgetOptions {
  std::string reason;        ///< For the record; needed.
  std::string requested_by;  ///< For the record.
  /// How long to wait for events that are not delivered yet, of whichever user; what was not delivered when its key goes is never sent.
  std::chrono::milliseconds wait{10'000};
  bool now = false;          ///< Do not refuse when events are still under way.
};

struct ForgetResult {
  std::uint64_t keys = 0;  ///< Keys that were destroyed; 0: nobody of that name has any.
  std::uint64_t kept = 0;  ///< Of events without a user that name this one, and another user as well.
  bool announced = false;  ///< A user.erased was published.
};

enum class KeyRotation : std::uint8_t {
  epoch,   ///< All users' keys are wrapped anew, and the former epoch key is destroyed: backups of the key store from before become useless.
  master,  ///< The master key is read anew from its source.
};

}  // namespace user_events
