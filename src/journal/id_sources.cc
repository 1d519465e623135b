#include "journal/id_sources.h"

#include <ranges>

#include "base/try.h"

namespace user_events::journal {

Result<void> IdSource::find_all(std::uint64_t id_hash, IdEntries& out) const {
  const std::size_t before = out.size();
  if (index) {
    UE_TRY(index->find_all(id_hash, out));
  } else if (table) {
    table->find_all(id_hash, out);
  }
  std::erase_if(out, [&, i = std::size_t{0}](const IdEntry& entry) mutable {
    return i++ >= before && (entry.sequence < first_sequence || entry.sequence > last_sequence);
  });
  return {};
}

Result<void> find_all(const IdSources& sources, std::uint64_t id_hash, IdEntries& out) {
  for (const IdSource& source : std::views::reverse(sources)) UE_TRY(source.find_all(id_hash, out));
  return {};
}

}  // namespace user_events::journal
