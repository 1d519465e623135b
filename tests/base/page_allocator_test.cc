#include "base/page_allocator.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace user_events::base {
namespace {

using Bytes = std::vector<char, PageAllocator<char>>;

/// Whether this process has anything mapped at `address`.
bool is_mapped(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::size_t end = 0;
    const auto from = std::stoull(line, &end, 16), to = std::stoull(line.substr(end + 1), nullptr, 16);
    if (from <= wanted && wanted < to) return true;
  }
  return false;
}

TEST(PageAllocator, ALargeArrayGoesBackToTheSystemAtOnceWhereMallocWouldKeepIt) {
  std::free(::memset(std::malloc(30u << 20), 'x', 30u << 20));  // from now on malloc keeps what is smaller
  Bytes bytes(8u << 20, 'x');
  const void* const middle = bytes.data() + bytes.size() / 2;
  EXPECT_TRUE(is_mapped(middle));
  bytes = Bytes();
  EXPECT_FALSE(is_mapped(middle));
}

TEST(PageAllocator, KeepsItsContentWhileItGrowsFromSmallToLarge) {
  Bytes bytes;
  for (std::size_t n = 0; n < 3 * kOwnPagesBytes; ++n) bytes.push_back(static_cast<char>(n % 251));
  for (std::size_t n = 0; n < bytes.size(); ++n) ASSERT_EQ(bytes[n], static_cast<char>(n % 251));
}

TEST(PageAllocator, RefusesWhatNoMemoryHolds) {
  EXPECT_THROW((void)PageAllocator<long>().allocate(~std::size_t{0}), std::bad_array_new_length);
  EXPECT_THROW((void)PageAllocator<char>().allocate(std::size_t{1} << 62), std::bad_alloc);
}

}  // namespace
}  // namespace user_events::base
