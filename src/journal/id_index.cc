#include "journal/id_index.h"

#include <algorithm>
#include <array>

#include "base/try.h"
#include "journal/bytes.h"
#include "journal/crc32c.h"

namespace user_events::journal {
namespace {

constexpr std::uint64_t kIndexMagic = 0x3158444945564555;  // "UEVEIDX1"
constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kEntryBytes = 40;
constexpr std::size_t kEntriesPerPage = 102;  // the rest: count (u32) and CRC-32C (u32)
constexpr std::size_t kFencesPerPage = 511;
constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kBlocksPerPage = 63;  // the last 64 bytes hold the CRC
constexpr std::size_t kFilterBitsPerId = 12;
constexpr unsigned kFilterProbes = 6;

using Page = std::array<std::byte, kPageBytes>;

constexpr std::uint64_t divide_up(std::uint64_t value, std::uint64_t by) { return (value + by - 1) / by; }

/// Which 64-byte block of the filter, and which of its 512 bits: one cache line a lookup.
struct FilterPlace {
  std::uint64_t page;
  std::size_t offset;
  std::array<std::uint16_t, kFilterProbes> bits;

  FilterPlace(std::uint64_t id_hash, std::uint64_t pages) {
    const std::uint64_t blocks = pages * kBlocksPerPage;
    const auto block = static_cast<std::uint64_t>((static_cast<unsigned __int128>(id_hash) * blocks) >> 64);
    page = block / kBlocksPerPage;
    offset = block % kBlocksPerPage * kBlockBytes;
    std::uint64_t mixed = id_hash * 0x9E3779B97F4A7C15u;
    for (std::uint16_t& bit : bits) {
      bit = static_cast<std::uint16_t>(mixed & 511);
      mixed >>= 9;
    }
  }

  void set(std::byte* of_page) const noexcept {
    for (const std::uint16_t bit : bits) of_page[offset + bit / 8] |= std::byte{1} << (bit % 8);
  }
  [[nodiscard]] bool all_set(const std::byte* of_page) const noexcept {
    return std::ranges::all_of(bits, [&](std::uint16_t bit) {
      return (of_page[offset + bit / 8] >> (bit % 8) & std::byte{1}) != std::byte{0};
    });
  }
};

void seal_page(std::byte* page) noexcept {
  store(page + kPageBytes - 4, crc32c(std::span(page, kPageBytes - 4)));
}

bool page_good(const std::byte* page) noexcept {
  return load<std::uint32_t>(page + kPageBytes - 4) == crc32c(std::span(page, kPageBytes - 4));
}

void put_entry(std::byte* at, const IdEntry& entry) noexcept {
  store(at, entry.id_hash);
  store(at + 8, entry.scoped_hash);
  std::memcpy(at + 16, entry.mac.data(), entry.mac.size());
  store(at + 32, entry.sequence);
}

IdEntry get_entry(const std::byte* at) noexcept {
  IdEntry entry;
  entry.id_hash = load<std::uint64_t>(at);
  entry.scoped_hash = load<std::uint64_t>(at + 8);
  std::memcpy(entry.mac.data(), at + 16, entry.mac.size());
  entry.sequence = load<std::uint64_t>(at + 32);
  return entry;
}

struct Layout {
  std::uint64_t entries, filter_pages, entry_pages, fence_pages;
  explicit Layout(std::uint64_t count)
      : entries(count),
        filter_pages(std::max<std::uint64_t>(
            1, divide_up(count * kFilterBitsPerId, kBlockBytes * 8 * kBlocksPerPage))),
        entry_pages(divide_up(count, kEntriesPerPage)),
        fence_pages(divide_up(entry_pages, kFencesPerPage)) {}
  [[nodiscard]] std::uint64_t pages() const noexcept { return 1 + filter_pages + entry_pages + fence_pages; }
};

using Pages = std::vector<std::byte, base::PageAllocator<std::byte>>;

/// The whole file in memory: header, filter, entries, fences.
Pages build_pages(const IndexOwner& owner, const IdEntries& sorted) {
  const Layout layout(sorted.size());
  Pages out(layout.pages() * kPageBytes);
  std::byte* const base = out.data();
  store(base, kIndexMagic);
  store(base + 8, kFormatVersion);
  store(base + 16, owner.ordinal);
  store(base + 24, owner.salt);
  store(base + 32, owner.key_check);
  store(base + 40, layout.entries);
  std::byte* const filter = base + kPageBytes;
  std::byte* const entries = filter + layout.filter_pages * kPageBytes;
  std::byte* const fences = entries + layout.entry_pages * kPageBytes;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const FilterPlace place(sorted[i].id_hash, layout.filter_pages);
    place.set(filter + place.page * kPageBytes);
    std::byte* const page = entries + i / kEntriesPerPage * kPageBytes;
    put_entry(page + i % kEntriesPerPage * kEntryBytes, sorted[i]);
    store(page + kEntriesPerPage * kEntryBytes, static_cast<std::uint32_t>(i % kEntriesPerPage + 1));
    if (i % kEntriesPerPage != 0) continue;
    const std::size_t fence = i / kEntriesPerPage;
    store(fences + fence / kFencesPerPage * kPageBytes + fence % kFencesPerPage * 8, sorted[i].id_hash);
  }
  for (std::uint64_t page = 0; page < layout.pages(); ++page) seal_page(base + page * kPageBytes);
  return out;
}

}  // namespace

