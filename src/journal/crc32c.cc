#include "journal/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace user_events::journal {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // reflected 0x1EDC6F41

using Table = std::array<std::uint32_t, 256>;

constexpr Table make_table() {
  Table table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
    table[i] = value;
  }
  return table;
}

constexpr Table kTable = make_table();

#if defined(__x86_64__)

/// Length of each of the three lanes that run side by side: the instruction has a latency of three cycles and
/// a throughput of one.
constexpr std::size_t kLaneBytes = 4096;

/// kShift[k][b] is the effect of kLaneBytes zero bytes on a CRC whose byte k is b (CRC is linear over GF(2)).
using ShiftTable = std::array<Table, 4>;

ShiftTable make_shift_table() {
  std::array<std::uint32_t, 32> column{};  // image of each single bit
  for (unsigned bit = 0; bit < 32; ++bit) {
    std::uint32_t value = 1u << bit;
    for (std::size_t i = 0; i < kLaneBytes; ++i) value = (value >> 8) ^ kTable[value & 0xFF];
    column[bit] = value;
  }
  ShiftTable table{};
  for (unsigned byte = 0; byte < 4; ++byte) {
    for (unsigned value = 0; value < 256; ++value) {
      std::uint32_t sum = 0;
      for (unsigned bit = 0; bit < 8; ++bit)
        if ((value >> bit & 1) != 0) sum ^= column[byte * 8 + bit];
      table[byte][value] = sum;
    }
  }
  return table;
}

std::uint32_t shift_lane(const ShiftTable& table, std::uint32_t crc) noexcept {
  return table[0][crc & 0xFF] ^ table[1][crc >> 8 & 0xFF] ^ table[2][crc >> 16 & 0xFF] ^ table[3][crc >> 24];
}

std::uint64_t word(const std::byte* at) noexcept {
  std::uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

__attribute__((target("sse4.2"))) std::uint32_t crc32c_hardware(std::span<const std::byte> bytes,
                                                                std::uint32_t start) noexcept {
  static const ShiftTable shift = make_shift_table();
  std::uint64_t crc = ~start;
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  while (left >= 3 * kLaneBytes) {
    std::uint64_t second = 0, third = 0;
    for (std::size_t i = 0; i < kLaneBytes; i += 8) {
      crc = _mm_crc32_u64(crc, word(at + i));
      second = _mm_crc32_u64(second, word(at + kLaneBytes + i));
      third = _mm_crc32_u64(third, word(at + 2 * kLaneBytes + i));
    }
    crc = shift_lane(shift, static_cast<std::uint32_t>(crc)) ^ second;
    crc = shift_lane(shift, static_cast<std::uint32_t>(crc)) ^ third;
    at += 3 * kLaneBytes;
    left -= 3 * kLaneBytes;
  }
  for (; left >= 8; at += 8, left -= 8) crc = _mm_crc32_u64(crc, word(at));
  auto narrow = static_cast<std::uint32_t>(crc);
  for (; left > 0; ++at, --left) narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(*at));
  return ~narrow;
}

#endif

}  // namespace

std::uint32_t crc32c_portable(std::span<const std::byte> bytes, std::uint32_t crc) noexcept {
  crc = ~crc;
  for (const std::byte byte : bytes)
    crc = (crc >> 8) ^ kTable[(crc ^ static_cast<std::uint32_t>(byte)) & 0xFF];
  return ~crc;
}

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc) noexcept {
#if defined(__x86_64__)
  static const bool hardware = __builtin_cpu_supports("sse4.2");
  if (hardware) return crc32c_hardware(bytes, crc);
#endif
  return crc32c_portable(bytes, crc);
}

}  // namespace user_events::journal
