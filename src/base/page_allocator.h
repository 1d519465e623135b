// Memory of large arrays: pages from the operating system, given back to it as soon as the array goes.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <limits>
#include <memory>
#include <new>

namespace user_events::base {

/// From here on an array has pages of its own.
inline constexpr std::size_t kOwnPagesBytes = 256u << 10;

/// For arrays of megabytes that come and go as long as the process lives. malloc keeps what they leave: with every large block that is
/// freed, glibc raises the size from which blocks have pages of their own (up to 32 MiB, mallopt(3), M_MMAP_THRESHOLD), and below it a block
/// that was freed stays with its thread's arena. Throws std::bad_alloc as std::allocator does. Thread-safe. Cost: one system call, and a
/// page fault for every 4 KiB.
template <class T>
class PageAllocator {
 public:
  using value_type = T;

  PageAllocator() noexcept = default;
  template <class U>
  PageAllocator(const PageAllocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor): containers rebind

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_array_new_length();
    if (count * sizeof(T) < kOwnPagesBytes) return std::allocator<T>().allocate(count);
    void* const pages = ::mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc();
    return static_cast<T*>(pages);
  }
  void deallocate(T* array, std::size_t count) noexcept {
    if (count * sizeof(T) < kOwnPagesBytes) return std::allocator<T>().deallocate(array, count);
    (void)::munmap(array, count * sizeof(T));
  }
  [[nodiscard]] friend bool operator==(const PageAllocator&, const PageAllocator&) noexcept { return true; }
};

}  // namespace user_events::base