Result<void> IdIndex::write(const Storage& storage, const IndexOwner& owner, IdEntries entries) {
  std::ranges::sort(entries, [](const IdEntry& a, const IdEntry& b) {
    return a.id_hash != b.id_hash ? a.id_hash < b.id_hash : a.sequence < b.sequence;
  });
  const std::string path = storage.path(index_name(owner.ordinal));
  const std::string temporary = path + ".tmp";
  UE_TRY_ASSIGN(const bool left_over, storage.files.exists(temporary));
  if (left_over) UE_TRY(storage.files.remove(temporary));
  UE_TRY_ASSIGN(const auto file, storage.files.open(temporary, ports::OpenMode::create_new));
  UE_TRY(file->write_at(0, build_pages(owner, entries)));
  UE_TRY(file->sync_data());
  UE_TRY(storage.files.rename(temporary, path));
  return storage.sync_directory();
}

Result<std::shared_ptr<const IdIndex>> IdIndex::open(const Storage& storage, const IndexOwner& owner,
                                                     std::shared_ptr<FilterBudget> budget) {
  const std::string path = storage.path(index_name(owner.ordinal));
  UE_TRY_ASSIGN(const bool there, storage.files.exists(path));
  if (!there) return nullptr;
  std::shared_ptr<IdIndex> index(new IdIndex);
  UE_TRY_ASSIGN(index->file_, storage.files.open(path, ports::OpenMode::read));
  UE_TRY_ASSIGN(index->file_bytes_, index->file_->size());
  Page page;
  UE_TRY_ASSIGN(const std::size_t got, index->file_->read_at(0, page));
  if (got != kPageBytes || !page_good(page.data()) || load<std::uint64_t>(page.data()) != kIndexMagic ||
      load<std::uint32_t>(page.data() + 8) != kFormatVersion ||
      load<std::uint64_t>(page.data() + 16) != owner.ordinal ||
      load<std::uint64_t>(page.data() + 24) != owner.salt ||
      load<std::uint64_t>(page.data() + 32) != owner.key_check)
    return nullptr;
  const Layout layout(load<std::uint64_t>(page.data() + 40));
  if (index->file_bytes_ != layout.pages() * kPageBytes) return nullptr;
  index->ordinal_ = owner.ordinal;
  index->filter_pages_ = layout.filter_pages;
  index->entry_pages_ = layout.entry_pages;
  for (std::uint64_t fence_page = 0; fence_page < layout.fence_pages; ++fence_page) {
    if (!index->read_page(1 + layout.filter_pages + layout.entry_pages + fence_page, page)) return nullptr;
    const std::uint64_t count =
        std::min<std::uint64_t>(kFencesPerPage, layout.entry_pages - index->fences_.size());
    for (std::uint64_t i = 0; i < count; ++i)
      index->fences_.push_back(load<std::uint64_t>(page.data() + i * 8));
  }
  if (budget->take(layout.filter_pages * kPageBytes)) {
    index->budget_ = std::move(budget);
    index->filter_.resize(layout.filter_pages * kPageBytes);
    auto* const filter = reinterpret_cast<std::byte*>(index->filter_.data());
    for (std::uint64_t i = 0; i < layout.filter_pages; ++i)
      if (!index->read_page(1 + i, {filter + i * kPageBytes, kPageBytes})) return nullptr;
  }
  return index;
}

IdIndex::~IdIndex() {
  if (budget_) budget_->give_back(filter_.size());
}

Result<void> IdIndex::read_page(std::uint64_t page, std::span<std::byte> out) const {
  UE_TRY_ASSIGN(const std::size_t got, file_->read_at(page * kPageBytes, out));
  if (got == kPageBytes && page_good(out.data())) return {};
  bad_.store(true, std::memory_order_relaxed);
  return fail(ErrorKind::damaged, "index-damaged",
              "page " + std::to_string(page) + " of " + index_name(ordinal_) + " is damaged",
              "it is being made again from its segment; try again");
}

Result<bool> IdIndex::maybe_contains(std::uint64_t id_hash) const {
  const FilterPlace place(id_hash, filter_pages_);
  if (!filter_.empty())
    return place.all_set(reinterpret_cast<const std::byte*>(filter_.data()) + place.page * kPageBytes);
  Page page;
  UE_TRY(read_page(1 + place.page, page));
  return place.all_set(page.data());
}

Result<void> IdIndex::find_all(std::uint64_t id_hash, IdEntries& out) const {
  UE_TRY_ASSIGN(const bool maybe, maybe_contains(id_hash));
  if (!maybe) return {};
  // The run of equal hashes may begin at the end of the page before the first fence that is not below.
  auto fence = static_cast<std::size_t>(std::ranges::lower_bound(fences_, id_hash) - fences_.begin());
  if (fence > 0) --fence;
  Page page;
  for (; fence < fences_.size() && fences_[fence] <= id_hash; ++fence) {
    UE_TRY(read_page(1 + filter_pages_ + fence, page));
    const std::size_t count = std::min<std::size_t>(
        kEntriesPerPage, load<std::uint32_t>(page.data() + kEntriesPerPage * kEntryBytes));
    for (std::size_t i = 0; i < count; ++i)
      if (load<std::uint64_t>(page.data() + i * kEntryBytes) == id_hash)
        out.push_back(get_entry(page.data() + i * kEntryBytes));
  }
  return {};
}

}  // namespace user_events::journal
