// Replaces the global operator new of this test program. In a file of its own, so that no call of it is inlined.
#include "allocation_counter.h"

#include <cstdlib>
#include <new>

namespace {
thread_local std::uint64_t count = 0;
}

namespace user_events::catalogue::test {
std::uint64_t allocations() noexcept { return count; }
}  // namespace user_events::catalogue::test

void* operator new(std::size_t size) {
  ++count;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
