// A segment of a journal, as an attacker changes it.
#pragma once

#include <cstring>
#include <span>
#include <vector>

#include "journal/bytes.h"
#include "journal/crc32c.h"
#include "journal/format.h"

namespace user_events::fuzz {

/// The checksums of headers, frames and footer are right again.
inline void mend_checksums(std::vector<std::byte>& content) {
  using namespace journal;
  const std::span<std::byte> all(content);
  const auto seal = [](std::span<std::byte> header) { store(header.data() + header.size() - 4, crc32c(header.first(header.size() - 4))); };
  if (all.size() < kSegmentHeaderBytes) return;
  seal(all.first(256));
  constexpr std::size_t kBodyBytesAt = 40, kBodyCrcAt = 44;
  for (std::size_t at = kSegmentHeaderBytes; at + kFrameHeaderBytes <= all.size();) {
    const auto body = load<std::uint32_t>(all.data() + at + kBodyBytesAt);
    if (std::memcmp(all.data() + at, "UEF1", 4) != 0 || body > all.size() - at - kFrameHeaderBytes) break;
    store(all.data() + at + kBodyCrcAt, crc32c(all.subspan(at + kFrameHeaderBytes, body)));
    seal(all.subspan(at, kFrameHeaderBytes));
    at += kFrameHeaderBytes + body;
  }
  const auto footer = all.last(kFooterBytes);
  if (std::memcmp(footer.data(), "UEVEFOT1", 8) == 0) seal(footer);
}

}  // namespace user_events::fuzz
