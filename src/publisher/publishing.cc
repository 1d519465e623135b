// The ways in: typed, dynamic and body forms, each formed on the caller's thread and appended to the journal.
#include <fmt/format.h>

#include <charconv>
#include <variant>

#include "base/json_text.h"
#include "base/try.h"
#include "encoding/envelope.h"
#include "publisher/engine.h"
#include "user_events/event_list.inc"

namespace user_events {
namespace {

using formation::FormedBatch;
using journal::Backpressure;

/// Formed events of this thread's call under way; reused, so that a warm thread does not allocate for them.
FormedBatch& thread_batch() {
  thread_local FormedBatch batch;
  batch.clear();
  return batch;
}

/// Drafts of the batch, in a vector that the thread reuses. Valid until the next call on this thread.
std::span<const journal::RecordDraft> thread_drafts(const FormedBatch& batch) {
  thread_local std::vector<journal::RecordDraft> drafts;
  drafts.clear();
  for (std::size_t i = 0; i < batch.size(); ++i) drafts.push_back(batch.draft(i));
  return drafts;
}

/// With the ids of the batch; the journal's part comes with its answer.
std::vector<Receipt> receipts_for(const FormedBatch& batch) {
  std::vector<Receipt> receipts(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) receipts[i].id = batch.id(i);
  return receipts;
}

std::vector<Receipt> complete(std::vector<Receipt>&& receipts, std::span<const journal::Receipt> accepted) {
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    receipts[i].sequence = accepted[i].sequence;
    receipts[i].duplicate = accepted[i].duplicate;
  }
  return std::move(receipts);
}

/// The journal and the size check point at an event of the batch (`/2`); the caller, who has no array if it is one event, is
/// pointed at his own document.
Error located(Error error, bool is_array) {
  for (auto& field : error.fields) {
    if (!is_array) field.pointer.clear();
    if (error.kind == ErrorKind::conflict) field.pointer += "/id";
    if (error.kind == ErrorKind::forbidden) field.pointer += "/type";
  }
  return error;
}

Result<Receipt> only(Result<std::vector<Receipt>>&& receipts) {
  if (!receipts) return std::unexpected(std::move(receipts).error());
  return std::move(receipts->front());
}

constexpr std::size_t kMaxFindings = 32;

Result<void> check_size(const journal::RecordDraft& draft, std::size_t index, const RunningDestination& destination) {
  // Only what is near the limit is looked at closely.
  const auto growth = destination.encoder->growth();
  if (draft.payload.size() * growth.factor + growth.bytes <= destination.max_body_bytes) return {};
  UE_TRY_ASSIGN(const auto envelope, encoding::view(draft.id, draft.type, draft.key, draft.payload));
  if (destination.encoder->body_bound_bytes(envelope) <= destination.max_body_bytes) return {};
  Error error{ErrorKind::too_large, "too-large-for-destination",
              fmt::format("event is larger than destination '{}' can take ({} bytes)", destination.options.name,
                          destination.max_body_bytes),
              "make the event smaller, raise the broker's limit, or set oversize = \"dead-letter\" on that destination", {}};
  error.fields.push_back({fmt::format("/{}", index), "too-large", "larger than a destination can take"});
  return std::unexpected(std::move(error));
}

}  // namespace

Result<void> UserEventPublisher::Impl::permit(const FormedBatch& batch, std::size_t first, const Submitter& by) {
  Error error{ErrorKind::forbidden, "type-not-granted", "this client may not publish events of this type", "grants.publish of its [[client]] names the types", {}};
  for (std::size_t i = first; i < batch.size() && error.fields.size() < kMaxFindings; ++i) {
    const std::string_view type = batch.draft(i).type;
    if (type == UserErased::kType)
      return fail(ErrorKind::forbidden, "reserved-type", "events of type user.erased are published by user-events alone, when a user was forgotten", "user-events keys forget");
    if (by.may_publish != nullptr && !(*by.may_publish)(type)) error.fields.push_back({fmt::format("/{}", i), "not-granted", "publish is not granted for this type"});
  }
  if (error.fields.empty()) return {};
  return std::unexpected(std::move(error));
}

