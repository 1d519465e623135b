// Which records of a journal are about whom, of which type and by which principal: a SQLite file that can be made again from the journal at any time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "journal/journal.h"
#include "state/sqlite.h"

namespace user_events::audit {

/// What a record is found by. Views into the record, or into `scratch`.
struct Terms {
  std::string_view user;       ///< A lane key or a token; empty: it is about nobody.
  std::string_view principal;
};
using TermsOf = std::function<Terms(const journal::RecordView& record, std::string& scratch)>;

struct IndexQuery {
  std::vector<std::string> users = {};  ///< Any of these; empty: all.
  std::vector<std::string> types = {};  ///< Patterns (base/type_filter.h); empty: all.
  std::string principal = {};           ///< Empty: all.
  std::uint64_t first = 1, last = ~0ull;  ///< Sequences.
  std::size_t limit = 100;
};

struct IndexEntry {
  std::uint64_t sequence = 0;
  std::int64_t accepted_ms = 0;
  std::string id, type, principal;
};

/// Thread-safe. Records are kept in parts of 2²⁰, a table each: users come in no order, and a part is small enough for the page cache; what retention has
/// removed goes as a table. Some 100 bytes a record on the disk.
class Index {
 public:
  /// Opens or makes the file and follows the journal with a thread of its own. An index of another journal, or one that is damaged, is made anew. Errors: io, full,
  /// unavailable.
  /// `journal` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Index>> open(const std::string& path, const journal::Journal& journal, TermsOf terms_of);
  ~Index();

  /// What matches, newest first. What is not indexed yet is not found: see `indexed`. Cost: a few lookups a part.
  [[nodiscard]] Result<std::vector<IndexEntry>> search(const IndexQuery& query);
  /// Everything up to here can be found.
  [[nodiscard]] std::uint64_t indexed() const noexcept { return indexed_.load(std::memory_order_acquire); }
  /// Why it does not go on; empty: it does.
  [[nodiscard]] std::string problem() const;
  /// Waits until `sequence` can be found, or the time-out.
  bool wait_indexed(std::uint64_t sequence, std::chrono::milliseconds timeout) const;
  /// Ends the thread. Idempotent.
  void stop();

 private:
  Index(std::string path, const journal::Journal& journal, TermsOf terms_of);
  [[nodiscard]] Result<void> prepare();
  [[nodiscard]] Result<void> load();
  void run();
  [[nodiscard]] Result<bool> follow(journal::Reader& reader);
  /// Names that stand as numbers in records.
  struct Names {
    const char* table;
    std::map<std::string, std::int64_t, std::less<>> numbers = {};
    std::map<std::int64_t, std::string> texts = {};
    [[nodiscard]] std::string text_of(std::int64_t number) const;
  };
  [[nodiscard]] Result<void> load(Names& names);
  [[nodiscard]] Result<std::int64_t> number_of(std::string_view name, Names& names);
  struct Insertion {
    std::uint64_t part = 0;
    std::optional<state::Statement> statement;
  };
  [[nodiscard]] Result<std::uint64_t> add_frames(journal::Reader& reader);
  [[nodiscard]] Result<void> add(const journal::Chunk& chunk, Insertion& into);
  [[nodiscard]] Result<state::Statement> insertion_into(std::uint64_t part);
  [[nodiscard]] Result<void> drop_old_parts();
  /// Any of each; empty: all.
  struct Conditions {
    std::vector<std::int64_t> users = {}, principals = {}, types = {};
  };
  struct Range {
    std::uint64_t first, last;
  };
  [[nodiscard]] Result<std::optional<Conditions>> conditions_of(const IndexQuery& query) const;
  [[nodiscard]] Result<void> search_part(std::uint64_t part, const Conditions& conditions, Range range, std::size_t limit, std::vector<IndexEntry>& out);
  [[nodiscard]] Result<void> select_from(std::uint64_t part, const Conditions& conditions, Range range, std::size_t limit, std::vector<IndexEntry>& out);

  const std::string path_;
  const journal::Journal& journal_;
  const TermsOf terms_of_;

  std::mutex database_mutex_;  // one connection
  std::optional<state::Connection> database_;
  std::set<std::uint64_t> parts_;
  Names types_{"types"}, principals_{"principals"};
  std::atomic<std::uint64_t> indexed_{0};

  mutable std::mutex mutex_;
  mutable std::condition_variable wake_;
  bool stopping_ = false;
  std::string problem_;
  std::thread thread_;
};

}  // namespace user_events::audit
