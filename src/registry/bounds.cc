#include "registry/bounds.h"

#include "registry/wire.h"

namespace user_events::registry {

Bounds::Table Bounds::make(const catalogue::Catalogue& catalogue) const {
  Table table{&catalogue};
  for (const auto* const type : catalogue.all()) {
    const auto codec = make_codec(*type, encoding_);
    if (!codec) continue;
    const encoding::Growth growth = followed_by((*codec)->growth(), {.factor = 1, .bytes = kMaxPrefixBytes});
    table.each.emplace(type, growth);
    table.widest = wider(table.widest, growth);
  }
  return table;
}

const Bounds::Table& Bounds::now() const {
  const catalogue::Catalogue& catalogue = catalogue_();
  if (const Table& table = tables_.now(); table.catalogue == &catalogue) return table;
  const std::lock_guard one_at_a_time(making_);
  if (tables_.now().catalogue != &catalogue) tables_.replace(make(catalogue));
  return tables_.now();
}

encoding::Growth Bounds::of(std::string_view type, std::uint32_t version) const {
  const Table& table = now();
  const auto found = table.each.find(table.catalogue->find(type, version));
  return found == table.each.end() ? encoding::Growth{1, kMaxPrefixBytes} : found->second;
}

}  // namespace user_events::registry
