#pragma once

#include <cstdint>

namespace user_events::catalogue::test {

/// Calls of the global operator new on this thread.
std::uint64_t allocations() noexcept;

}  // namespace user_events::catalogue::test
