// A key ring in a folder of its own, with a master key in a file.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "privacy/key_ring.h"
#include "support/temporary_directory.h"
#include "support/test_clock.h"

namespace user_events::privacy::test {

inline Subject subject(std::uint64_t number) {
  Subject out{};
  std::memcpy(out.data(), &number, sizeof number);
  out[15] = std::byte{1};
  return out;
}

inline void write_private(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
  ::chmod(path.c_str(), 0600);
}

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

class RingFixture : public ::testing::Test {
 protected:
  RingFixture() { write_private(master_path(), std::string(64, 'a') + "\n"); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  [[nodiscard]] std::string master_path() const { return path("master"); }

  KeyRingOptions options() const {
    KeyRingOptions out;
    out.store_path = path("keys.db");
    out.master.file = master_path();
    out.cache_users = 64;
    out.spare_keys = 16;
    return out;
  }

  /// Opens, recovers nothing, starts.
  std::unique_ptr<KeyRing> start(const KeyRingOptions& options) {
    auto ring = KeyRing::open(options, clock_);
    if (!ring) throw std::runtime_error(describe(ring.error()));
    if (auto mark = (*ring)->watermark(); !mark) throw std::runtime_error(describe(mark.error()));
    if (auto begun = (*ring)->end_recovery([this] { return Watermark{"journal", durable_}; }); !begun) throw std::runtime_error(describe(begun.error()));
    return std::move(*ring);
  }
  std::unique_ptr<KeyRing> start() { return start(options()); }

  static std::string key_of(KeyRing& ring, const Subject& whose, KeyId* id = nullptr) {
    LentKey key;
    if (auto done = ring.key_for(whose, key); !done) return describe(done.error());
    if (id != nullptr) *id = key.id;
    return {reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()};
  }

  ::user_events::test::TemporaryDirectory folder_;
  ::user_events::test::TestClock clock_;
  std::uint64_t durable_ = 0;
};

}  // namespace user_events::privacy::test
