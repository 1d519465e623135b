// What a Journal is made of, shared by journal.cc, reader.cc and search.cc.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "journal/committer.h"
#include "journal/journal.h"
#include "journal/upkeep.h"

namespace user_events::journal {

struct Journal::Impl {
  Impl(ports::FileSystem& files, const ports::Clock& clock, Options with);

  Options options;
  Storage storage;
  const ports::Clock& clock;
  std::unique_ptr<ports::FileLock> lock;
  Identity identity;
  std::optional<TornTail> torn_tail;
  std::shared_ptr<FilterBudget> budget;
  std::optional<IdHasher> hasher;
  // Shared with readers, which may outlive the journal's threads but not the journal.
  std::unique_ptr<View> view;
  std::unique_ptr<Stage> stage;
  std::unique_ptr<Upkeep> upkeep;
  std::unique_ptr<Committer> committer;
  std::thread commit_thread, build_thread, upkeep_thread;
  std::once_flag closed;

  [[nodiscard]] Result<void> start(ports::Random& random);
  [[nodiscard]] Result<Recovered> look();
  [[nodiscard]] Result<Recovered> recover_all(ports::Random& random);
  [[nodiscard]] Result<std::optional<Found>> find_by_index(std::string_view scope, std::string_view id) const;
  [[nodiscard]] Result<std::optional<Found>> find_by_time(std::string_view scope, std::string_view id) const;
  void close();
};

/// Where to start walking in a segment: in memory while it is not sealed, else from its footer. Errors:
/// damaged, io.
[[nodiscard]] Result<std::vector<SparseEntry>> sparse_entries(const View& view, const ports::File& file,
                                                              std::uint64_t ordinal);

/// Walks from a sequence over memory and disk; what Reader and the searches use.
struct Reader::Impl {
  Impl(const View& view, const Storage& storage, std::uint64_t after)
      : view_(view), storage_(storage), after_(after) {}

  [[nodiscard]] Result<Chunk> next();
  void seek(std::uint64_t sequence);
  /// Last sequence returned, or where it was told to begin.
  [[nodiscard]] std::uint64_t after() const noexcept { return after_; }

 private:
  [[nodiscard]] Result<Chunk> read_from_disk(std::uint64_t wanted);
  [[nodiscard]] Result<void> move_to(const Segment& segment, std::uint64_t wanted);
  [[nodiscard]] Result<FrameHeader> read_header() const;

  const View& view_;
  const Storage& storage_;
  std::uint64_t after_;
  std::unique_ptr<ports::File> file_;
  std::uint64_t ordinal_ = 0, salt_ = 0, offset_ = 0;
  std::uint64_t next_sequence_ = 0;  // of the frame at offset_; 0: no file open
  std::optional<Error> damage_;
};

}  // namespace user_events::journal
