#include "audit/index.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/try.h"
#include "journal/hashing.h"
#include "observability/log.h"

namespace user_events::audit {
namespace {

constexpr int kCacheKib = 32 << 10;
constexpr unsigned kPartBits = 20;
constexpr std::size_t kBatchRecords = 16'384;  // and the rest of the last frame
constexpr std::chrono::milliseconds kPoll{200}, kRetry{5'000};
/// Of an index that is damaged or of another journal; SQLite's own files beside it.
constexpr const char* kSuffixes[] = {"", "-wal", "-shm"};

/// 64 bits of a user; two users of one number are both found, which nobody has seen (2⁻²⁴ at a million users).
std::int64_t user_number(std::string_view user) { return static_cast<std::int64_t>(journal::siphash({0x75736572, 0x696e6478}, user)); }

std::string lasting_id(const journal::Journal& journal) { return journal.id().substr(0, journal.id().find('.')); }

}  // namespace

Index::Index(std::string path, const journal::Journal& journal, TermsOf terms_of) : path_(std::move(path)), journal_(journal), terms_of_(std::move(terms_of)) {}

Index::~Index() { stop(); }

Result<std::unique_ptr<Index>> Index::open(const std::string& path, const journal::Journal& journal, TermsOf terms_of) {
  std::unique_ptr<Index> index(new Index(path, journal, std::move(terms_of)));
  if (const auto ready = index->prepare(); !ready) {
    // It holds nothing that the journal does not.
    observability::log().warn("audit: the index {} is made anew: {}", path, describe(ready.error()));
    index->database_.reset();
    for (const char* suffix : kSuffixes) {
      std::error_code ignored;
      std::filesystem::remove(path + suffix, ignored);
    }
    UE_TRY(index->prepare());
  }
  index->thread_ = std::thread([index = index.get()] { index->run(); });
  return index;
}

Result<void> Index::prepare() {
  UE_TRY_ASSIGN(database_, state::Connection::open(path_, kCacheKib));
  // What a power cut takes is indexed again; the file stays whole.
  UE_TRY(database_->run("PRAGMA synchronous=NORMAL"));
  UE_TRY(database_->run("PRAGMA wal_autocheckpoint=4096"));
  UE_TRY(database_->run("CREATE TABLE IF NOT EXISTS about(journal TEXT NOT NULL, indexed INTEGER NOT NULL)"));
  UE_TRY(database_->run("CREATE TABLE IF NOT EXISTS names(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"));
  return load();
}

Result<void> Index::load() {
  parts_.clear(), numbers_.clear(), names_.clear();
  std::string journal;
  std::uint64_t indexed = 0;
  UE_TRY_ASSIGN(auto about, database_->prepare("SELECT journal, indexed FROM about"));
  UE_TRY(about.each({}, [&](const state::Statement& row) { journal = row.text(0), indexed = static_cast<std::uint64_t>(row.integer(1)); }));
  if (journal.empty()) {
    UE_TRY_ASSIGN(auto insert, database_->prepare("INSERT INTO about VALUES(?, 0)"));
    UE_TRY(insert.run({std::string_view(lasting_id(journal_))}));
  } else if (journal != lasting_id(journal_) || indexed > journal_.durable_sequence()) {
    return fail(ErrorKind::damaged, "audit-index", "it is of another journal");
  }
  UE_TRY_ASSIGN(auto names, database_->prepare("SELECT number, name FROM names"));
  UE_TRY(names.each({}, [&](const state::Statement& row) {
    names_.emplace(row.integer(0), row.text(1));
    numbers_.emplace(row.text(1), row.integer(0));
  }));
  UE_TRY_ASSIGN(auto tables, database_->prepare("SELECT substr(name, 9) + 0 FROM sqlite_schema WHERE type = 'table' AND name GLOB 'records_*'"));
  UE_TRY(tables.each({}, [&](const state::Statement& row) { parts_.insert(static_cast<std::uint64_t>(row.integer(0))); }));
  indexed_.store(indexed, std::memory_order_release);
  return {};
}

void Index::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string Index::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

bool Index::wait_indexed(std::uint64_t sequence, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return wake_.wait_for(lock, timeout, [&] { return stopping_ || indexed() >= sequence; }) && indexed() >= sequence;
}

// ---- following the journal ----

void Index::run() {
  auto reader = journal_.reader(std::max(indexed(), journal_.stats().first_sequence - 1));
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const auto went_on = follow(reader);
    if (!went_on) reader = journal_.reader(std::max(indexed(), journal_.stats().first_sequence - 1));
    lock.lock();
    problem_ = went_on ? std::string() : describe(went_on.error());
    wake_.notify_all();
    if (went_on && *went_on) continue;
    wake_.wait_for(lock, went_on ? kPoll : kRetry, [this] { return stopping_; });
  }
}

/// Some frames in one transaction; false when there is none yet.
Result<bool> Index::follow(journal::Reader& reader) {
  if (journal_.durable_sequence() <= indexed()) return false;
  std::vector<journal::Chunk> chunks;
  for (std::size_t records = 0; records < kBatchRecords; records += chunks.back().size()) {
    UE_TRY_ASSIGN(auto chunk, reader.next());
    if (chunk.empty()) break;
    chunks.push_back(std::move(chunk));
  }
  if (chunks.empty()) return false;
  const std::lock_guard lock(database_mutex_);
  UE_TRY(database_->run("BEGIN"));
  Result<void> added;
  for (const auto& chunk : chunks)
    if (added) added = add(chunk);
  if (added) added = drop_old_parts();
  if (added) added = database_->run("COMMIT");
  if (!added) {
    (void)database_->run("ROLLBACK");
    UE_TRY(load());
    return std::unexpected(added.error());
  }
  indexed_.store(chunks.back().last_sequence(), std::memory_order_release);
  return true;
}

Result<state::Statement> Index::insertion_into(std::uint64_t part) {
  if (!parts_.contains(part)) {
    UE_TRY(database_->run(fmt::format("CREATE TABLE records_{0}(sequence INTEGER PRIMARY KEY, ms INTEGER, user INTEGER, type INTEGER, principal INTEGER, id TEXT);"
                                      "CREATE INDEX user_{0} ON records_{0}(user) WHERE user IS NOT NULL;"
                                      "CREATE INDEX type_{0} ON records_{0}(type);"
                                      "CREATE INDEX principal_{0} ON records_{0}(principal) WHERE principal IS NOT NULL",
                                      part)
                              .c_str()));
    parts_.insert(part);
  }
  return database_->prepare(fmt::format("INSERT OR REPLACE INTO records_{} VALUES(?, ?, nullif(?, 0), ?, nullif(?, 0), ?)", part));
}

Result<std::int64_t> Index::number_of(std::string_view name) {
  if (name.empty()) return 0;
  if (const auto known = numbers_.find(name); known != numbers_.end()) return known->second;
  UE_TRY_ASSIGN(auto insert, database_->prepare("INSERT INTO names(name) VALUES(?)"));
  UE_TRY(insert.run({name}));
  const auto number = database_->last_row();
  numbers_.emplace(name, number);
  names_.emplace(number, name);
  return number;
}

Result<void> Index::add(const journal::Chunk& chunk) {
  std::optional<state::Statement> insert;
  std::uint64_t part = ~0ull;
  std::string scratch;
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    const auto& record = chunk[i];
    if (const auto wanted = record.sequence >> kPartBits; wanted != part) {
      UE_TRY_ASSIGN(insert, insertion_into(wanted));
      part = wanted;
    }
    const Terms terms = terms_of_(record, scratch);
    UE_TRY_ASSIGN(const auto type, number_of(record.type));
    UE_TRY_ASSIGN(const auto principal, number_of(terms.principal));
    const std::int64_t user = terms.user.empty() ? 0 : user_number(terms.user);
    UE_TRY(insert->run({static_cast<std::int64_t>(record.sequence), record.accepted_ms, user, type, principal, record.id}));
  }
  UE_TRY_ASSIGN(auto about, database_->prepare("UPDATE about SET indexed = ?"));
  return about.run({static_cast<std::int64_t>(chunk.last_sequence())});
}

