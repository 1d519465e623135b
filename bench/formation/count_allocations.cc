// Replaces the global operator new of the benchmark by one that counts. In a file of its own: inlined, the
// pair of malloc and free looks mismatched to the compiler.
#include "count_allocations.h"

#include <cstdlib>
#include <new>

namespace {
std::size_t allocations = 0;  // the benchmarks have one thread
}

std::size_t allocations_so_far() noexcept { return allocations; }

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
