// Calls of operator new in this process so far.
#pragma once

#include <cstddef>

[[nodiscard]] std::size_t allocations_so_far() noexcept;
