// What a handler sees of a connection: one request, and ways to answer it. All calls are on the loop's
// thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "server/caller.h"
#include "server/inbox.h"
#include "server/request.h"
#include "server/target.h"
#include "user_events/error.h"

namespace user_events::server {

class Channel;
struct Service;
using SteadyTime = std::chrono::steady_clock::time_point;

/// What the route of a request is, decided when its header is complete.
struct Prepared {
  void (*handle)(Channel&) = nullptr;  ///< Called once the body is complete.
  Target target;                       ///< Not parsed (empty) for a bare `/v1/events`.
  bool keeps_body = false;             ///< Else the body is thrown away.
  Body form = Body::events;            ///< Of a collected body.
};

/// A request that is not answered at once: it streams in, streams out, or waits more than once. Destroyed
/// after it has ended the request, never from within one of these calls.
class Exchange {
 public:
  virtual ~Exchange() = default;

  /// Part of the body; the bytes stay valid until `on_read_end`. Returns what was taken; 0: not now.
  virtual std::size_t take_body(std::string_view piece) { return piece.size(); }
  /// After it took nothing: it would now.
  [[nodiscard]] virtual bool wants_body() const { return true; }
  /// Nothing half is waiting for its rest: a long silence of the peer is no fault.
  [[nodiscard]] virtual bool rests() const { return true; }
  /// All bytes of one read are parsed.
  virtual void on_read_end() {}
  virtual void on_body_end() {}
  /// The body will not be complete: malformed, too slow, cut off, or the daemon stops. The rest of it is not
  /// read.
  virtual void on_body_broken(int status, const Error& why) { (void)status, (void)why; }

  virtual void on_published(Published&& result) { (void)result; }
  virtual void on_each_published(EachPublished&& result) { (void)result; }
  virtual void on_progress(Progress&& progress) { (void)progress; }
  /// Everything written so far is with the kernel.
  virtual void on_drained() {}
  /// The journal may have grown (after `Channel::wait_for_advance`).
  virtual void on_advance() {}
  virtual void on_tick(SteadyTime now) { (void)now; }
  /// The daemon stops: end soon.
  virtual void on_stop() {}
  /// The caller's token has run out, or the clients were read anew: end; he may come back.
  virtual void on_caller_gone() {}
  /// True: the connection is read while the answer goes out, to notice when the peer closes.
  [[nodiscard]] virtual bool watches_peer() const { return false; }
  virtual void on_peer_closed() {}
};

class Channel {
 public:
  [[nodiscard]] virtual Request& request() noexcept = 0;
  [[nodiscard]] virtual Prepared& prepared() noexcept = 0;
  [[nodiscard]] virtual Service& service() noexcept = 0;
  /// Who has sent the request.
  [[nodiscard]] virtual Caller& caller() noexcept = 0;
  /// The peer's address, for the log.
  [[nodiscard]] virtual std::string peer() const = 0;
  /// Before a publish: it shares a commit with what else is at hand.
  virtual void begin_burst() = 0;
  /// Where results for this connection go. Take one per call.
  [[nodiscard]] virtual Ticket ticket() = 0;
  /// The clock of deadlines: exact to one sweep.
  [[nodiscard]] virtual SteadyTime now() const noexcept = 0;
  /// An empty buffer to build a body in; another call empties it.
  [[nodiscard]] virtual std::string& scratch() = 0;

  /// Answers the request as a whole and ends it. `extra`: complete header lines. `body` may be the scratch
  /// buffer.
  virtual void reply(int status, std::string_view content_type, std::string_view body,
                     std::string_view extra = {}) = 0;
  /// Answers with the problem document of `error`, with its own status or another.
  virtual void fail(const Error& error, std::string_view extra = {}) = 0;
  virtual void fail_as(int status, const Error& error) = 0;

  /// The request becomes an exchange.
  virtual void start(std::unique_ptr<Exchange> exchange) = 0;
  [[nodiscard]] virtual Exchange* exchange() noexcept = 0;
  virtual void limit_body(std::uint64_t bytes) = 0;
  /// `100 Continue`, if the client waits for it.
  virtual void invite_body() = 0;

  /// A streamed answer: its head, then pieces (append to what `begin_piece` returns), then its end.
  virtual void begin_stream(int status, std::string_view content_type, std::string_view extra = {}) = 0;
  [[nodiscard]] virtual bool stream_begun() const noexcept = 0;
  [[nodiscard]] virtual std::string& begin_piece() = 0;
  virtual void end_piece() = 0;
  /// `whole` false: the client must notice that something is missing (no last chunk). Ends the request.
  virtual void end_stream(bool whole) = 0;
  /// Bytes that the peer has not taken yet.
  [[nodiscard]] virtual std::size_t unsent_bytes() const noexcept = 0;

  /// Hands over what the last call to the publisher answered at once.
  virtual void deliver_local() = 0;
  /// `Exchange::on_advance` is called once after the journal has advanced.
  virtual void wait_for_advance() = 0;

 protected:
  ~Channel() = default;
};

}  // namespace user_events::server
