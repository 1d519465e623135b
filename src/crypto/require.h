// What must not fail.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace user_events::crypto {

/// Ends the process when OpenSSL could not compute `what`: out of memory, or no default provider.
inline void require(bool good, const char* what) {
  if (good) [[likely]]
    return;
  std::fprintf(stderr, "user-events: OpenSSL cannot compute %s\n", what);
  std::abort();
}

template <auto Free>
struct FreeWith {
  void operator()(auto* pointer) const noexcept { Free(pointer); }
};

}  // namespace user_events::crypto
