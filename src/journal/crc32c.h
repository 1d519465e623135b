// CRC-32C (Castagnoli, RFC 3720 appendix B.4): finds torn and rotten bytes in the journal's files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace user_events::journal {

/// With SSE 4.2 about 15 GB/s for large buffers, else a table. `crc` is the result so far (0 to begin).
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc = 0) noexcept;

/// The portable way, for processors without the instruction; gives the same values.
[[nodiscard]] std::uint32_t crc32c_portable(std::span<const std::byte> bytes, std::uint32_t crc = 0) noexcept;

}  // namespace user_events::journal
