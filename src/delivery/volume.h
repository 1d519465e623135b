// Fewer events of chatty types at one destination: what its volume rules make of each record. The journal keeps them all.
//
// Samples and folds are decided from the records alone, in their order, with windows aligned to the journal's times: reading the same records
// again after a restart decides the same, so an event that is sent twice has the same bytes. Not so after `close_all`, and for what became durable
// after its fold was closed by the clock: then a fold may be another one. A limit forgets what the window had before a restart.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/volume_rule.h"
#include "journal/record.h"
#include "privacy/sealed_record.h"

namespace user_events::delivery {

/// One thread. Cost of a record that no rule names: a comparison of its type with that of the record before.
class Volume {
 public:
  enum class Verdict : std::uint8_t {
    pass,   ///< As it is.
    drop,   ///< Not for this destination.
    carry,  ///< Sent for itself and those that join it, once its window is over (`take_closed`).
    join,   ///< Done when `carrier` is.
  };
  struct Decision {
    Verdict verdict = Verdict::pass;
    std::uint64_t carrier = 0;
  };
  /// A fold that nothing can join any more.
  struct Fold {
    std::uint64_t carrier = 0;
    std::uint32_t events = 1;  ///< The carrier included.
  };
  /// Sources of one rule that are told apart in one window; all others count as one source.
  static constexpr std::size_t kMaxSources = 65'536;

  /// Error `usage` of the first rule that is none. `opener` reads the data that a rule asks for.
  [[nodiscard]] static Result<Volume> make(const std::vector<std::string>& rules, const privacy::RecordOpener& opener);

  /// Records come in order. The first rule that names the type decides.
  [[nodiscard]] Decision decide(const journal::RecordView& record);
  /// The record of the last decision could not join (its carrier is done already): it carries what follows instead.
  void carry_instead(std::uint64_t sequence);
  /// Folds that are complete once the journal's time has reached `now_ms`. Appends to `out`.
  void take_closed(std::int64_t now_ms, std::vector<Fold>& out);
  /// Closes all: nothing else can be read before they are sent.
  void close_all();
  /// When the next fold is complete, Unix milliseconds; 0: there is none.
  [[nodiscard]] std::int64_t next_close_ms() const noexcept;

 private:
  struct Source {
    std::uint64_t carrier = 0;
    std::uint32_t events = 0;
  };
  struct Rule {
    base::VolumeRule rule;
    std::int64_t window = -1;  // of accepted_ms / period
    std::unordered_map<std::uint64_t, Source> sources;
  };

  [[nodiscard]] Decision count(Rule& rule, const journal::RecordView& record);
  void close(Rule& rule);

  privacy::RecordOpener opener_;
  std::vector<Rule> rules_;
  std::vector<Fold> closed_;
  std::string last_type_;
  Rule* last_rule_ = nullptr;  // of last_type_
  Source* last_source_ = nullptr;  // of the last decision of a limit or fold
};

}  // namespace user_events::delivery
