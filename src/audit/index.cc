#include "audit/index.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/try.h"
#include "base/type_filter.h"
#include "journal/hashing.h"
#include "observability/log.h"

namespace user_events::audit {
namespace {

constexpr int kCacheKib = 32 << 10;
constexpr unsigned kPartBits = 20;
constexpr std::size_t kBatchRecords = 16'384;  // and the rest of the last frame
constexpr std::size_t kMaxNames = 65'536;      // of types, and of principals; what is beyond is found by the rest only
constexpr std::chrono::milliseconds kPoll{200}, kRetry{5'000};
/// Of an index that is damaged or of another journal; SQLite's own files beside it.
constexpr const char* kSuffixes[] = {"", "-wal", "-shm"};

/// 64 bits of a user; two users of one number are both found, which nobody has seen (2⁻²⁴ at a million users).
std::int64_t user_number(std::string_view user) { return static_cast<std::int64_t>(journal::siphash({0x75736572, 0x696e6478}, user)); }

}  // namespace

Index::Index(std::string path, const journal::Journal& journal, TermsOf terms_of) : path_(std::move(path)), journal_(journal), terms_of_(std::move(terms_of)) {}

Index::~Index() { stop(); }

Result<std::unique_ptr<Index>> Index::open(const std::string& path, const journal::Journal& journal, TermsOf terms_of) {
  std::unique_ptr<Index> index(new Index(path, journal, std::move(terms_of)));
  if (auto ready = index->prepare(); !ready) {
    if (ready.error().kind != ErrorKind::damaged) return std::unexpected(std::move(ready).error());
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
  for (const Names* names : {&types_, &principals_})
    UE_TRY(database_->run(fmt::format("CREATE TABLE IF NOT EXISTS {}(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)", names->table).c_str()));
  return load();
}

Result<void> Index::load() {
  parts_.clear();
  std::string journal;
  std::uint64_t indexed = 0;
  UE_TRY_ASSIGN(auto about, database_->prepare("SELECT journal, indexed FROM about"));
  UE_TRY(about.each({}, [&](const state::Statement& row) { journal = row.text(0), indexed = static_cast<std::uint64_t>(row.integer(1)); }));
  if (journal.empty()) {
    UE_TRY_ASSIGN(auto insert, database_->prepare("INSERT INTO about VALUES(?, 0)"));
    UE_TRY(insert.run({journal_.lasting_id()}));
  } else if (journal != journal_.lasting_id() || indexed > journal_.durable_sequence()) {
    return fail(ErrorKind::damaged, "audit-index", "it is of another journal");
  }
  UE_TRY(load(types_));
  UE_TRY(load(principals_));
  UE_TRY_ASSIGN(auto tables, database_->prepare("SELECT substr(name, 9) + 0 FROM sqlite_schema WHERE type = 'table' AND name GLOB 'records_*'"));
  UE_TRY(tables.each({}, [&](const state::Statement& row) { parts_.insert(static_cast<std::uint64_t>(row.integer(0))); }));
  indexed_.store(indexed, std::memory_order_release);
  return {};
}

Result<void> Index::load(Names& names) {
  names.numbers.clear(), names.texts.clear();
  UE_TRY_ASSIGN(auto select, database_->prepare(fmt::format("SELECT number, name FROM {}", names.table)));
  return select.each({}, [&](const state::Statement& row) {
    names.texts.emplace(row.integer(0), row.text(1));
    names.numbers.emplace(row.text(1), row.integer(0));
  });
}

std::string Index::Names::text_of(std::int64_t number) const {
  const auto found = texts.find(number);
  return found == texts.end() ? std::string() : found->second;
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
    const std::string problem = went_on ? std::string() : describe(went_on.error());
    lock.lock();
    if (!problem.empty() && problem != problem_) observability::log().error("audit: the index {} does not go on: {}", path_, problem);
    problem_ = problem;
    wake_.notify_all();
    if (went_on && *went_on) continue;
    wake_.wait_for(lock, went_on ? kPoll : kRetry, [this] { return stopping_; });
  }
}

/// Some frames in one transaction; false when there is none yet.
Result<bool> Index::follow(journal::Reader& reader) {
  if (journal_.durable_sequence() <= indexed()) return false;
  const std::lock_guard lock(database_mutex_);
  UE_TRY(database_->run("BEGIN"));
  auto last = add_frames(reader);
  if (last)
    if (auto committed = database_->run("COMMIT"); !committed) last = std::unexpected(std::move(committed).error());
  if (!last) {
    (void)database_->run("ROLLBACK");
    UE_TRY(load());
    return std::unexpected(std::move(last).error());
  }
  if (*last == indexed()) return false;
  indexed_.store(*last, std::memory_order_release);
  return true;
}

/// The last record that is in it then. One frame is in memory at a time.
Result<std::uint64_t> Index::add_frames(journal::Reader& reader) {
  Insertion insertion;
  std::uint64_t last = indexed();
  for (std::size_t records = 0; records < kBatchRecords;) {
    UE_TRY_ASSIGN(const auto chunk, reader.next());
    if (chunk.empty()) break;
    UE_TRY(add(chunk, insertion));
    records += chunk.size();
    last = chunk.last_sequence();
  }
  UE_TRY(drop_old_parts());
  UE_TRY_ASSIGN(auto about, database_->prepare("UPDATE about SET indexed = ?"));
  UE_TRY(about.run({static_cast<std::int64_t>(last)}));
  return last;
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

Result<std::int64_t> Index::number_of(std::string_view name, Names& names) {
  if (name.empty()) return 0;
  if (const auto known = names.numbers.find(name); known != names.numbers.end()) return known->second;
  if (names.numbers.size() >= kMaxNames) return 0;
  UE_TRY_ASSIGN(auto insert, database_->prepare(fmt::format("INSERT INTO {}(name) VALUES(?)", names.table)));
  UE_TRY(insert.run({name}));
  const auto number = database_->last_row();
  names.numbers.emplace(name, number);
  names.texts.emplace(number, name);
  return number;
}

Result<void> Index::add(const journal::Chunk& chunk, Insertion& into) {
  std::string scratch;
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    const auto& record = chunk[i];
    if (const auto part = record.sequence >> kPartBits; !into.statement || part != into.part) {
      UE_TRY_ASSIGN(into.statement, insertion_into(part));
      into.part = part;
    }
    const Terms terms = terms_of_(record, scratch);
    UE_TRY_ASSIGN(const auto type, number_of(record.type, types_));
    UE_TRY_ASSIGN(const auto principal, number_of(terms.principal, principals_));
    const std::int64_t user = terms.user.empty() ? 0 : user_number(terms.user);
    UE_TRY(into.statement->run({static_cast<std::int64_t>(record.sequence), record.accepted_ms, user, type, principal, record.id}));
  }
  return {};
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
  UE_TRY_ASSIGN(const auto conditions, conditions_of(query));
  if (!conditions) return out;
  for (auto part = parts_.rbegin(); part != parts_.rend() && out.size() < query.limit; ++part) {
    if (*part < first >> kPartBits) break;
    if (*part > query.last >> kPartBits) continue;
    UE_TRY(search_part(*part, *conditions, {first, query.last}, query.limit - out.size(), out));
  }
  return out;
}

/// Nothing: no record can match.
Result<std::optional<Index::Conditions>> Index::conditions_of(const IndexQuery& query) const {
  Conditions out;
  for (const auto& user : query.users) out.users.push_back(user_number(user));
  if (!query.principal.empty()) {
    const auto known = principals_.numbers.find(query.principal);
    if (known == principals_.numbers.end()) return std::nullopt;
    out.principals.push_back(known->second);
  }
  if (!query.types.empty()) {
    UE_TRY_ASSIGN(const auto filter, base::TypeFilter::parse(query.types));
    for (const auto& [name, number] : types_.numbers)
      if (filter.matches(name)) out.types.push_back(number);
    if (out.types.empty()) return std::nullopt;
  }
  return out;
}

/// Several types alone are asked for one by one: SQLite would sort all that they have.
Result<void> Index::search_part(std::uint64_t part, const Conditions& conditions, Range range, std::size_t limit, std::vector<IndexEntry>& out) {
  if (!conditions.users.empty() || !conditions.principals.empty() || conditions.types.size() < 2) return select_from(part, conditions, range, limit, out);
  std::vector<IndexEntry> all;
  for (const auto type : conditions.types) UE_TRY(select_from(part, {.types = {type}}, range, limit, all));
  std::ranges::sort(all, std::greater(), &IndexEntry::sequence);
  all.resize(std::min(all.size(), limit));
  std::ranges::move(all, std::back_inserter(out));
  return {};
}

Result<void> Index::select_from(std::uint64_t part, const Conditions& conditions, Range range, std::size_t limit, std::vector<IndexEntry>& out) {
  std::vector<state::Parameter> parameters;
  std::string where;
  for (const auto& [column, numbers] : {std::pair("user", &conditions.users), {"principal", &conditions.principals}, {"type", &conditions.types}}) {
    if (numbers->empty()) continue;
    // One index serves; the plus keeps SQLite from choosing a less selective one.
    where += fmt::format("{}{} IN (", where.empty() ? "" : "+", column);
    for (const auto number : *numbers) {
      where += where.back() == '(' ? "?" : ",?";
      parameters.emplace_back(number);
    }
    where += ") AND ";
  }
  parameters.emplace_back(static_cast<std::int64_t>(range.first));
  parameters.emplace_back(static_cast<std::int64_t>(std::min<std::uint64_t>(range.last, INT64_MAX)));
  parameters.emplace_back(static_cast<std::int64_t>(limit));
  UE_TRY_ASSIGN(auto select, database_->prepare(fmt::format("SELECT sequence, ms, type, principal, id FROM records_{} WHERE {}sequence BETWEEN ? AND ? "
                                                            "ORDER BY sequence DESC LIMIT ?",
                                                            part, where)));
  return select.each(parameters, [&](const state::Statement& row) {
    out.push_back({static_cast<std::uint64_t>(row.integer(0)), row.integer(1), row.text(4), types_.text_of(row.integer(2)), principals_.text_of(row.integer(3))});
  });
}

}  // namespace user_events::audit
