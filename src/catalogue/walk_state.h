// What a walk over a value remembers. Private to walk.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_text.h"
#include "catalogue/findings.h"

namespace user_events::catalogue {

/// Where the walk stands: a chain of frames on the stack, made into a JSON Pointer only when something is
/// found.
struct Path {
  const Path* up = nullptr;
  std::string_view name;
  std::size_t index = 0;
  bool in_array = false;
  std::size_t depth = 0;

  [[nodiscard]] Path member(std::string_view key) const noexcept { return {this, key, 0, false, depth + 1}; }
  [[nodiscard]] Path item(std::size_t i) const noexcept { return {this, {}, i, true, depth + 1}; }
  void append_to(std::string& pointer) const {
    if (up == nullptr) return void(pointer.append(name));  // the root holds the prefix
    up->append_to(pointer);
    if (in_array)
      base::append_pointer_token(std::to_string(index), pointer);
    else
      append_echoed_name(name, pointer);
  }
};

/// Memory that walks reuse, per thread. Walks nest (a stack each), so everything is used above a remembered
/// size.
struct Scratch {
  struct Edit {  // what `out` has otherwise than the submitted text
    std::size_t begin, end;
    std::string_view submitted;
    bool quoted;
  };
  std::vector<std::uint64_t> bits;
  std::vector<std::string_view> names;
  std::vector<Edit> edits;
};

/// Which declared members were seen. Up to 64 without touching memory.
class Seen {
 public:
  Seen(std::size_t count, std::vector<std::uint64_t>& spill)
      : spill_(spill), base_(spill.size()), spilled_(count > 64) {
    if (spilled_) spill_.resize(base_ + (count + 63) / 64);
  }
  ~Seen() {
    if (spilled_) spill_.resize(base_);
  }
  Seen(const Seen&) = delete;
  Seen& operator=(const Seen&) = delete;
  /// False if it was seen before.
  bool insert(std::size_t i) noexcept {
    std::uint64_t& word = spilled_ ? spill_[base_ + i / 64] : word_;
    const std::uint64_t bit = std::uint64_t{1} << (i & 63U);
    const bool fresh = (word & bit) == 0;
    word |= bit;
    return fresh;
  }
  [[nodiscard]] bool has(std::size_t i) const noexcept {
    return ((spilled_ ? spill_[base_ + i / 64] : word_) >> (i & 63U) & 1U) != 0;
  }
  [[nodiscard]] std::uint64_t first_word() const noexcept { return word_; }

 private:
  std::vector<std::uint64_t>& spill_;
  std::size_t base_;
  bool spilled_;
  std::uint64_t word_ = 0;
};

}  // namespace user_events::catalogue
