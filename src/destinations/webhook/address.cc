#include "destinations/webhook/address.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace user_events::destinations::webhook {
namespace {

struct Range4 {
  std::uint32_t network;
  unsigned bits;
  Reach reach;
};

constexpr std::uint32_t ipv4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// https://www.iana.org/assignments/iana-ipv4-special-registry
constexpr Range4 kSpecial4[] = {
    {ipv4(0, 0, 0, 0), 8, Reach::nowhere},      {ipv4(10, 0, 0, 0), 8, Reach::local},
    {ipv4(100, 64, 0, 0), 10, Reach::local},    {ipv4(127, 0, 0, 0), 8, Reach::local},
    {ipv4(169, 254, 0, 0), 16, Reach::nowhere}, {ipv4(172, 16, 0, 0), 12, Reach::local},
    {ipv4(192, 0, 0, 0), 24, Reach::nowhere},   {ipv4(192, 0, 2, 0), 24, Reach::nowhere},
    {ipv4(192, 88, 99, 0), 24, Reach::nowhere}, {ipv4(192, 168, 0, 0), 16, Reach::local},
    {ipv4(198, 18, 0, 0), 15, Reach::nowhere},  {ipv4(198, 51, 100, 0), 24, Reach::nowhere},
    {ipv4(203, 0, 113, 0), 24, Reach::nowhere}, {ipv4(224, 0, 0, 0), 4, Reach::nowhere},
    {ipv4(240, 0, 0, 0), 4, Reach::nowhere},
};

Reach reach_of_ipv4(std::uint32_t address) noexcept {
  for (const Range4& range : kSpecial4)
    if ((address ^ range.network) >> (32 - range.bits) == 0) return range.reach;
  return Reach::global;
}

using Bytes = std::array<std::uint8_t, 16>;

struct Range6 {
  Bytes network;
  unsigned bits;
  Reach reach;
};

// https://www.iana.org/assignments/iana-ipv6-special-registry, and of the rest 2000::/3 alone is given to
// hosts.
constexpr Range6 kSpecial6[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, Reach::local},  // loopback
    {{0xFC}, 7, Reach::local},                                              // unique local
    {{0x20, 0x01, 0x00}, 23, Reach::nowhere},                               // Teredo, ORCHID, benchmarking
    {{0x20, 0x01, 0x0D, 0xB8}, 32, Reach::nowhere},                         // documentation
    {{0x20, 0x02}, 16, Reach::nowhere},                                     // 6to4
    {{0x3F, 0xFF, 0x00}, 20, Reach::nowhere},                               // documentation
    {{0x20}, 3, Reach::global},
};

constexpr Bytes kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};  // ::ffff:0:0/96
constexpr Bytes kNat64 = {0x00, 0x64, 0xFF, 0x9B};                     // 64:ff9b::/96
constexpr unsigned kPrefixBits = 96;

bool is_in(const Bytes& address, const Bytes& network, unsigned bits) noexcept {
  const unsigned whole = bits / 8, rest = bits % 8;
  if (!std::equal(address.begin(), address.begin() + whole, network.begin())) return false;
  return rest == 0 || (address[whole] ^ network[whole]) >> (8 - rest) == 0;
}

Reach reach_of_ipv6(const Bytes& address) noexcept {
  if (is_in(address, kMapped, kPrefixBits) || is_in(address, kNat64, kPrefixBits))
    return reach_of_ipv4(ipv4(address[12], address[13], address[14], address[15]));
  for (const Range6& range : kSpecial6)
    if (is_in(address, range.network, range.bits)) return range.reach;
  return Reach::nowhere;
}

}  // namespace

Reach reach_of(const sockaddr& address) noexcept {
  // The caller's storage is as long as its family says.
  if (address.sa_family == AF_INET)
    return reach_of_ipv4(ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr));
  if (address.sa_family != AF_INET6) return Reach::nowhere;
  Bytes bytes{};
  std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, bytes.size());
  return reach_of_ipv6(bytes);
}

}  // namespace user_events::destinations::webhook
