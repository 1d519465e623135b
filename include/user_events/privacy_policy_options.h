// What a receiver of events gets to see of personal data, as it is configured. Part of options.h; what it means: docs/security/privacy-policies.md.
#pragma once

#include <map>
#include <string>

namespace user_events {

/// `preset`: trusted, analytics or minimal. `others`, or the name of a class of personal data (`email`, `ip`, …): clear, mask, token, encrypt or omit.
/// `token_domain`, `key_version`. Empty: everything is clear.
using PrivacyPolicyOptions = std::map<std::string, std::string>;

}  // namespace user_events
