// What readers get to see: the plans of their policies, kept, since many requests come with the same few.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/live.h"
#include "policy/disclosure.h"
#include "user_events/publisher.h"

namespace user_events::publisher {

inline constexpr std::size_t kMaxKeptPolicies = 1'000;  ///< Then those that nobody uses at that moment are made anew.

/// Thread-safe.
class Views {
 public:
  Views(const base::Live<catalogue::Catalogue>& catalogue, privacy::KeyRing* ring) : catalogue_(catalogue), ring_(ring) {}
  /// Nothing: everything is seen. Error `usage`: the policy is none, or needs keys that are not there.
  [[nodiscard]] Result<std::optional<policy::Disclosure>> of(const ReaderView& view) const;
  /// What a policy leaves of events; the same for equal ones. Error `usage`, code `privacy-policy`, that begins with `whose`: it is none, or names a
  /// class that no event type has.
  [[nodiscard]] Result<std::shared_ptr<const policy::Plans>> plans_of(const PrivacyPolicyOptions& given, const std::string& whose) const;
  /// The schema of what some policy in use leaves of that version; nothing: none of that mark is in use.
  [[nodiscard]] std::optional<std::string> derived_schema(std::string_view type, std::uint32_t version, std::string_view mark) const;
  /// Of each client. Error as above.
  [[nodiscard]] Result<void> check(const std::vector<ClientOptions>& clients) const;
  /// Whether users may be named to the reader, and be asked for by name.
  [[nodiscard]] Result<bool> names_users(const ReaderView& view) const;

 private:
  [[nodiscard]] Result<std::shared_ptr<const policy::Plans>> plans(const PrivacyPolicyOptions& given) const;

  const base::Live<catalogue::Catalogue>& catalogue_;
  privacy::KeyRing* const ring_;
  mutable std::mutex mutex_;
  mutable std::map<PrivacyPolicyOptions, std::shared_ptr<const policy::Plans>> kept_;
};

}  // namespace user_events::publisher
