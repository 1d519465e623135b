#include "audit/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "audit/act.h"
#include "base/hex.h"
#include "base/json_reading.h"
#include "base/time_text.h"
#include "base/try.h"
#include "journal/segment.h"

namespace user_events::audit {
namespace {

/// A checkpoint names the end of the audit log a few records before itself.
constexpr std::size_t kRememberedEnds = 65'536;

/// What a checkpoint or an anchor says that a journal held.
struct Wanted {
  ChainHead chain;
  std::int64_t at_ms = 0;
  bool is_anchor = false;
  std::size_t index = 0;  // of the checkpoint
};

/// Where a removal ended, as the record with that number says.
struct Removed {
  journal::Head end;
  std::uint64_t sequence = 0;
};

std::optional<journal::Head> head_in(const simdjson::dom::object& object, std::string_view name) {
  simdjson::dom::object value;
  if (object.at_key(name).get_object().get(value) != simdjson::SUCCESS) return std::nullopt;
  return parse_head(value);
}

class Verifier {
 public:
  Verifier(ports::FileSystem& files, const Request& request) : files_(files), request_(request) {}

  Result<Report> run() {
    report_.checked_signatures = request_.keys != nullptr;
    UE_TRY_ASSIGN(const auto events_lock, journal::share_lock({files_, events_directory()}));
    UE_TRY_ASSIGN(const auto audit_lock, journal::share_lock({files_, audit_directory()}));
    read_anchors();
    UE_TRY_ASSIGN(report_.audit, walk("audit", audit_directory(), [this](const journal::WalkedFrame& frame) { take_audit(frame); }));
    finish("audit", report_.audit, audit_wanted_);
    check_beginning("audit", report_.audit, audit_removals_);
    check_signing();
    std::ranges::stable_sort(events_wanted_, {}, [](const Wanted& wanted) { return wanted.chain.head.sequence; });
    UE_TRY_ASSIGN(report_.events, walk("events", events_directory(), [this](const journal::WalkedFrame& frame) { take_events(frame); }));
    finish("events", report_.events, events_wanted_);
    check_beginning("events", report_.events, events_removals_);
    conclude();
    return std::move(report_);
  }

 private:
  std::string events_directory() const { return request_.data_dir + "/journal"; }
  std::string audit_directory() const { return request_.data_dir + "/audit"; }

  void add(Finding finding) {
    if (report_.findings.size() < kMaxFindings)
      report_.findings.push_back(std::move(finding));
    else
      ++report_.more_findings;
  }

  void read_anchors() {
    for (std::size_t i = 0; i < request_.anchors.size(); ++i) {
      const auto read = read_checkpoint(request_.anchors[i], request_.keys);
      if (!read) {
        add({.journal = "anchor", .kind = "checkpoint", .what = fmt::format("line {}: {}", i + 1, read.error().message), .good_until = {}});
        continue;
      }
      ++report_.anchors;
      want(read->claims, true, true);
    }
    std::ranges::stable_sort(audit_wanted_, {}, [](const Wanted& wanted) { return wanted.chain.head.sequence; });
  }

  /// What is not `believed` is compared all the same.
  void want(const Claims& claims, bool is_anchor, bool believed) {
    const std::size_t index = checkpoints_.size();
    checkpoints_.push_back(claims);
    bad_.push_back(!believed);
    events_wanted_.push_back({claims.events, claims.at_ms, is_anchor, index});
    if (is_anchor) audit_wanted_.push_back({claims.audit, claims.at_ms, true, index});
  }

  Result<journal::ChainSummary> walk(const std::string& name, const std::string& directory, std::function<void(const journal::WalkedFrame&)> on_frame) {
    std::uint64_t bytes = 0;
    next_ = 0;
    journal::ChainObserver observer;
    observer.on_frame = [&](const journal::WalkedFrame& frame) {
      bytes += frame.header.total_bytes();
      if (request_.on_progress) request_.on_progress(bytes);
      on_frame(frame);
      return true;
    };
    observer.on_defect = [&](const journal::ChainDefect& defect) {
      add({name, std::string(to_text(defect.kind)), defect.ordinal, defect.offset, defect.first_sequence, defect.last_sequence, defect.before_ms, defect.after_ms, defect.what,
           std::nullopt});
    };
    auto summary = journal::walk_chain(files_, directory, observer);
    if (!summary && name == "audit" && summary.error().kind == ErrorKind::not_found)
      return fail(ErrorKind::not_found, "no-audit-log", "there is no audit log in " + directory,
                  "a data directory of a daemon that keeps one has it; if this one had, it was removed: compare with --anchor in a copy that has it");
    return summary;
  }

  // ---- the audit log ----

  void take_audit(const journal::WalkedFrame& frame) {
    compare("audit", frame, audit_wanted_);
    for (const auto& record : records_of("audit", frame)) take_record(record, frame);
    ends_.push_back({frame.header.last_sequence(), frame.hash});
    if (ends_.size() > kRememberedEnds) ends_.pop_front();
  }

