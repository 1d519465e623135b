#include "delivery/volume.h"

#include <simdjson.h>

#include <algorithm>

#include "base/hash64.h"
#include "base/try.h"
#include "encoding/envelope.h"

namespace user_events::delivery {
namespace {

constexpr std::uint64_t kSampleSeed = 0;  // the same choice at every destination and after every restart
constexpr std::uint64_t kSourceSeed = 1;
constexpr std::uint64_t kOtherSources = 0;

/// The text of the top-level field `name` of the event's data; empty if there is none.
std::string field_of(const journal::RecordView& record, const std::string& name, const privacy::RecordOpener& opener) {
  thread_local simdjson::dom::parser parser;
  thread_local std::string scratch;
  const auto envelope = opener.open({record.id, record.type, record.key}, record.payload, scratch);
  simdjson::dom::object data;
  std::string_view text;
  if (!envelope || parser.parse(envelope->data.data(), envelope->data.size()).get(data) != simdjson::SUCCESS) return {};
  return data[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::uint64_t source_of(const base::VolumeRule& rule, const journal::RecordView& record, const privacy::RecordOpener& opener) {
  if (rule.by.empty()) return base::hash64(record.key, kSourceSeed) | 1;
  return base::hash64(field_of(record, rule.by, opener), kSourceSeed) | 1;
}

bool is_sampled(const base::VolumeRule& rule, std::string_view id) {
  return static_cast<double>(base::hash64(id, kSampleSeed) >> 11) * 0x1.0p-53 < rule.sample;
}

}  // namespace

Result<Volume> Volume::make(const std::vector<std::string>& rules, const privacy::RecordOpener& opener) {
  Volume volume;
  volume.opener_ = opener;
  for (const auto& text : rules) {
    UE_TRY_ASSIGN(auto rule, base::VolumeRule::parse(text));
    volume.rules_.push_back({std::move(rule), -1, {}});
  }
  return volume;
}

Volume::Decision Volume::decide(const journal::RecordView& record) {
  if (rules_.empty()) return {};
  if (record.type != last_type_) {
    last_type_ = record.type;
    const auto found = std::ranges::find_if(rules_, [&](const Rule& one) { return one.rule.types.matches(record.type); });
    last_rule_ = found == rules_.end() ? nullptr : &*found;
  }
  if (last_rule_ == nullptr) return {};
  if (last_rule_->rule.action == base::VolumeRule::Action::sample)
    return {is_sampled(last_rule_->rule, record.id) ? Verdict::pass : Verdict::drop};
  return count(*last_rule_, record);
}

Volume::Decision Volume::count(Rule& rule, const journal::RecordView& record) {
  const std::int64_t window = record.accepted_ms / rule.rule.period.count();
  if (window != rule.window) close(rule);
  rule.window = window;
  std::uint64_t name = source_of(rule.rule, record, opener_);
  if (rule.sources.size() >= kMaxSources && !rule.sources.contains(name)) name = kOtherSources;
  Source& source = rule.sources[name];
  last_source_ = &source;
  ++source.events;
  if (rule.rule.action == base::VolumeRule::Action::limit)
    return {source.events <= rule.rule.limit ? Verdict::pass : Verdict::drop};
  if (source.events > 1) return {Verdict::join, source.carrier};
  source.carrier = record.sequence;
  return {Verdict::carry};
}

void Volume::carry_instead(std::uint64_t sequence) { *last_source_ = {sequence, 1}; }

void Volume::close(Rule& rule) {
  if (rule.rule.action == base::VolumeRule::Action::fold)
    for (const auto& [name, source] : rule.sources) closed_.push_back({source.carrier, source.events});
  rule.sources.clear();
}

void Volume::take_closed(std::int64_t now_ms, std::vector<Fold>& out) {
  for (Rule& rule : rules_)
    if (!rule.sources.empty() && now_ms / rule.rule.period.count() > rule.window) close(rule);
  out.insert(out.end(), closed_.begin(), closed_.end());
  closed_.clear();
}

void Volume::close_all() {
  for (Rule& rule : rules_) close(rule);
}

std::int64_t Volume::next_close_ms() const noexcept {
  if (!closed_.empty()) return 1;
  std::int64_t next = 0;
  for (const Rule& rule : rules_) {
    if (rule.sources.empty() || rule.rule.action != base::VolumeRule::Action::fold) continue;
    const std::int64_t end = (rule.window + 1) * rule.rule.period.count();
    next = next == 0 ? end : std::min(next, end);
  }
  return next;
}

}  // namespace user_events::delivery
