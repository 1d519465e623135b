#include "destinations/redis/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace user_events::destinations::redis {
namespace {

struct Meaning {
  std::string_view code;  ///< The first word of the reply.
  std::string_view hint;
};

/// The server, or this user, takes nothing now.
constexpr std::array kNothingTaken = {
    Meaning{"OOM", "maxmemory is reached: raise it, or trim streams (max_length)"},
    Meaning{"READONLY", "this is a replica: address must name the primary"},
    Meaning{"LOADING", "the server is loading its data"},
    Meaning{"BUSY", "a script blocks the server"},
    Meaning{"MASTERDOWN", "the replica has lost its primary"},
    Meaning{"NOREPLICAS", "min-replicas-to-write is not met"},
    Meaning{"MISCONF", "the server cannot save to disk"},
    Meaning{"NOAUTH", "check user and password"},
    Meaning{"WRONGPASS", "check user and password"},
    Meaning{"NOPERM", "the user needs +xadd and the key (and +wait with wait_replicas)"},
    Meaning{"CLUSTERDOWN", "Redis Cluster is not supported"},
    Meaning{"MOVED", "Redis Cluster is not supported"},
    Meaning{"ASK", "Redis Cluster is not supported"},
    Meaning{"CROSSSLOT", "Redis Cluster is not supported"},
    Meaning{"TRYAGAIN", ""},
    Meaning{"UNKILLABLE", "a script blocks the server"},
};

std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

const Meaning* meaning_of(std::string_view error) {
  const auto* found = std::ranges::find(kNothingTaken, first_word(error), &Meaning::code);
  return found == kNothingTaken.end() ? nullptr : found;
}

/// MOVED names a server and a slot, some errors quote what was sent: only words that Redis writes itself.
std::string with_hint(std::string_view error, std::string_view hint) {
  return hint.empty() ? std::string(error) : fmt::format("{} ({})", error, hint);
}

}  // namespace

Verdict judge(std::string_view error, bool one_key) {
  if (const Meaning* meaning = meaning_of(error)) return {Outcome::unavailable, with_hint(error, meaning->hint)};
  if (first_word(error) == "WRONGTYPE") {
    const std::string reason = with_hint(error, "the key exists and is no stream: choose another topic, or remove it");
    return {one_key ? Outcome::unavailable : Outcome::retry, reason};
  }
  // The server closes the connection after the first; nothing behind it was looked at.
  if (error.find("invalid bulk length") != std::string_view::npos) return {Outcome::refused, "larger than the server's proto-max-bulk-len"};
  if (error.find("too large to be stored") != std::string_view::npos) return {Outcome::refused, std::string(error)};
  return {Outcome::retry, std::string(error)};
}

std::string server_problem(std::string_view error) {
  const Meaning* meaning = meaning_of(error);
  return with_hint(error, meaning != nullptr ? meaning->hint : std::string_view());
}

}  // namespace user_events::destinations::redis