  /// Their checksum is right, so somebody made them: a finding unless they are records.
  const std::vector<journal::RecordView>& records_of(std::string_view name, const journal::WalkedFrame& frame) {
    if (decode_records(frame.header, frame.body, records_)) return records_;
    records_.clear();
    add({.journal = std::string(name), .kind = "altered", .segment = frame.ordinal, .offset = frame.header.offset, .first_sequence = frame.header.first_sequence,
         .last_sequence = frame.header.last_sequence(), .what = "the frame's records are not what its header says", .good_until = {}});
    return records_;
  }

  void take_record(const journal::RecordView& record, const journal::WalkedFrame& frame) {
    if (record.type != kCheckpoint && record.type != kRemoved && record.type != kStart) return;
    simdjson::dom::parser parser;
    const auto object = base::parse_object(parser, record.payload);
    if (!object) return refuse(record, frame, "the record is not readable");
    if (record.type == kCheckpoint) return take_checkpoint(record, frame, *object);
    simdjson::dom::object asked;
    if (object->at_key("asked").get_object().get(asked) != simdjson::SUCCESS) return refuse(record, frame, "the record is not readable");
    if (record.type == kRemoved) {
      const auto end = head_in(asked, "end");
      if (!end) return refuse(record, frame, "the record of a removal is not readable");
      (base::text_of(asked, "journal") == "audit" ? audit_removals_ : events_removals_).push_back({*end, record.sequence});
    }
    // Where the log itself begins, the events may have begun earlier; a later start says only what was found.
    const bool is_first = record.sequence == 1;
    if (record.type == kRemoved || is_first)
      if (const auto after = head_in(asked, "eventsAfter")) events_removals_.push_back({*after, record.sequence});
  }

  void refuse(const journal::RecordView& record, const journal::WalkedFrame& frame, std::string why) {
    add({.journal = "audit", .kind = "checkpoint", .segment = frame.ordinal, .offset = frame.header.offset, .first_sequence = record.sequence,
         .last_sequence = record.sequence, .before_ms = record.accepted_ms, .after_ms = record.accepted_ms, .what = std::move(why), .good_until = {}});
  }

  void take_checkpoint(const journal::RecordView& record, const journal::WalkedFrame& frame, const simdjson::dom::object& object) {
    std::string text(base::text_of(object, "jws").value_or(""));
    simdjson::dom::element claims;
    if (text.empty() && object.at_key("claims").get(claims) == simdjson::SUCCESS) text = simdjson::minify(claims);
    const auto read = read_checkpoint(text, request_.keys);
    if (!read) return refuse(record, frame, read.error().message);
    ++(read->is_signed ? report_.signed_checkpoints : report_.unsigned_checkpoints);
    if (!read->is_signed && report_.signed_checkpoints > 0 && request_.keys != nullptr) return refuse(record, frame, "a checkpoint without a signature follows signed ones");
    const auto& head = read->claims.audit.head;
    const auto end = std::ranges::lower_bound(ends_, head.sequence, {}, &journal::Head::sequence);
    const bool is_beginning = head.sequence == 0;
    const bool is_old = head.sequence < (ends_.empty() ? frame.header.first_sequence : ends_.front().sequence);  // removed by retention, or behind damage
    if (!is_beginning && !is_old && (end == ends_.end() || *end != head))
      return refuse(record, frame, fmt::format("the audit log up to {} is not what the checkpoint of {} names", head.sequence, base::time_text(read->claims.at_ms)));
    if (read->is_signed) proved_ = std::max(proved_, head.sequence);
    want(read->claims, false, read->is_signed || request_.keys == nullptr);
  }

  /// With keys, a log without any signature proves nothing.
  void check_signing() {
    if (request_.keys != nullptr && report_.signed_checkpoints == 0)
      add({.journal = "audit", .kind = "checkpoint", .what = "no checkpoint is signed", .good_until = {}});
  }

  // ---- what was wanted of a journal ----

  void take_events(const journal::WalkedFrame& frame) {
    compare("events", frame, events_wanted_);
    (void)records_of("events", frame);
  }

  void compare(std::string_view name, const journal::WalkedFrame& frame, const std::vector<Wanted>& wanted) {
    for (; next_ < wanted.size() && wanted[next_].chain.head.sequence <= frame.header.last_sequence(); ++next_) {
      const auto& head = wanted[next_].chain.head;
      if (wanted[next_].chain.journal != frame.journal) continue;   // told at the end
      if (head.sequence < frame.header.first_sequence) continue;  // before what is kept, or within damage that is a finding of its own
      if (head != journal::Head{frame.header.last_sequence(), frame.hash}) mismatch(name, wanted[next_], frame);
    }
  }

