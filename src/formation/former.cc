#include "formation/former.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/json_text.h"
#include "base/time_text.h"
#include "base/try.h"
#include "crypto/derive.h"
#include "formation/array_reader.h"
#include "formation/former_impl.h"
#include "formation/json_parser.h"

namespace user_events::formation {
namespace {

/// Offsets into a batch are 32 bits wide; this leaves room for one more event of any size.
constexpr std::size_t kMaxBatchBytes = std::size_t{1} << 30;

std::unexpected<Error> event_too_large(std::string_view prefix, std::uint64_t limit) {
  Error error{ErrorKind::too_large,
              "event-too-large",
              prefix.empty() ? "the event is larger than "
                             : "the event at " + std::string(prefix) + " is larger than ",
              "send less, or raise limits.max_event_bytes",
              {}};
  error.message += std::to_string(limit) + " bytes";
  return std::unexpected(std::move(error));
}

std::unexpected<Error> batch_too_large(std::uint32_t limit) {
  return fail(ErrorKind::too_large, "batch-too-large",
              "the array holds more than " + std::to_string(limit) + " events",
              "send smaller arrays or NDJSON, or raise limits.max_batch_events");
}

std::unexpected<Error> not_closed() {
  return fail(ErrorKind::malformed, "malformed-json",
              "the body is no JSON: its array is not closed, or something follows it");
}

/// Which byte order mark (Unicode 15, table 2-4) a text begins with; empty: none. JSON has none (RFC
/// 8259, 8.1).
std::string_view byte_order_mark(std::string_view text) noexcept {
  using namespace std::string_view_literals;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kMarks = {
      {{"\xef\xbb\xbf"sv, "UTF-8"},
       {"\x00\x00\xfe\xff"sv, "UTF-32"},
       {"\xff\xfe\x00\x00"sv, "UTF-32"},
       {"\xfe\xff"sv, "UTF-16"},
       {"\xff\xfe"sv, "UTF-16"}}};
  for (const auto& [mark, name] : kMarks)
    if (text.starts_with(mark)) return name;
  return {};
}

}  // namespace

Result<void> check_mark(std::string_view text) {
  const std::string_view mark = byte_order_mark(text);
  if (mark.empty()) return {};
  return fail(ErrorKind::malformed, "byte-order-mark",
              "the body begins with the byte order mark of " + std::string(mark),
              "send UTF-8 without a byte order mark");
}

// ---- FormedBatch ----

journal::RecordDraft FormedBatch::draft(std::size_t i) const noexcept {
  const Entry& entry = entries_[i];
  const std::string_view arena = arena_;
  journal::RecordDraft draft;
  draft.id = arena.substr(entry.id, entry.id_size);
  draft.type = arena.substr(entry.type, entry.type_size);
  draft.key = arena.substr(entry.key, entry.key_size);
  draft.scope = arena.substr(entry.scope, entry.scope_size);
  draft.payload = arena.substr(entry.payload, entry.payload_size);
  draft.id_from_caller = entry.id_from_caller;
  draft.request_mac = entry.mac;
  draft.form = entry.sealed ? journal::PayloadForm::sealed : journal::PayloadForm::clear;
  return draft;
}

std::span<char> FormedBatch::room_to_seal(std::size_t i) noexcept {
  const Entry& entry = entries_[i];
  if (!entry.has_room || entry.sealed) return {};
  return {arena_.data() + entry.payload - privacy::kSealedHeadBytes, privacy::kSealedHeadBytes + entry.payload_size + privacy::kSealedTailBytes};
}

void FormedBatch::mark_sealed(std::size_t i) noexcept {
  Entry& entry = entries_[i];
  entry.payload -= static_cast<std::uint32_t>(privacy::kSealedHeadBytes);
  entry.payload_size += static_cast<std::uint32_t>(privacy::kSealedHeadBytes + privacy::kSealedTailBytes);
  entry.sealed = true;
}

std::string_view FormedBatch::id(std::size_t i) const noexcept {
  return std::string_view(arena_).substr(entries_[i].id, entries_[i].id_size);
}

void FormedBatch::clear() noexcept {
  truncate(0);
  // One huge batch must not hold its memory for the rest of a thread's life.
  if (arena_.capacity() > kKeptBytes) std::string().swap(arena_);
  if (entries_.capacity() * sizeof(Entry) > kKeptBytes) std::vector<Entry>().swap(entries_);
}

void FormedBatch::truncate(std::size_t size) noexcept {
  if (size >= entries_.size()) return;
  arena_.resize(entries_[size].id);  // an event's bytes begin with its id
  entries_.resize(size);
}

// ---- Former ----

Former::Former(const base::Live<catalogue::Catalogue>& catalogue, Settings settings, const ports::Clock& clock,
               ports::Random& random)
    : impl_(std::make_unique<const Impl>(catalogue, std::move(settings), clock, random)) {}

Former::~Former() = default;

Result<void> Former::form_body(std::string_view body, BodyForm form, const Context& context,
                               FormedBatch& out) const {
  const std::size_t size = out.size();
  Result<void> result = impl_->add_body(body, form, context, out);
  if (!result) out.truncate(size);
  JsonParser::of_thread().trim();
  return result;
}

std::string Former::token(std::string_view identifier) const {
  std::string token;
  impl_->keys.append_token(identifier, token);
  return token;
}

std::string Former::lane(std::string_view user_id) const {
  std::string lane;
  impl_->append_lane({user_id, true}, lane);
  return lane;
}

void Former::Impl::append_lane(const LaneKey& key, std::string& out) const {
  if (!key.is_user)
    keys.append_token(key.value, out);
  else if (lane_key)
    privacy::append_lane(privacy::kUserLane, crypto::siphash(*lane_key, {key.value}), out);
  else
    out.append(key.value);
}

Result<void> Former::Impl::add_body(std::string_view body, BodyForm form, const Context& context,
                                    FormedBatch& out) const {
  const std::string_view text = trim_json_space(body);
  if (text.empty())
    return fail(ErrorKind::malformed, "empty-body", "the body is empty", "send one event as a JSON object");
  UE_TRY(check_mark(text));
  if (form != BodyForm::cloudevent && text.starts_with('[')) return add_array(text, form, context, out);
  std::vector<FieldError> list;
  UE_TRY(add_text(text, form, now_ms(), context, {list, {}}, out));
  if (!list.empty()) return std::unexpected(invalid_event(std::move(list)));
  return {};
}

Result<void> Former::Impl::add_array(std::string_view body, BodyForm form, const Context& context,
                                     FormedBatch& out) const {
  const BodyForm element_form = form == BodyForm::cloudevent_batch ? BodyForm::cloudevent : form;
  const std::int64_t now = now_ms();
  std::vector<FieldError> list;
  std::string prefix;
  ArrayReader reader(body);
  // Every element is parsed, also behind one that is refused: no JSON anywhere makes the whole body
  // malformed.
  for (std::uint32_t index = 0;; ++index) {
    const ArrayReader::Step step = reader.next();
    if (step == ArrayReader::Step::malformed) return not_closed();
    if (step == ArrayReader::Step::end) break;
    if (index == limits.max_batch_events) return batch_too_large(limits.max_batch_events);
    prefix.assign(1, '/');
    base::append_json_number(std::uint64_t{index}, prefix);
    UE_TRY(add_text(reader.element(), element_form, now, context, {list, prefix}, out));
  }
  if (!list.empty()) return std::unexpected(invalid_event(std::move(list)));
  return {};
}

Result<void> Former::Impl::check_size(std::size_t event_bytes, std::string_view prefix,
                                      const FormedBatch& out) const {
  if (event_bytes > limits.max_event_bytes) return event_too_large(prefix, limits.max_event_bytes);
  if (out.arena_.size() > kMaxBatchBytes) return batch_too_large(limits.max_batch_events);
  return {};
}

Result<void> Former::Impl::add_text(std::string_view text, BodyForm form, std::int64_t now,
                                    const Context& context, const Findings& findings,
                                    FormedBatch& out) const {
  UE_TRY(check_size(text.size(), findings.prefix, out));
  JsonParser& parser = JsonParser::of_thread();
  UE_TRY_ASSIGN(simdjson::dom::element event, parser.parse(text, limits.max_depth, findings.prefix));
  simdjson::dom::object object;
  if (form == BodyForm::cloudevent_batch) {
    findings.add_here("type", "a batch is an array of events");
  } else if (event.get_object().get(object) != simdjson::SUCCESS) {
    findings.add_here("type", "an event is a JSON object");
  } else if (findings.list.size() < kMaxFindings) {
    RawEvent raw(parser.extensions());
    if (form == BodyForm::events)
      raw.read_native(object, findings);
    else
      raw.read_cloudevent(object, findings);
    add_raw(raw, now, context, findings, out);
  }
  return {};
}

}  // namespace user_events::formation
