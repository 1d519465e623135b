// Time as a port, so that tests and the simulation own it.
#pragma once

#include <chrono>

namespace user_events::ports {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

/// Thread-safe. Wall time may jump; steady time never goes back.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime wall() const noexcept = 0;
  [[nodiscard]] virtual SteadyTime steady() const noexcept = 0;
};

/// The operating system's clocks.
[[nodiscard]] const Clock& system_clock() noexcept;

}  // namespace user_events::ports