  /// Only the first is told: all that follow differ as well.
  void mismatch(std::string_view name, const Wanted& wanted, const journal::WalkedFrame& frame) {
    bad_[wanted.index] = true;
    auto& told = name == "events" ? told_events_ : told_audit_;
    if (std::exchange(told, true)) return;
    std::uint64_t good = 0;
    for (const auto& other : name == "events" ? events_wanted_ : audit_wanted_)
      if (!bad_[other.index] && other.chain.head.sequence < wanted.chain.head.sequence) good = std::max(good, other.chain.head.sequence);
    add({.journal = std::string(name), .kind = "altered", .segment = frame.ordinal, .offset = frame.header.offset, .first_sequence = good + 1,
         .last_sequence = wanted.chain.head.sequence, .before_ms = 0, .after_ms = wanted.at_ms,
         .what = fmt::format("what stands here was written anew: up to {} it is not what the {} of {} names", wanted.chain.head.sequence, kind_of(wanted), base::time_text(wanted.at_ms)),
         .good_until = {}});
  }

  static std::string_view kind_of(const Wanted& wanted) { return wanted.is_anchor ? "anchor" : "checkpoint"; }

  /// What a journal should have and does not reach.
  void finish(std::string_view name, const journal::ChainSummary& summary, const std::vector<Wanted>& wanted) {
    bool told_end = false, told_other = false;
    for (const auto& one : wanted) {
      const auto& head = one.chain.head;
      if (one.chain.journal != summary.journal) {
        bad_[one.index] = true;
        if (std::exchange(told_other, true)) continue;
        add({.journal = std::string(name), .kind = "removed", .what = fmt::format("this is another journal than that which the {} of {} names", kind_of(one), base::time_text(one.at_ms)), .good_until = {}});
      } else if (head.sequence > summary.end.sequence) {
        bad_[one.index] = true;
        if (std::exchange(told_end, true)) continue;
        const auto highest = std::ranges::max(wanted, {}, [](const Wanted& each) { return each.chain.head.sequence; });
        add({std::string(name), "truncated", summary.last_ordinal, summary.last_offset, summary.end.sequence + 1, highest.chain.head.sequence, summary.last_ms, 0,
             fmt::format("the journal ends at {}, and the {} of {} knew it up to {}", summary.end.sequence, kind_of(highest), base::time_text(highest.at_ms), highest.chain.head.sequence),
             std::nullopt});
      } else if (head.sequence == summary.before.sequence && head.hash != summary.before.hash) {
        bad_[one.index] = true;
        add({.journal = std::string(name), .kind = "altered", .first_sequence = 1, .last_sequence = head.sequence,
             .what = fmt::format("the journal begins behind another record {} than the {} of {} names", head.sequence, kind_of(one), base::time_text(one.at_ms)), .good_until = {}});
      }
    }
  }

  /// A journal that does not begin at its first record must begin where a recorded removal ended.
  void check_beginning(std::string_view name, const journal::ChainSummary& summary, const std::vector<Removed>& removals) {
    if (summary.before == journal::Head{}) return;
    // Behind the last signature anybody can write that something was removed.
    const auto excuses = [&](const Removed& removal) { return removal.end == summary.before && (request_.keys == nullptr || removal.sequence <= proved_); };
    if (std::ranges::any_of(removals, excuses)) return;
    add({.journal = std::string(name), .kind = "removed", .first_sequence = 1, .last_sequence = summary.before.sequence, .after_ms = summary.first_ms,
         .what = "the journal begins behind these records, and no record of a removal that a checkpoint knows ends there", .good_until = {}});
  }

  /// Each finding gets the last checkpoint before it.
  void conclude() {
    for (std::size_t i = 0; i < checkpoints_.size(); ++i)
      if (!bad_[i] && (!report_.last_checkpoint || report_.last_checkpoint->at_ms < checkpoints_[i].at_ms)) report_.last_checkpoint = checkpoints_[i];
    for (auto& finding : report_.findings) {
      for (std::size_t i = 0; i < checkpoints_.size(); ++i) {
        const auto& one = checkpoints_[i];
        const auto reached = finding.journal == "events" ? one.events.head.sequence : one.audit.head.sequence;
        const auto first = finding.first_sequence != 0 ? finding.first_sequence : finding.last_sequence;
        const bool is_before = first != 0 ? reached < first : finding.before_ms != 0 && one.at_ms <= finding.before_ms;
        if (!bad_[i] && is_before && (!finding.good_until || finding.good_until->at_ms < one.at_ms)) finding.good_until = one;
      }
    }
  }

  ports::FileSystem& files_;
  const Request& request_;
  Report report_;
  std::vector<Claims> checkpoints_;  // anchors first
  std::vector<bool> bad_;            // of the same index
  std::vector<Wanted> events_wanted_, audit_wanted_;
  std::size_t next_ = 0;             // of those of the journal under way
  std::deque<journal::Head> ends_;   // of the newest frames of the audit log
  std::vector<Removed> events_removals_, audit_removals_;
  std::vector<journal::RecordView> records_;  // of the frame under way
  std::uint64_t proved_ = 0;         // acts up to here are named by a signed checkpoint
  bool told_events_ = false, told_audit_ = false;
};

}  // namespace

Result<Report> verify(ports::FileSystem& files, const Request& request) { return Verifier(files, request).run(); }

}  // namespace user_events::audit
