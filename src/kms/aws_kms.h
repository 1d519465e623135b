// A master key that never leaves AWS KMS (https://docs.aws.amazon.com/kms/latest/APIReference/): epoch keys are encrypted and decrypted there.
#pragma once

#include <memory>

#include "privacy/master_key.h"
#include "user_events/error.h"
#include "user_events/options.h"

namespace user_events::kms {

/// Names the service and what it did, never a credential nor a key.
///
/// Each call of the result asks the service, for at most ten seconds; thread-safe. Errors of the calls: usage (the service says that there is no such key, that
/// it is disabled, or that these credentials may not use it; what is to be decrypted is of another key), unavailable (no answer, no credentials, throttled).
/// Error `usage` of this: neither a region nor an endpoint, or an endpoint without TLS that is not this machine.
[[nodiscard]] Result<std::unique_ptr<privacy::MasterKey>> aws_kms_key(const MasterKeySource& source);

/// That, or a local key, as `source` says. Error `usage`, code `master-key`: also if it says both.
[[nodiscard]] Result<std::unique_ptr<privacy::MasterKey>> load_master_key(const MasterKeySource& source);

}  // namespace user_events::kms
