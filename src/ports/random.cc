#include "ports/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace user_events::ports {
namespace {

constexpr std::size_t kBufferBytes = 4096;

void fill_from_kernel(std::span<std::byte> out) noexcept {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      std::abort();
    }
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) noexcept override {
    thread_local std::array<std::byte, kBufferBytes> buffer;
    thread_local std::size_t used = kBufferBytes;
    if (out.size() > kBufferBytes / 4) return fill_from_kernel(out);
    if (kBufferBytes - used < out.size()) {
      fill_from_kernel(buffer);
      used = 0;
    }
    std::memcpy(out.data(), buffer.data() + used, out.size());
    // What was handed out is wiped, so that a later read of this memory does not give a key away.
    std::memset(buffer.data() + used, 0, out.size());
    used += out.size();
  }
};

}  // namespace

Random& system_random() noexcept {
  static SystemRandom random;
  return random;
}

}  // namespace user_events::ports