Result<void> UserEventPublisher::Impl::admit(const FormedBatch& batch, std::size_t first) const {
  if (closed.load(std::memory_order_relaxed))
    return fail(ErrorKind::unavailable, "closing", "the publisher is closing; nothing was accepted", "try again after the restart");
  if (options.read_only)
    return fail(ErrorKind::usage, "read-only", "the data directory is open for reading only");
  if (auto problem = housekeeper->lag_problem(); !problem.empty())
    return fail(ErrorKind::full, "lag-cap", std::move(problem),
                "bring the destination back, raise its max_lag_bytes/max_lag_age, or set lag_action = \"detach\"");
  for (const auto& destination : destinations) {
    if (destination.max_body_bytes == 0) continue;
    for (std::size_t i = first; i < batch.size(); ++i) UE_TRY(check_size(batch.draft(i), i, destination));
  }
  return {};
}

Result<void> UserEventPublisher::Impl::seal(FormedBatch& batch, std::size_t first) const {
  if (keys == nullptr) return {};
  for (std::size_t i = first; i < batch.size(); ++i) {
    const auto draft = batch.draft(i);
    UE_TRY_ASSIGN(const auto envelope, encoding::view(draft.id, draft.type, draft.key, draft.payload));
    identities->note(envelope, draft.key);
    UE_TRY(privacy::seal_record(*keys, {draft.id, draft.type, draft.key}, batch.room_to_seal(i)));
    batch.mark_sealed(i);
  }
  return {};
}

Result<void> UserEventPublisher::Impl::announce_erased(const std::string& user) {
  FormedBatch batch;
  UE_TRY(former->form(UserErased{.user_id = user, .erasure_timestamp = {}}, PublishOptions{}, {}, batch));
  UE_TRY(seal(batch, 0));
  UE_TRY(append_wait(batch, false));
  return {};
}

void UserEventPublisher::Impl::append(const FormedBatch& batch, bool is_array, Backpressure backpressure, PublishCallback callback) {
  if (batch.empty()) return callback(std::vector<Receipt>{});
  journal->append(thread_drafts(batch), backpressure,
                  [this, is_array, receipts = receipts_for(batch), callback = std::move(callback)](
                      const Result<std::span<const journal::Receipt>>& accepted) mutable {
                    if (accepted) return callback(complete(std::move(receipts), *accepted));
                    rejected.fetch_add(receipts.size(), std::memory_order_relaxed);
                    callback(std::unexpected(located(accepted.error(), is_array)));
                  });
}

Result<std::vector<Receipt>> UserEventPublisher::Impl::append_wait(const FormedBatch& batch, bool is_array) {
  if (batch.empty()) return std::vector<Receipt>{};
  auto receipts = journal->append_wait(thread_drafts(batch));
  if (!receipts) {
    rejected.fetch_add(batch.size(), std::memory_order_relaxed);
    return std::unexpected(located(std::move(receipts).error(), is_array));
  }
  return complete(receipts_for(batch), *receipts);
}

namespace {

/// Forms with `form(batch)`, checks, and counts what was refused.
template <class Form, class ImplType>
Result<FormedBatch*> formed(ImplType& impl, bool is_array, Form&& form, const Submitter& by = {}) {
  auto& batch = thread_batch();
  auto result = form(batch);
  if (result) {
    result = impl.permit(batch, 0, by);
    if (result) result = impl.admit(batch, 0);
    if (result) result = impl.seal(batch, 0);
    if (!result) result = std::unexpected(located(std::move(result).error(), is_array));
  }
  if (!result) {
    impl.rejected.fetch_add(1, std::memory_order_relaxed);
    return std::unexpected(std::move(result).error());
  }
  return &batch;
}

}  // namespace

template <class Event>
Result<Receipt> UserEventPublisher::publish(const Event& event, const PublishOptions& options) {
  UE_TRY_ASSIGN(auto* batch, formed(*impl_, false, [&](auto& out) { return impl_->former->form(event, options, {}, out); }));
  return only(impl_->append_wait(*batch, false));
}

