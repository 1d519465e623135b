// The keys that destinations sign with.
#include "publisher/engine.h"

namespace user_events {

std::string UserEventPublisher::signing_key_set() const { return impl_->signing_keys ? impl_->signing_keys->jwks() : R"({"keys":[]})"; }

Result<void> UserEventPublisher::reload_signing_keys(const Options& fresh) {
  if (!impl_->signing_keys) return fail(ErrorKind::usage, "read-only", "nothing is signed where a data directory is only read");
  return impl_->signing_keys->reload(fresh);
}

}  // namespace user_events
