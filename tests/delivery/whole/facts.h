// What one destination was promised and what became of it: told by the modelled broker and by the state as things become durable, and checked at
// once or at the end. Survives the process.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "state/state.h"
#include "user_events/options.h"
#include "whole/fate.h"

namespace user_events::delivery::whole {

/// An event as the journal accepted it.
struct Event {
  std::uint64_t sequence = 0;
  std::string id, type, key, address, data;
  std::int64_t accepted_ms = 0;
};

/// A message as it left.
struct Content {
  std::uint64_t sequence = 0;
  std::string id, type, key, data, target, cause_destination;
  std::uint32_t replay = 0, folded = 0;
  bool copy = false;
  bool letter = false;  ///< From the dead letter store.
};

enum class Volume : std::uint8_t { none, sample, limit, fold };
struct Wanted {
  std::vector<std::string> types;  ///< That the destination is to get: said here and not asked of the filter.
  Volume volume = Volume::none;
  std::string volume_type;
  bool by_address = false;
  std::int64_t period_ms = 0;
  std::uint32_t limit = 0;
  double sample = 1;
};

class Facts {
 public:
  Facts(DestinationOptions options, Wanted wanted, bool reconciles, Fate& fate, const std::vector<Event>& events)
      : options_(std::move(options)), wanted_(std::move(wanted)), reconciles_(reconciles), fate_(fate), events_(events) {}

  // ---- told by the broker ----
  void is_sent(const Content& message);
  void has_arrived(const Content& message);
  void copy_failed(std::uint64_t sequence) { ++copy_failures_[sequence]; }
  void was_in_doubt(const Content& message) { ++doubts_[mark_of(message)]; }
  void answered(std::uint64_t sequence) { ++answers_[sequence]; }
  // ---- told by the state: it is durable now ----
  void saved(const state::SavedPosition& position);
  void stored(const state::Letter& letter);
  void settled(std::uint64_t number, const state::LetterEnd& end);
  void numbered(const state::Letter& letter) { numbers_[letter.number] = letter.sequence; }
  void replay_began(std::uint64_t letters) { sums.replays += letters; }
  void discarded(std::uint64_t sequence);
  void set_paused(bool paused) { paused_ = paused; }
  // ---- told by the world ----
  void rewind_asked(std::uint64_t from) { asked_from_ = from; }
  void crashed();
  void restarted() { ++restarts_; }

  void check_position(const state::SavedPosition& position);
  void check_end();
  /// With nothing wrong but poisoned events: what must have arrived by now.
  [[nodiscard]] bool has_what_others_sent(const std::set<std::uint64_t>& poisoned) const;

  [[nodiscard]] std::uint64_t accepted() const { return events_.size(); }
  [[nodiscard]] Content content_of(std::uint64_t sequence) const;
  [[nodiscard]] bool is_paused() const { return paused_; }
  [[nodiscard]] bool matches(const Event& event) const;
  [[nodiscard]] std::size_t letters() const { return letters_.size(); }
  [[nodiscard]] bool has_letter(std::uint64_t sequence) const { return letters_.contains(sequence); }
  [[nodiscard]] const DestinationOptions& options() const { return options_; }
  [[nodiscard]] std::uint32_t replay() const { return saved_.replay; }

  struct Sums {
    std::uint64_t arrivals = 0, repeats = 0, letters = 0, held = 0, parked = 0, copies = 0, replays = 0, discarded = 0, rewinds = 0, folded = 0, left_out = 0;
  };
  Sums sums;

 private:
  struct LetterFact {
    state::LetterState state;
    bool in_line, copy_due;
  };
  struct Rewind {
    std::uint64_t from, last;
    std::uint32_t mark;
  };
  struct Mark {
    std::uint64_t sequence;
    std::uint32_t replay;
    bool letter;
    auto operator<=>(const Mark&) const = default;
  };
  struct Source {
    std::int64_t window;
    std::string name;
    auto operator<=>(const Source&) const = default;
  };
  static Mark mark_of(const Content& one) { return {one.sequence, one.replay, one.letter}; }
  void broken(const std::string& what);
  [[nodiscard]] const Event& event(std::uint64_t sequence) const { return events_[sequence - 1]; }
  [[nodiscard]] bool is_rule_for(const Event& one) const { return wanted_.volume != Volume::none && one.type == wanted_.volume_type; }
  [[nodiscard]] Source source_of(const Event& one) const;
  [[nodiscard]] bool is_sampled(const Event& one) const;
  [[nodiscard]] bool is_saved(const state::SavedPosition& position, std::uint64_t sequence) const;
  [[nodiscard]] bool is_somewhere(std::uint64_t sequence) const {
    return arrived_.contains(sequence) || letters_.contains(sequence) || discarded_.contains(sequence);
  }
  [[nodiscard]] bool is_accounted_for(const Event& one) const;
  void remove(std::map<std::uint64_t, LetterFact>::iterator letter);
  void check_copy(const Content& message);
  void check_order(const Content& message);
  void check_repetition(const Content& message);
  void check_marks(const Content& message);
  void check_rewinds();
  void check_sources();
  void check_source(const std::vector<const Event*>& group);

  const DestinationOptions options_;
  const Wanted wanted_;
  const bool reconciles_;
  Fate& fate_;
  const std::vector<Event>& events_;

  state::SavedPosition saved_;
  bool paused_ = false;
  std::uint64_t asked_from_ = 0;
  std::uint64_t restarts_ = 0;
  std::vector<Rewind> rewinds_;
  std::map<std::uint64_t, LetterFact> letters_;
  std::map<std::uint64_t, std::uint64_t> numbers_;  // letter → sequence
  std::set<std::uint64_t> was_letter_, exempt_, discarded_, copy_owed_, copy_arrived_, copy_moot_, arrived_;
  std::map<std::uint64_t, unsigned> copy_failures_, answers_;
  std::map<Mark, unsigned> copies_of_, doubts_;
  std::map<std::uint64_t, std::uint32_t> best_mark_, counts_;  // highest mark that arrived; events that a carrier stands for
  std::map<std::string, std::uint64_t> last_first_;            // per user, the newest first delivery
};

}  // namespace user_events::delivery::whole
