// POST /v1/events with a body that is collected: one event, an array, or a CloudEvent in binary mode.
#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.h"
#include "base/try.h"
#include "server/admission.h"
#include "server/limits.h"
#include "server/reply.h"
#include "server/routes.h"
#include "server/service.h"

namespace user_events::server {
namespace {

bool is_many(Channel& channel) {
  const auto form = channel.prepared().form;
  return form == Body::cloudevent_batch || (form == Body::events && base::begins_json_array(channel.request().body));
}

/// Appends `items` objects, as an array when the request was one; `append_members(i)` writes the inside of
/// one.
template <class AppendMembers>
void append_objects(std::size_t items, bool as_array, std::string& out, AppendMembers&& append_members) {
  if (as_array) out += '[';
  for (std::size_t i = 0; i < items; ++i) {
    if (i > 0) out += ',';
    out += '{';
    append_members(i);
    out += '}';
  }
  if (as_array) out += ']';
}

/// `?wait=delivered`: publishes, then asks for one event after the other how far the destinations are.
class DeliveryWait final : public Exchange {
 public:
  DeliveryWait(Channel& channel, std::chrono::milliseconds timeout) : channel_(channel), timeout_(timeout) {}

  void on_published(Published&& result) override {
    if (!result) return channel_.fail(result.error());
    receipts_ = std::move(*result);
    if (receipts_.size() > 1) charge_events(channel_, receipts_.size() - 1);
    deadline_ = std::chrono::steady_clock::now() + timeout_;
    ask_next();
  }

  void on_progress(Progress&& progress) override {
    for (const auto& one : progress) all_delivered_ &= one.delivered || one.state == "filtered";
    progress_.push_back(std::move(progress));
    ask_next();
  }

 private:
  void ask_next() {
    if (progress_.size() == receipts_.size()) return finish();
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
    channel_.service().publisher.on_delivered(receipts_[progress_.size()].sequence,
                                              std::max(left, std::chrono::milliseconds(0)),
                                              channel_.ticket());
  }

  void finish() {
    auto& out = channel_.scratch();
    append_objects(receipts_.size(), is_many(channel_), out, [&](std::size_t i) {
      append_receipt_members(receipts_[i], out);
      out += ",\"destinations\":[";
      for (const auto& one : progress_[i]) {
        if (out.back() != '[') out += ',';
        out += "{\"name\":";
        base::append_json_string(one.destination, out);
        out += ",\"state\":";
        base::append_json_string(one.state, out);
        out += '}';
      }
      out += ']';
    });
    channel_.reply(all_delivered_ ? 200 : 202, kJson, out);
  }

  Channel& channel_;
  const std::chrono::milliseconds timeout_;
  SteadyTime deadline_{};
  std::vector<Receipt> receipts_;
  std::vector<Progress> progress_;  // of the first progress_.size() receipts
  bool all_delivered_ = true;
};

/// Starts waiting if the query asks for it.
Result<void> read_query(Channel& channel) {
  const auto& target = channel.prepared().target;
  if (target.parameters.empty()) return {};
  UE_TRY(target.allow({"wait", "timeout"}));
  UE_TRY_ASSIGN(const auto timeout, target.duration("timeout", kDefaultWait, kMaxWait));
  const auto* wait = target.find("wait");
  if (wait == nullptr) return {};
  if (*wait != "delivered")
    return fail(ErrorKind::malformed, "bad-parameter", "query parameter 'wait' can only be 'delivered'");
  channel.start(std::make_unique<DeliveryWait>(channel, timeout));
  return {};
}

/// The text of a `ce-*` field, as the HTTP protocol binding of CloudEvents 1.0.2 (3.1.3.2) decodes it: quotes
/// off, then percent-encoding.
std::optional<std::string> attribute_text(std::string_view raw) {
  if (raw.size() < 2 || raw.front() != '"' || raw.back() != '"') return percent_decode(raw);
  std::string unquoted;
  raw = raw.substr(1, raw.size() - 2);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\\' && ++i == raw.size()) return std::nullopt;
    unquoted += raw[i];
  }
  return percent_decode(unquoted);
}

/// The attributes that DynamicEvent has a place for; formation judges all of them, and the further ones, by
/// name.
std::string_view* place_of(DynamicEvent& event, std::string_view name) {
  if (name == "type") return &event.type;
  if (name == "id") return &event.id;
  if (name == "source") return &event.source;
  if (name == "time") return &event.time;
  if (name == "traceparent") return &event.traceparent;
  if (name == "tracestate") return &event.tracestate;
  return nullptr;
}

Result<void> check_required(const Request& request) {
  Error error{ErrorKind::invalid,
              "invalid-event",
              "a CloudEvent in binary mode has the headers ce-specversion, ce-id, ce-source and ce-type",
              {},
              {}};
  for (const std::string_view name : {"specversion", "id", "source", "type"})
    if (std::ranges::none_of(request.attributes,
                             [&](const auto& a) { return a.first == name && !a.second.empty(); }))
      error.fields.push_back(
          {fmt::format("/{}", name), "required", fmt::format("the header ce-{} is missing or empty", name)});
  if (error.fields.empty()) return {};
  return std::unexpected(std::move(error));
}

/// Decodes the attributes in place and makes the event of them; the views point into the request.
Result<DynamicEvent> binary_event(Request& request) {
  UE_TRY(check_required(request));
  DynamicEvent event{};
  event.data = request.body;
  for (auto& [name, value] : request.attributes) {
    auto text = attribute_text(value);
    if (!text) {
      Error error{ErrorKind::malformed,
                  "bad-attribute",
                  "the value of a ce-* header is not percent-encoded UTF-8 text",
                  {},
                  {}};
      std::string pointer;
      base::append_pointer_token(name, pointer);
      error.fields.push_back(
          {std::move(pointer), "encoding", "cannot be decoded, or holds control characters"});
      return std::unexpected(std::move(error));
    }
    value = std::move(*text);
    auto* place = place_of(event, name);
    if (place != nullptr && place->empty())
      *place = value;
    else
      event.extensions.emplace_back(name, value);  // also one that is there twice: formation says so
  }
  return event;
}

}  // namespace

void publish_body(Channel& channel) {
  if (auto query = read_query(channel); !query) return channel.fail(query.error());
  channel.begin_burst();
  channel.service().publisher.publish_body(channel.request().body, channel.prepared().form, channel.caller().submitter(),
                                           channel.ticket());
}

void publish_binary(Channel& channel) {
  channel.prepared().form = Body::cloudevent;
  auto event = binary_event(channel.request());
  if (!event) return channel.fail(event.error());
  if (auto query = read_query(channel); !query) return channel.fail(query.error());
  channel.begin_burst();
  channel.service().publisher.publish_dynamic(*event, channel.caller().submitter(), channel.ticket());
}

void finish_publish(Channel& channel, Published&& result) {
  if (!result) return channel.fail(result.error());
  if (result->size() > 1) charge_events(channel, result->size() - 1);
  auto& out = channel.scratch();
  append_objects(result->size(), is_many(channel), out,
                 [&](std::size_t i) { append_receipt_members((*result)[i], out); });
  channel.reply(202, kJson, out);
}

}  // namespace user_events::server
