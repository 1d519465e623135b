// A wake-up for a thread that waits in poll(2), beside its sockets.
#pragma once

namespace user_events::destinations {

/// An event descriptor: another thread ends a poll(2) with it. Thread-safe.
class Bell {
 public:
  Bell();
  ~Bell();
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;
  void ring() const noexcept;
  void silence() const noexcept;
  [[nodiscard]] int descriptor() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace user_events::destinations
