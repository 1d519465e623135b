// Which addresses are connected to.
#include "destinations/webhook/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <stdexcept>
#include <string>

namespace user_events::destinations::webhook {
namespace {

Reach reach_of_text(const std::string& text) {
  sockaddr_storage storage{};
  auto& ipv4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& ipv6 = reinterpret_cast<sockaddr_in6&>(storage);
  const bool is_ipv6 = text.find(':') != std::string::npos;
  storage.ss_family = is_ipv6 ? AF_INET6 : AF_INET;
  void* const place = is_ipv6 ? static_cast<void*>(&ipv6.sin6_addr) : static_cast<void*>(&ipv4.sin_addr);
  if (inet_pton(storage.ss_family, text.c_str(), place) != 1) throw std::runtime_error(text);
  return reach_of(reinterpret_cast<const sockaddr&>(storage));
}

void expect_all(Reach reach, std::initializer_list<const char*> addresses) {
  for (const char* address : addresses) EXPECT_EQ(reach_of_text(address), reach) << address;
}

TEST(WebhookAddress, PublicHostsAreReached) {
  expect_all(Reach::global, {"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255",
                             "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
                             "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0",
                             "198.17.255.255", "198.20.0.0", "223.255.255.255"});
  expect_all(Reach::global,
             {"2001:200::1", "2001:4860:4860::8888", "2606:4700::1111", "2a00::1", "3ffe::1", "2003::1"});
}

TEST(WebhookAddress, LoopbackAndPrivateNetworksAreLocal) {
  expect_all(Reach::local, {"127.0.0.1", "127.255.255.255", "10.0.0.0", "10.255.255.255", "172.16.0.0",
                            "172.31.255.255", "192.168.0.1", "100.64.0.0", "100.127.255.255"});
  expect_all(Reach::local, {"::1", "fc00::", "fd12:3456::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"});
}

TEST(WebhookAddress, LinkLocalMulticastReservedAndTheLikeAreReachedNever) {
  expect_all(Reach::nowhere, {"0.0.0.0", "0.1.2.3", "169.254.0.0", "169.254.169.254", "192.0.0.1",
                              "192.0.2.1", "192.88.99.1", "198.18.0.0", "198.19.255.255", "198.51.100.1",
                              "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"});
  expect_all(Reach::nowhere,
             {"::", "::2", "fe80::1", "febf::1", "fec0::1", "ff02::1", "100::1", "2001::1", "2001:db8::1",
              "2001:1ff::1", "2002:0808:0808::1", "3fff::1", "4000::1", "5f00::1", "fe00::1"});
}

TEST(WebhookAddress, AnIpv4AddressInIpv6ClothesIsJudgedAsWhatItIs) {
  expect_all(Reach::local, {"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "64:ff9b::10.0.0.1",
                            "64:ff9b::127.0.0.1"});
  expect_all(Reach::nowhere, {"::ffff:169.254.169.254", "::ffff:0.0.0.0", "64:ff9b::169.254.169.254",
                              "::127.0.0.1", "::8.8.8.8", "64:ff9b:1::8.8.8.8", "64:ff9b:0:0:0:1:808:808",
                              "::ffff:0:127.0.0.1", "2002:7f00:1::"});
  expect_all(Reach::global, {"::ffff:8.8.8.8", "64:ff9b::8.8.8.8"});
}

TEST(WebhookAddress, WhatIsNoInternetAddressIsReachedNever) {
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  EXPECT_EQ(reach_of(reinterpret_cast<const sockaddr&>(local)), Reach::nowhere);
}

}  // namespace
}  // namespace user_events::destinations::webhook
