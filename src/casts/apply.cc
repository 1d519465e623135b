#include "casts/apply.h"

#include <algorithm>
#include <cstdint>

#include "base/json_scan.h"

namespace user_events::casts {
namespace {

constexpr std::size_t kFewChanges = 8;

class Applier {
 public:
  Applier(const Plan& plan, std::string& out) : plan_(plan), out_(out) {}

  bool object(const Step& step, std::string_view json) {
    out_ += '{';
    const std::size_t first = out_.size();
    std::uint64_t met = 0;
    const bool is_whole = base::each_member(json, [&](std::string_view key, std::string_view value) {
      const std::string_view name = base::prefix_of(key);
      return member(step, name, value, first, met);
    });
    if (!is_whole) return false;
    for (std::size_t i = 0; i < step.fills.size(); ++i) {
      if ((met >> i & 1U) != 0) continue;
      if (out_.size() != first) out_ += ',';
      out_ += step.fills[i].text;
    }
    out_ += '}';
    return true;
  }

 private:
  bool member(const Step& step, std::string_view name, std::string_view json, std::size_t first, std::uint64_t& met) {
    const Change* const change = find(step, name);
    if (change != nullptr && change->name.empty()) return true;
    if (out_.size() != first) out_ += ',';
    if (change == nullptr) {
      (out_ += name) += json;
      return true;
    }
    if (change->fill != kNoFill) met |= std::uint64_t{1} << change->fill;
    out_ += change->to;
    return value(change->inner, json);
  }

  static const Change* find(const Step& step, std::string_view name) noexcept {
    if (step.changes.size() <= kFewChanges) {
      for (const Change& change : step.changes)
        if (change.from == name) return &change;
      return nullptr;
    }
    const auto found = std::ranges::lower_bound(step.changes, name, {},
                                                [](const Change& change) { return std::string_view(change.from); });
    return found != step.changes.end() && found->from == name ? &*found : nullptr;
  }

  /// A value of another type than the step is of (null, say) stays as it is.
  bool value(PlanIndex index, std::string_view json) {
    if (index != kNoPlan) {
      const Step& step = plan_.steps[index];
      if (json.front() == '{' && !step.is_array) return object(step, json);
      if (json.front() == '[' && step.is_array) return array(step, json);
    }
    out_ += json;
    return true;
  }

  bool array(const Step& step, std::string_view json) {
    out_ += '[';
    const std::size_t first = out_.size();
    const bool is_whole = base::each_item(json, [&](std::string_view item) {
      if (out_.size() != first) out_ += ',';
      return value(step.items, item);
    });
    out_ += ']';
    return is_whole;
  }

  const Plan& plan_;
  std::string& out_;
};

}  // namespace

bool apply(const Plan& plan, std::string_view data, std::string& out) {
  out.reserve(out.size() + data.size());
  return Applier(plan, out).object(plan.steps[plan.root], data);
}

}  // namespace user_events::casts
