// Avro: the specification's schema resolution, as Apache's Java implementation (and with it the registries)
// carries it out: names of types match without their namespace, or through the reader's aliases.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/try.h"
#include "compatibility/avro_schema.h"
#include "compatibility/compatibility.h"

namespace user_events::compatibility {
namespace {

constexpr std::uint64_t kPairsPerStep = 64;  // forgetting that many costs as much as a step

class Comparison {
 public:
  Comparison(const AvroSchema& reader, const AvroSchema& writer) : reader_(reader), writer_(writer) {}

  Result<std::vector<Finding>> run() {
    UE_TRY_ASSIGN(const bool is_good, reads(reader_.root(), writer_.root()));
    (void)is_good;
    return std::move(findings_);
  }

 private:
  enum class State : std::uint8_t { open, good, bad };

  bool report(std::string_view code, const std::string& pointer, std::string detail,
              Severity severity = Severity::error) {
    if (trials_ == 0 && findings_.size() < kMaxFindingsPerPair)
      findings_.push_back(
          {severity, Breaks::nobody, std::string(code), reader_.name(), pointer, std::move(detail)});
    return false;
  }

  // A pair that is being compared is taken to be good: that is what recursion means.
  Result<bool> reads(const AvroType& r, const AvroType& w) {
    if (++steps_ > kMaxSteps)
      return refuse(reader_.name(), r.pointer,
                    fmt::format("comparing it with {} takes more than {} steps", writer_.name(), kMaxSteps));
    auto& states = states_[trials_ > 0 ? 1 : 0];
    const auto key = std::pair(&r, &w);
    const auto [at, is_new] = states.try_emplace(key, State::open);
    if (!is_new) {
      if (at->second == State::open) ++guesses_;
      return at->second != State::bad;
    }
    if (depth_ >= kMaxNesting)
      return refuse(reader_.name(), r.pointer,
                    fmt::format("types refer to each other more than {} deep", kMaxNesting));
    ++depth_;
    const auto result = reads_now(r, w);
    --depth_;
    UE_TRY_ASSIGN(const bool is_good, result);
    states[key] = is_good ? State::good : State::bad;
    return is_good;
  }

  // A question whose answer is no finding by itself. What a failed one took for granted is forgotten.
  Result<bool> would_read(const AvroType& r, const AvroType& w) {
    const std::uint64_t guesses = guesses_;
    ++trials_;
    auto result = reads(r, w);
    --trials_;
    if (result && !*result && guesses_ != guesses) {
      steps_ += states_[1].size() / kPairsPerStep;
      std::erase_if(states_[1], [](const auto& each) { return each.second == State::good; });
    }
    return result;
  }

  Result<bool> reads_now(const AvroType& r, const AvroType& w) {
    if (w.kind == AvroKind::union_type) {
      bool is_good = true;
      for (const AvroType* branch : w.branches) {
        UE_TRY_ASSIGN(const bool holds, reads(r, *branch));
        is_good = holds && is_good;
      }
      return is_good;
    }
    if (r.kind == AvroKind::union_type) return union_reads(r, w);
    if (r.kind != w.kind) {
      if (!is_promotion(r.kind, w.kind))
        return report(
            "avro-type-changed", r.pointer,
            fmt::format("the reader's {} cannot take the writer's {}", avro_name(r.kind), avro_name(w.kind)));
      return reads_logical(r, w);
    }
    if (!reads_logical(r, w)) return false;
    switch (r.kind) {
      case AvroKind::array:
      case AvroKind::map:
        return reads(*r.branches.front(), *w.branches.front());
      case AvroKind::record:
        return record_reads(r, w);
      case AvroKind::enumeration:
        return has_same_name(r, w) && enum_reads(r, w);
      case AvroKind::fixed:
        return has_same_name(r, w) &&
               (r.size == w.size ||
                report("avro-fixed-size-changed", r.pointer,
                       fmt::format("the reader's size is {}, the writer's {}", r.size, w.size)));
      default:
        return true;
    }
  }

  static bool is_promotion(AvroKind r, AvroKind w) noexcept {
    using enum AvroKind;
    if (w == int_type) return r == long_type || r == float_type || r == double_type;
    if (w == long_type) return r == float_type || r == double_type;
    if (w == float_type) return r == double_type;
    return (w == string_type && r == bytes_type) || (w == bytes_type && r == string_type);
  }

