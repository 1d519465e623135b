#include "casts/apply.h"

#include <algorithm>
#include <cstdint>

namespace user_events::casts {
namespace {

constexpr std::size_t kFewChanges = 8;

/// Reads compact JSON that was written by us: it tells members and items apart and looks no further.
class Applier {
 public:
  Applier(const Plan& plan, std::string_view text, std::string& out) : plan_(plan), text_(text), out_(out) {}

  bool run() { return value(plan_.root) && at_ == text_.size(); }

 private:
  [[nodiscard]] char here() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool value(PlanIndex index) {
    if (index != kNoPlan) {
      const Step& step = plan_.steps[index];
      if (here() == '{' && !step.is_array) return object(step);
      if (here() == '[' && step.is_array) return array(step);
    }
    const std::size_t begin = at_;
    if (!skip_value()) return false;
    out_.append(text_, begin, at_ - begin);
    return true;
  }

  bool object(const Step& step) {
    out_ += '{';
    const std::size_t first = out_.size();
    std::uint64_t met = 0;
    ++at_;
    while (here() != '}') {
      const std::size_t begin = at_;
      if (!skip_string() || here() != ':') return false;
      ++at_;
      if (!member(step, text_.substr(begin, at_ - begin), first, met)) return false;
      if (here() == ',')
        ++at_;
      else if (here() != '}')
        return false;
    }
    ++at_;
    for (std::size_t i = 0; i < step.fills.size(); ++i) {
      if ((met >> i & 1U) != 0) continue;
      if (out_.size() != first) out_ += ',';
      out_ += step.fills[i].text;
    }
    out_ += '}';
    return true;
  }

  bool member(const Step& step, std::string_view name, std::size_t first, std::uint64_t& met) {
    const Change* const change = find(step, name);
    if (change != nullptr && change->name.empty()) return skip_value();
    if (out_.size() != first) out_ += ',';
    if (change == nullptr) {
      out_ += name;
      return value(kNoPlan);
    }
    if (change->fill != kNoFill) met |= std::uint64_t{1} << change->fill;
    out_ += change->to;
    return value(change->inner);
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

  bool array(const Step& step) {
    out_ += '[';
    ++at_;
    while (here() != ']') {
      if (!value(step.items)) return false;
      if (here() == ',') {
        out_ += ',';
        ++at_;
      } else if (here() != ']') {
        return false;
      }
    }
    ++at_;
    out_ += ']';
    return true;
  }

  bool skip_string() noexcept {
    if (here() != '"') return false;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\\') {
        ++at_;
      } else if (c == '"') {
        ++at_;
        return true;
      }
    }
    return false;
  }

  bool skip_value() noexcept {
    std::size_t depth = 0;
    do {
      const char c = here();
      if (c == '"') {
        if (!skip_string()) return false;
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
        continue;
      } else if (c == '}' || c == ']') {
        if (depth == 0) return false;
        --depth;
        ++at_;
      } else if (c == ',' || c == ':') {
        if (depth == 0) return false;
        ++at_;
        continue;
      } else {
        const std::size_t end = text_.find_first_of(",}]", at_);
        if (end == std::string_view::npos || end == at_) return false;
        at_ = end;
      }
    } while (depth != 0);
    return true;
  }

  const Plan& plan_;
  std::string_view text_;
  std::string& out_;
  std::size_t at_ = 0;
};

}  // namespace

bool apply(const Plan& plan, std::string_view data, std::string& out) {
  out.reserve(out.size() + data.size());
  return Applier(plan, data, out).run();
}

}  // namespace user_events::casts
