// Event data from one version of its type to another. What a schema file may declare, and what follows by itself: docs/catalogue.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "casts/plan.h"
#include "catalogue/catalogue.h"
#include "compatibility/finding.h"
#include "user_events/error.h"

namespace user_events::casts {

enum class Way : std::uint8_t {
  none,     ///< There is no way, or nothing could ever go it.
  checked,  ///< Each event is checked against the target version, and may be refused.
  total,    ///< Every valid event becomes a valid one; this has been shown.
};

/// All that is wrong or weak in the ways between neighbouring versions of a catalogue, by type and version: `cast-invalid` and
/// `cast-impossible` (errors), `cast-partial` (a warning: going down, events may be refused). `file` is TYPE/VERSION.json.
[[nodiscard]] std::vector<compatibility::Finding> check(const catalogue::Catalogue& catalogue);

/// The ways between all versions of all types. Immutable, thread-safe.
class Casts {
 public:
  /// Error `usage`: the first error of `check`. `catalogue` must outlive the casts. Cost: comparing each version with the one before,
  /// about 0.1 ms for one with 20 fields.
  [[nodiscard]] static Result<Casts> build(const catalogue::Catalogue& catalogue);

  /// Appends `data`, which is valid for version `from`, as data of version `to`. Errors: invalid, code `cast-refused` (this event cannot
  /// be said in that version: where and why, never a value) or `no-cast` (there is no way, or no such version); damaged. On error `out`
  /// is as it was. Some 100 ns a version for a small event; allocates only when `out` must grow, or where an event must be checked.
  [[nodiscard]] Result<void> cast(std::string_view type, std::uint32_t from, std::uint32_t to, std::string_view data,
                                  std::string& out) const;
  /// The weakest step of the way; `total` if both are the same. `none` for versions that are not there.
  [[nodiscard]] Way way(std::string_view type, std::uint32_t from, std::uint32_t to) const;
  /// Of the cast of any event from any version to any other. No cost.
  [[nodiscard]] encoding::Growth growth() const noexcept { return growth_; }
  /// Ascending; empty for an unknown type.
  [[nodiscard]] std::vector<std::uint32_t> versions(std::string_view type) const;

 private:
  struct Step {
    Way way = Way::none;
    Plan plan;
    std::string reason;  ///< Why it is `none`.
  };
  struct Version {
    const catalogue::EventType* type = nullptr;
    Step up, down;  ///< From and to the version before; of the first one: none.
  };
  using Versions = std::vector<Version>;
  friend struct Builder;

  [[nodiscard]] const Versions* find(std::string_view type) const noexcept;
  [[nodiscard]] Result<std::size_t> place_of(const Versions& versions, std::string_view type, std::uint32_t from, std::uint32_t to,
                                             std::uint32_t wanted) const;
  /// Appends what one step makes of `data`.
  [[nodiscard]] static Result<void> take(const Step& step, const catalogue::EventType& before, const catalogue::EventType& after,
                                         std::string_view data, std::string& out);

  std::map<std::string, Versions, std::less<>> types_;
  encoding::Growth growth_;
};

}  // namespace user_events::casts