  // Decimals must agree (specification); a time in another unit would be read as another time.
  bool reads_logical(const AvroType& r, const AvroType& w) {
    if (r.logical == w.logical) return true;
    if (r.logical.empty() || w.logical.empty()) {
      report("avro-logical-type-changed", r.pointer,
             fmt::format("one of the two is `{}`, the other a plain {}",
                         r.logical.empty() ? w.logical : r.logical, avro_name(r.kind)),
             Severity::warning);
      return true;
    }
    return report("avro-logical-type-changed", r.pointer,
                  fmt::format("the reader's is `{}`, the writer's `{}`", r.logical, w.logical));
  }

  bool has_same_name(const AvroType& r, const AvroType& w) {
    if (unqualified(r.name) == unqualified(w.name) || std::ranges::find(r.aliases, w.name) != r.aliases.end())
      return true;
    return report("avro-name-changed", r.pointer,
                  fmt::format("the reader's type is `{}`, the writer's `{}`", r.name, w.name));
  }

  bool enum_reads(const AvroType& r, const AvroType& w) {
    if (r.default_symbol) return true;
    std::vector<std::string_view> known(r.symbols.begin(), r.symbols.end());
    std::ranges::sort(known);
    for (const std::string& symbol : w.symbols)
      if (!std::ranges::binary_search(known, std::string_view(symbol)))
        return report("avro-symbol-unknown", join(r.pointer, "symbols"),
                      fmt::format("the writer may send `{}`, and the reader's enum has no default", symbol));
    return true;
  }

  Result<bool> record_reads(const AvroType& r, const AvroType& w) {
    if (!has_same_name(r, w)) return false;
    std::unordered_map<std::string_view, const AvroField*> written;
    for (const AvroField& field : w.fields) written.emplace(field.name, &field);
    bool is_good = true;
    for (const AvroField& field : r.fields) {
      auto found = written.find(field.name);
      for (std::size_t i = 0; found == written.end() && i < field.aliases.size(); ++i)
        found = written.find(field.aliases[i]);
      if (found == written.end()) {
        if (!field.has_default)
          is_good = report("avro-field-without-default", field.pointer,
                           fmt::format("the writer does not send `{}`, and it has no default", field.name));
        continue;
      }
      UE_TRY_ASSIGN(const bool holds, reads(*field.type, *found->second->type));
      is_good = holds && is_good;
    }
    return is_good;
  }

  Result<bool> union_reads(const AvroType& r, const AvroType& w) {
    for (const AvroType* branch : r.branches) {
      UE_TRY_ASSIGN(const bool holds, would_read(*branch, w));
      if (holds) return true;
    }
    // The branch that is meant says best what is wrong.
    for (const AvroType* branch : r.branches)
      if (branch->kind == w.kind &&
          (branch->name.empty() || unqualified(branch->name) == unqualified(w.name))) {
        UE_TRY_ASSIGN(const bool holds, reads(*branch, w));
        if (!holds) return false;
      }
    return report("avro-union-branch-missing", r.pointer,
                  fmt::format("no branch takes the writer's {}",
                              w.name.empty() ? std::string(avro_name(w.kind)) : "`" + w.name + "`"));
  }

  const AvroSchema& reader_;
  const AvroSchema& writer_;
  std::vector<Finding> findings_;
  std::map<std::pair<const AvroType*, const AvroType*>, State>
      states_[2];  // of what is reported, and of trials
  std::uint64_t steps_ = 0;
  int trials_ = 0;
  std::size_t depth_ = 0;
  std::uint64_t guesses_ = 0;  // answers taken for granted so far
};

}  // namespace

Result<std::vector<Finding>> compare_avro(const Document& reader, const Document& writer) {
  UE_TRY_ASSIGN(const AvroSchema reader_schema, AvroSchema::parse(reader));
  UE_TRY_ASSIGN(const AvroSchema writer_schema, AvroSchema::parse(writer));
  return Comparison(reader_schema, writer_schema).run();
}

}  // namespace user_events::compatibility
