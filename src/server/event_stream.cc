// GET /v1/events/stream: the journal as Server-Sent Events, page by page at the reader's pace.
#include <charconv>

#include "base/json_text.h"
#include "base/try.h"
#include "server/admission.h"
#include "server/limits.h"
#include "server/reply.h"
#include "server/routes.h"
#include "server/service.h"

namespace user_events::server {
namespace {

/// How soon a peer that has closed its sending side is written to, to learn whether it still reads.
constexpr std::chrono::milliseconds kHalfClosedHeartbeat{1'000};

class EventStream final : public Exchange {
 public:
  EventStream(Channel& channel, ReadQuery query) : channel_(channel), query_(std::move(query)) {
    channel_.service().event_streams.fetch_add(1, std::memory_order_relaxed);
  }
  ~EventStream() override { channel_.service().event_streams.fetch_sub(1, std::memory_order_relaxed); }
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  void read_page() {
    if (state_ == State::ended) return;
    seen_sequence_ = channel_.service().publisher.last_sequence();
    const bool posted =
        channel_.service().reads.post(channel_.ticket(), [query = query_](UserEventPublisher& publisher) {
          return Continuation([page = publisher.read(query)](Channel* channel) mutable {
            // The connection of a stream is never used for another request, so this is the exchange that
            // asked.
            if (auto* exchange = channel->exchange())
              static_cast<EventStream*>(exchange)->on_page(std::move(page));
          });
        });
    state_ = posted ? State::reading : State::idle;
    retry_ = !posted;
  }

  void on_drained() override {
    if (state_ == State::writing) read_page();
  }
  void on_advance() override {
    if (state_ == State::idle) read_page();
  }

  void on_tick(SteadyTime now) override {
    if (state_ != State::idle) return;
    if (retry_) return read_page();
    if (!channel_.stream_begun() || now < next_heartbeat_ || channel_.unsent_bytes() > 0) return;
    auto& out = channel_.begin_piece();
    out += ": heartbeat\nid: ";
    base::append_json_number(query_.after, out);
    out += "\n\n";
    channel_.end_piece();
    schedule_heartbeat();
  }

  void on_stop() override { end(); }
  void on_caller_gone() override { end(); }
  [[nodiscard]] bool watches_peer() const override { return true; }
  void on_peer_closed() override {
    heartbeat_ = kHalfClosedHeartbeat;
    next_heartbeat_ = channel_.now();
  }

 private:
  enum class State { reading, writing, idle, ended };

  void on_page(Result<ReadPage>&& page) {
    if (state_ == State::ended) return;
    if (!page) return fail_with(page.error());
    if (!channel_.stream_begun()) {
      channel_.begin_stream(200, "text/event-stream", "Cache-Control: no-store\r\n");
      schedule_heartbeat();
    }
    const bool moved = page->next > query_.after;
    query_.after = page->next;
    if (!page->events.empty()) {
      write(page->events);
      state_ = State::writing;  // on_drained reads on
      return;
    }
    if (moved || channel_.service().publisher.last_sequence() > seen_sequence_) return read_page();
    state_ = State::idle;
    channel_.wait_for_advance();
    if (channel_.service().publisher.last_sequence() > seen_sequence_)
      read_page();  // it came before we waited
  }

  void write(const std::vector<StoredEvent>& events) {
    auto& out = channel_.begin_piece();
    for (const auto& event : events) {
      out += "id: ";
      base::append_json_number(event.sequence, out);
      out += "\nevent: ";
      out += event.type;
      out += "\ndata: ";
      out += event.json;  // compact JSON: no line breaks
      out += "\n\n";
    }
    channel_.end_piece();
    schedule_heartbeat();
  }

  void fail_with(const Error& error) {
    if (!channel_.stream_begun()) {
      state_ = State::ended;
      return channel_.fail(error);
    }
    auto& out = channel_.begin_piece();
    out += "event: problem\ndata: ";
    append_problem(problem_of(error), out);
    out += "\n\n";
    channel_.end_piece();
    end();
  }

  void end() {
    if (state_ == State::ended) return;
    state_ = State::ended;
    if (!channel_.stream_begun())
      channel_.begin_stream(200, "text/event-stream", "Cache-Control: no-store\r\n");
    channel_.end_stream(true);
  }

  void schedule_heartbeat() { next_heartbeat_ = channel_.now() + heartbeat_; }

  Channel& channel_;
  ReadQuery query_;
  State state_ = State::idle;
  bool retry_ = false;               // the worker had no room
  std::uint64_t seen_sequence_ = 0;  // the journal's end when the last read began
  std::chrono::milliseconds heartbeat_ = kHeartbeat;
  SteadyTime next_heartbeat_{};
};

Result<ReadQuery> stream_query(Channel& channel) {
  const auto& target = channel.prepared().target;
  UE_TRY(target.allow({"after", "type", "user"}));
  ReadQuery query;
  query.limit = kStreamPageEvents;
  query.types = target.list("type");
  query.within = visible_types(channel, access::Action::read);
  query.view = view_of(channel);
  if (const auto* user = target.find("user")) query.user = *user;
  UE_TRY_ASSIGN(query.versions, wanted_versions(channel.request()));
  const auto& last_id = channel.request().last_event_id;
  if (!last_id.empty()) {
    const auto* end = last_id.data() + last_id.size();
    const auto [stop, error] = std::from_chars(last_id.data(), end, query.after);
    if (error != std::errc{} || stop != end)
      return fail(ErrorKind::malformed, "bad-last-event-id", "Last-Event-ID must be a sequence number");
    return query;
  }
  if (const auto* after = target.find("after"); after != nullptr && *after == "now")
    query.after = channel.service().publisher.last_sequence();
  else {
    UE_TRY_ASSIGN(query.after, target.number("after", 0, 0, ~0ull));
  }
  return query;
}

}  // namespace

void stream_events(Channel& channel) {
  auto query = stream_query(channel);
  if (!query) return channel.fail(query.error());
  auto& service = channel.service();
  if (channel.request().method == Method::head)
    return channel.reply(200, "text/event-stream", {}, "Cache-Control: no-store\r\n");
  if (service.event_streams.load(std::memory_order_relaxed) >=
      std::max(service.options.max_connections / 2, 1u))
    return channel.fail(Error{ErrorKind::unavailable,
                              "too-many-streams",
                              "too many event streams are open",
                              "raise http.max_connections, of which half may be streams",
                              {}});
  channel.request().keep_alive = false;
  auto stream = std::make_unique<EventStream>(channel, std::move(*query));
  auto& started = *stream;
  channel.start(std::move(stream));
  started.read_page();
}

}  // namespace user_events::server
