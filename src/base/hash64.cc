#include "base/hash64.h"

#include <cstring>

namespace user_events::base {
namespace {

// Multiply-and-fold over 16-byte steps, the construction of wyhash (Wang Yi, public domain): a 64×64→128-bit
// product whose halves are folded together spreads every input bit over the result.
constexpr std::uint64_t kP0 = 0xa0761d6478bd642fu, kP1 = 0xe7037ed1a0b428dbu, kP2 = 0x8ebc6af09c88c6e3u;

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t load(const char* at, std::size_t size) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, at, size);
  return word;
}

}  // namespace

std::uint64_t hash64(std::string_view text, std::uint64_t seed) noexcept {
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t state = seed ^ fold(seed ^ kP0, kP1);
  for (; left > 16; left -= 16, at += 16) state = fold(load(at, 8) ^ kP1, load(at + 8, 8) ^ state);
  const std::uint64_t a = left > 0 ? load(at, left < 8 ? left : 8) : 0;
  const std::uint64_t b = left > 8 ? load(at + 8, left - 8) : 0;
  return fold(kP1 ^ text.size(), fold(a ^ kP2, b ^ state));
}

}  // namespace user_events::base
