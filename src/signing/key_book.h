// The signing keys as they are configured now, and which one signs for which destination.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "signing/key.h"

namespace user_events::signing {

/// Thread-safe. What is replaced is wiped as soon as nobody signs with it any more.
class KeyBook {
 public:
  /// Reads all keys of `signing_keys`. Errors `usage`: of `Key::load`; a destination names a key that there is not, or that its form cannot be made with.
  [[nodiscard]] static Result<std::unique_ptr<KeyBook>> load(const Options& options);

  /// Takes the keys of `options` and who signs with which, all or nothing. Which destinations sign, and in which form, is decided at the start. Errors
  /// as `load`; codes `signing-changed`: that would be decided anew; `signing-key-changed`: a name stands for another key than before.
  [[nodiscard]] Result<void> reload(const Options& options);

  /// Grows with each reload: who keeps a key looks here whether it is still the one. One load.
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }
  /// The key of that name; nullptr if there is none.
  [[nodiscard]] std::shared_ptr<const Key> find(std::string_view name) const;
  /// Never nullptr for a destination that signs.
  [[nodiscard]] std::shared_ptr<const Key> key_of(std::string_view destination) const;
  /// The public keys as a JWK set (RFC 7517), without what is secret.
  [[nodiscard]] std::string jwks() const;

 private:
  struct Signing {
    std::string form;
    std::shared_ptr<const Key> key;
  };
  struct Page {
    std::map<std::string, std::shared_ptr<const Key>, std::less<>> keys;
    std::map<std::string, Signing, std::less<>> destinations;
  };
  explicit KeyBook(Page page) : page_(std::move(page)) {}
  [[nodiscard]] static Result<Page> read(const Options& options);

  mutable std::mutex mutex_;
  Page page_;
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace user_events::signing
