// The audit log: a journal of its own for what people do to the daemon and what it does to its journals, with checkpoints of both journals.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "audit/act.h"
#include "audit/checkpoint.h"
#include "audit/denials.h"
#include "journal/journal.h"
#include "user_events/options.h"

namespace user_events::audit {

struct Stats {
  std::uint64_t records = 0;        ///< Since start.
  std::uint64_t last_sequence = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t checkpoints = 0;    ///< Since start.
  std::int64_t checkpoint_ms = 0;   ///< When the last one was made, since start; 0: none.
  bool is_signed = false;           ///< Checkpoints are signed.
  std::string problem;              ///< Why the last record or checkpoint could not be written or published; empty: it was.
};

/// Thread-safe. Its own thread writes checkpoints and sums of refused requests.
class Log {
 public:
  /// Opens the journal in `directory`. `key` null: checkpoints are not signed. Errors: those of the journal.
  [[nodiscard]] static Result<std::unique_ptr<Log>> open(ports::FileSystem& files, const ports::Clock& clock, ports::Random& random, std::string directory,
                                                         const AuditOptions& options, std::shared_ptr<const signing::Key> key);
  ~Log();

  /// Writes down that the daemon has started, with where `events` begins and ends and what was cut off its end, if there is room; from then on makes
  /// checkpoints. `events` must outlive `stop`.
  void start(const journal::Journal& events, std::string_view version);
  /// The last record and the last checkpoint. `events` takes nothing more by then. Idempotent.
  void stop();

  /// Durable when it returns: about one fdatasync. Returns its number. Errors: full, io, unavailable (stopped).
  [[nodiscard]] Result<std::uint64_t> asked(const Act& act);
  /// How it ended. `error` null: well.
  [[nodiscard]] Result<void> ended(const Act& act, std::uint64_t of, const Error* error, std::string_view counts = {});
  /// Never blocks; written down within a second, in a flood within a minute.
  void note_denial(std::string_view principal, std::string_view reason, std::string_view action);
  /// For `journal::Options::before_removal` of the events' journal.
  [[nodiscard]] Result<void> note_removal(std::string_view which, const journal::Removal& removal);

  /// Retention leaves this log alone while it is held, from the return on; at first it is.
  void hold(bool held) { held ? journal_->keep_everything() : journal_->set_needed_after(~0ull); }

  /// Makes one now. Error: it could not be written. That it could not be published is told by `stats` only.
  [[nodiscard]] Result<void> checkpoint();
  [[nodiscard]] Stats stats() const;
  [[nodiscard]] const journal::Journal& journal() const noexcept { return *journal_; }

 private:
  Log(const ports::Clock& clock, ports::Random& random, const AuditOptions& options, std::shared_ptr<const signing::Key> key);
  [[nodiscard]] Result<std::uint64_t> append(std::string_view type, std::string_view principal, std::string_view payload);
  void note(const Act& act);
  void run();
  void write_denials();
  [[nodiscard]] bool has_news();
  void publish(const std::string& text);
  void set_problem(const Result<void>& done, std::string& kept);

  const ports::Clock& clock_;
  ports::Random& random_;
  const AuditOptions options_;
  std::unique_ptr<journal::Journal> journal_;
  const journal::Journal* events_ = nullptr;
  Denials denials_;

  std::mutex checkpoint_mutex_;  // one at a time
  std::optional<signing::Signer> signer_;
  journal::Head checked_events_;  // of the last checkpoint
  std::uint64_t checked_audit_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false, has_denials_ = false;
  std::string write_problem_, publish_problem_;
  std::atomic<std::uint64_t> records_{0}, checkpoints_{0};
  std::atomic<std::int64_t> checkpoint_ms_{0};
  std::thread thread_;
  std::once_flag stopped_;
};

/// Carries `work` (a Result<T>) out between two records: refused if the first cannot be written. `counts` makes what the second says of the outcome, the
/// inside of a JSON object. `log` null: nothing is recorded.
template <class Work, class Counts>
[[nodiscard]] auto recorded(Log* log, const Act& act, Work work, Counts counts) -> decltype(work()) {
  if (log == nullptr) return work();
  const auto number = log->asked(act);
  if (!number) return std::unexpected(number.error());
  auto result = work();
  const auto ended = log->ended(act, *number, result ? nullptr : &result.error(), result ? counts(result) : std::string());
  if (ended || !result) return result;
  return fail(ended.error().kind, "audit-outcome", "it was carried out, but its outcome could not be written down: " + ended.error().message, ended.error().hint);
}

template <class Work>
[[nodiscard]] auto recorded(Log* log, const Act& act, Work work) -> decltype(work()) {
  return recorded(log, act, std::move(work), [](const auto&) { return std::string(); });
}

}  // namespace user_events::audit
