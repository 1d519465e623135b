// A key ring of a folder of its own, as the daemon has one.
#pragma once

#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>

#include "common/report.h"
#include "privacy/key_ring.h"
#include "support/temporary_directory.h"

namespace user_events::bench {

/// A folder with a master key.
struct KeyFolder : test::TemporaryDirectory {
  KeyFolder() {
    std::ofstream(path() + "/master") << std::string(64, 'a');
    ::chmod((path() + "/master").c_str(), 0600);
  }
};

/// Open in `folder`, with the keys of so many users in memory.
inline std::unique_ptr<privacy::KeyRing> open_ring(const KeyFolder& folder, std::size_t cached_users) {
  privacy::KeyRingOptions options;
  options.store_path = folder.path() + "/keys.db";
  options.master.file = folder.path() + "/master";
  options.cache_users = cached_users;
  options.spare_keys = 65'536;
  auto ring = must(privacy::KeyRing::open(options, ports::system_clock()));
  (void)must(ring->watermark());
  must(ring->end_recovery([] { return privacy::Watermark{"bench", 0}; }));
  return ring;
}

}  // namespace user_events::bench
