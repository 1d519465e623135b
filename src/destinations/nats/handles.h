// libnats' handles as owners.
#pragma once

#include <nats/nats.h>

#include <utility>

namespace user_events::destinations::nats {

template <class T, void (*destroy)(T*)>
class Handle {
 public:
  Handle() = default;
  explicit Handle(T* handle) : handle_(handle) {}
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Handle() { reset(); }
  void reset() {
    if (handle_ != nullptr) destroy(std::exchange(handle_, nullptr));
  }
  [[nodiscard]] T* get() const noexcept { return handle_; }
  /// For functions that hand out a new one.
  [[nodiscard]] T** put() {
    reset();
    return &handle_;
  }
  [[nodiscard]] T* release() noexcept { return std::exchange(handle_, nullptr); }

 private:
  T* handle_ = nullptr;
};

using Options = Handle<natsOptions, natsOptions_Destroy>;
using Connection = Handle<natsConnection, natsConnection_Destroy>;
using JetStream = Handle<jsCtx, jsCtx_Destroy>;
using StreamInfo = Handle<jsStreamInfo, jsStreamInfo_Destroy>;
using Msg = Handle<natsMsg, natsMsg_Destroy>;

}  // namespace user_events::destinations::nats
