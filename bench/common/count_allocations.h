// Calls of operator new in this process so far, all threads. Linking it replaces the global operator new by
// one that counts.
#pragma once

#include <cstddef>

[[nodiscard]] std::size_t allocations_so_far() noexcept;