/// What retention has removed of the journal is not shown any more, and goes with the whole part.
Result<void> Index::drop_old_parts() {
  const auto first = journal_.stats().first_sequence >> kPartBits;
  while (!parts_.empty() && *parts_.begin() < first) {
    UE_TRY(database_->run(fmt::format("DROP TABLE records_{}", *parts_.begin()).c_str()));
    parts_.erase(parts_.begin());
  }
  return {};
}

// ---- searching ----

Result<std::vector<IndexEntry>> Index::search(const IndexQuery& query) {
  std::vector<IndexEntry> out;
  const auto first = std::max(query.first, journal_.stats().first_sequence);
  const std::lock_guard lock(database_mutex_);
  for (auto part = parts_.rbegin(); part != parts_.rend() && out.size() < query.limit; ++part) {
    if (*part < first >> kPartBits) break;
    if (*part > query.last >> kPartBits) continue;
    UE_TRY(search_part(*part, {query.users, query.types, query.principal, first, query.last, query.limit - out.size()}, out));
  }
  return out;
}

Result<void> Index::search_part(std::uint64_t part, const IndexQuery& query, std::vector<IndexEntry>& out) {
  std::vector<state::Parameter> parameters;
  // One index serves; the plus keeps SQLite from choosing a less selective one.
  std::string where;
  bool has_index = false;
  const auto add = [&](std::string_view column, const std::vector<std::int64_t>& numbers) {
    where += fmt::format("{}{} IN (", has_index ? "+" : "", column);
    for (const auto number : numbers) {
      where += where.back() == '(' ? "?" : ",?";
      parameters.emplace_back(number);
    }
    where += ") AND ";
    has_index = true;
  };
  if (!query.users.empty()) {
    std::vector<std::int64_t> numbers;
    for (const auto& user : query.users) numbers.push_back(user_number(user));
    add("user", numbers);
  }
  if (!query.principal.empty()) {
    const auto known = numbers_.find(query.principal);
    if (known == numbers_.end()) return {};
    add("principal", {known->second});
  }
  if (!query.types.empty()) {
    std::vector<std::int64_t> numbers;
    for (const auto& type : query.types)
      if (const auto known = numbers_.find(type); known != numbers_.end()) numbers.push_back(known->second);
    if (numbers.empty()) return {};
    add("type", numbers);
  }
  parameters.emplace_back(static_cast<std::int64_t>(query.first));
  parameters.emplace_back(static_cast<std::int64_t>(std::min<std::uint64_t>(query.last, INT64_MAX)));
  parameters.emplace_back(static_cast<std::int64_t>(query.limit));
  UE_TRY_ASSIGN(auto select, database_->prepare(fmt::format("SELECT sequence, ms, type, principal, id FROM records_{} WHERE {}sequence BETWEEN ? AND ? "
                                                            "ORDER BY sequence DESC LIMIT ?",
                                                            part, where)));
  return select.each(parameters, [&](const state::Statement& row) {
    const auto name = [&](int column) {
      const auto found = names_.find(row.integer(column));
      return found == names_.end() ? std::string() : found->second;
    };
    out.push_back({static_cast<std::uint64_t>(row.integer(0)), row.integer(1), row.text(4), name(2), name(3)});
  });
}

}  // namespace user_events::audit