template <class Event>
void UserEventPublisher::publish_async(const Event& event, PublishCallback callback, const PublishOptions& options) {
  auto batch = formed(*impl_, false, [&](auto& out) { return impl_->former->form(event, options, {}, out); });
  if (!batch) return callback(std::unexpected(std::move(batch).error()));
  impl_->append(**batch, false, Backpressure::wait, std::move(callback));
}

#define UE_INSTANTIATE(Event, name)                                                                        \
  template Result<Receipt> UserEventPublisher::publish<Event>(const Event&, const PublishOptions&);        \
  template void UserEventPublisher::publish_async<Event>(const Event&, PublishCallback, const PublishOptions&);
UE_FOR_EACH_EVENT(UE_INSTANTIATE)
#undef UE_INSTANTIATE

namespace {

Result<void> form_all(const formation::Former& former, std::span<const AnyEvent> events, FormedBatch& out) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    auto result = std::visit([&](const auto& event) { return former.form(event, PublishOptions{}, {}, out); }, events[i]);
    if (result) continue;
    for (auto& field : result.error().fields) field.pointer.insert(0, fmt::format("/{}", i));
    return result;
  }
  return {};
}

formation::BodyForm to_body_form(Body form) {
  switch (form) {
    case Body::events: return formation::BodyForm::events;
    case Body::cloudevent: return formation::BodyForm::cloudevent;
    case Body::cloudevent_batch: return formation::BodyForm::cloudevent_batch;
  }
  return formation::BodyForm::events;
}

}  // namespace

Result<std::vector<Receipt>> UserEventPublisher::publish(std::span<const AnyEvent> events) {
  UE_TRY_ASSIGN(auto* batch, formed(*impl_, true, [&](auto& out) { return form_all(*impl_->former, events, out); }));
  return impl_->append_wait(*batch, true);
}

void UserEventPublisher::publish_async(std::span<const AnyEvent> events, PublishCallback callback) {
  auto batch = formed(*impl_, true, [&](auto& out) { return form_all(*impl_->former, events, out); });
  if (!batch) return callback(std::unexpected(std::move(batch).error()));
  impl_->append(**batch, true, Backpressure::wait, std::move(callback));
}

Result<Receipt> UserEventPublisher::publish_json(const DynamicEvent& event) {
  UE_TRY_ASSIGN(auto* batch, formed(*impl_, false, [&](auto& out) { return impl_->former->form_event(event, {}, out); }));
  return only(impl_->append_wait(*batch, false));
}

void UserEventPublisher::publish_dynamic(const DynamicEvent& event, const Submitter& by, PublishCallback callback) {
  auto batch = formed(*impl_, false, [&](auto& out) { return impl_->former->form_event(event, {by.principal}, out); }, by);
  if (!batch) return callback(std::unexpected(std::move(batch).error()));
  impl_->append(**batch, false, Backpressure::refuse, std::move(callback));
}

void UserEventPublisher::publish_body(std::string_view body, Body form, const Submitter& by, PublishCallback callback) {
  const bool is_array = base::begins_json_array(body);
  auto batch = formed(*impl_, is_array, [&](auto& out) { return impl_->former->form_body(body, to_body_form(form), {by.principal}, out); }, by);
  if (!batch) return callback(std::unexpected(std::move(batch).error()));
  impl_->append(**batch, is_array, Backpressure::refuse, std::move(callback));
}

namespace {

/// Lines that were formed on their own and go into the journal together. A conflict refuses a whole append, so the lines
/// that conflict are answered and the others are handed in again.
class EachAppend : public std::enable_shared_from_this<EachAppend> {
 public:
  EachAppend(journal::Journal& journal, std::atomic<std::uint64_t>& rejected, std::size_t lines, PublishEachCallback callback)
      : journal_(journal), rejected_(rejected), callback_(std::move(callback)) {
    results_.reserve(lines);
    lines_.reserve(lines);
  }

  FormedBatch& batch() { return batch_; }

