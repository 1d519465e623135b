// What signs for one destination, as long as its key is the one in the book.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "signing/key_book.h"

namespace user_events::signing {

/// One thread.
class CurrentSigner {
 public:
  CurrentSigner(const KeyBook& book, std::string destination) : book_(book), destination_(std::move(destination)) {}

  /// True if it is another key than at the call before; at the first call too. To be called before `get`.
  bool refresh() {
    const auto generation = book_.generation();
    if (generation == generation_) return false;
    generation_ = generation;
    signer_.emplace(book_.key_of(destination_));
    return true;
  }
  [[nodiscard]] Signer& get() noexcept { return *signer_; }
  [[nodiscard]] const std::string& destination() const noexcept { return destination_; }

 private:
  const KeyBook& book_;
  const std::string destination_;
  std::uint64_t generation_ = 0;
  std::optional<Signer> signer_;
};

}  // namespace user_events::signing
