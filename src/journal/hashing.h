// The two hashes of the journal: SHA-256 for the chain over frames, SipHash for looking ids up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace user_events::journal {

/// SHA-256 of a frame; names everything up to it.
using Hash = std::array<std::byte, 32>;

/// A reusable SHA-256 (OpenSSL). Not thread-safe; no allocation after construction.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  [[nodiscard]] Hash operator()(std::span<const std::byte> bytes);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// Key of the id hashes: from the data directory's secret, so that nobody outside can choose ids that
/// collide.
struct IdHashKey {
  std::uint64_t k0 = 0, k1 = 0;
};

/// SipHash-2-4 (Aumasson, Bernstein 2012). About 20 ns for a UUID.
[[nodiscard]] std::uint64_t siphash(IdHashKey key, std::string_view text) noexcept;

}  // namespace user_events::journal