  /// The event that `batch()` got last belongs to the next line.
  void add_formed() {
    lines_.push_back(results_.size());
    results_.emplace_back(Receipt{std::string(batch_.id(batch_.size() - 1)), 0, false});
  }

  void add_refused(Error&& error) {
    rejected_.fetch_add(1, std::memory_order_relaxed);
    results_.emplace_back(std::unexpected(std::move(error)));
  }

  void run() {
    drafts_.clear();
    events_.clear();
    for (std::size_t i = 0; i < batch_.size(); ++i) {
      if (!results_[lines_[i]]) continue;
      drafts_.push_back(batch_.draft(i));
      events_.push_back(i);
    }
    if (drafts_.empty()) return callback_(std::move(results_));
    journal_.append(drafts_, Backpressure::refuse,
                    [self = shared_from_this()](const Result<std::span<const journal::Receipt>>& receipts) { self->finish(receipts); });
  }

 private:
  void finish(const Result<std::span<const journal::Receipt>>& receipts) {
    if (receipts) {
      for (std::size_t i = 0; i < events_.size(); ++i) {
        auto& receipt = *results_[lines_[events_[i]]];
        receipt.sequence = (*receipts)[i].sequence;
        receipt.duplicate = (*receipts)[i].duplicate;
      }
      return callback_(std::move(results_));
    }
    if (refuse_conflicting(receipts.error()) != 0) return run();
    for (const auto event : events_) results_[lines_[event]] = std::unexpected(receipts.error());
    rejected_.fetch_add(events_.size(), std::memory_order_relaxed);
    callback_(std::move(results_));
  }

  std::size_t refuse_conflicting(const Error& error) {
    if (error.kind != ErrorKind::conflict) return 0;
    std::size_t refused = 0;
    for (const auto& field : error.fields) {
      std::size_t index = 0;
      const auto* begin = field.pointer.data() + 1;
      const auto* end = field.pointer.data() + field.pointer.size();
      if (field.pointer.empty() || std::from_chars(begin, end, index).ec != std::errc{} || index >= events_.size()) continue;
      auto& result = results_[lines_[events_[index]]];
      if (!result) continue;
      result = std::unexpected(Error{error.kind, error.code, error.message, error.hint, {{"/id", field.code, field.detail}}});
      rejected_.fetch_add(1, std::memory_order_relaxed);
      ++refused;
    }
    return refused;
  }

  journal::Journal& journal_;
  std::atomic<std::uint64_t>& rejected_;
  PublishEachCallback callback_;
  FormedBatch batch_;
  std::vector<Result<Receipt>> results_;   ///< One per line.
  std::vector<std::size_t> lines_;         ///< Line of each event of the batch.
  std::vector<journal::RecordDraft> drafts_;
  std::vector<std::size_t> events_;        ///< Event of each draft.
};

}  // namespace

void UserEventPublisher::publish_each(std::span<const std::string_view> lines, const Submitter& by,
                                      PublishEachCallback callback) {
  auto each = std::make_shared<EachAppend>(*impl_->journal, impl_->rejected, lines.size(), std::move(callback));
  auto& batch = each->batch();
  for (const auto line : lines) {
    const auto before = batch.size();
    auto result = impl_->former->form_body(line, formation::BodyForm::events, {by.principal}, batch);
    if (result && batch.size() != before + 1)
      result = fail(ErrorKind::invalid, "one-event-per-line", "a line must hold exactly one event", "send arrays as application/json");
    if (result) result = impl_->permit(batch, before, by);
    if (!result && result.error().kind == ErrorKind::forbidden) result = std::unexpected(located(std::move(result).error(), false));
    if (result) result = impl_->admit(batch, before);
    if (result) result = impl_->seal(batch, before);
    if (result) {
      each->add_formed();
    } else {
      batch.truncate(before);
      each->add_refused(std::move(result).error());
    }
  }
  each->run();
}

void UserEventPublisher::begin_burst() { impl_->journal->hold(); }
void UserEventPublisher::end_burst() { impl_->journal->release(); }

}  // namespace user_events
