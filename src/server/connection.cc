#include "server/connection.h"

#include <algorithm>
#include <cstring>

#include "server/limits.h"
#include "server/loop.h"
#include "server/reply.h"
#include "server/routes.h"

namespace user_events::server {
namespace {

/// `0000abcd\r\n`: the size of a chunk is written once it is known, so its place has a fixed width.
constexpr std::size_t kChunkSizeDigits = 8;
constexpr std::string_view kChunkPlace = "00000000\r\n";

void write_chunk_size(std::size_t size, char* place) {
  for (std::size_t i = kChunkSizeDigits; i-- > 0; size >>= 4) place[i] = "0123456789abcdef"[size & 0xf];
}

Error timed_out_error() {
  return {ErrorKind::timed_out,
          "request-timeout",
          "the request did not arrive in time",
          "see http.read_timeout",
          {}};
}

/// Set before the socket is handed to TLS.
Socket with_options(Socket socket) {
  ErrorCode ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  return socket;
}

}  // namespace

Connection::Connection(Loop& loop, ConnectionId id, Socket socket, const TlsContext& tls)
    : loop_(loop), id_(id), transport_(with_options(std::move(socket)), tls), shakes_hands_(tls != nullptr), idle_since_(loop.now()) {
  in_.resize(kFirstReadBytes);
  start_request();
}

Connection::~Connection() = default;

void Connection::begin() { pump(); }

// ---- the engine ----

void Connection::pump() {
  if (pumping_ || phase_ == Phase::closed) return;
  const ConnectionPtr alive(this);
  pumping_ = true;
  for (;;) {
    bool moved = parse_input();
    if (exchange_) exchange_->on_read_end();
    loop_.deliver_local();
    if (!flush()) break;
    if (answered_) {
      if (!finish_request()) break;
      moved = true;
    }
    if (paused_ && exchange_ && exchange_->wants_body())
      moved = true;  // results or room for them have come meanwhile
    if (!moved) break;
  }
  pumping_ = false;
  arm();
}

/// Parses until it needs bytes or room, or the request is complete. False if nothing moved.
bool Connection::parse_input() {
  bool moved = false;
  while (!answered_ && !broken_ && (phase_ == Phase::header || phase_ == Phase::body)) {
    std::size_t consumed = 0;
    const auto step = parser_.parse(input(), consumed);
    in_begin_ += consumed;
    moved |= consumed > 0;
    paused_ = step == RequestParser::Step::paused;
    switch (step) {
      case RequestParser::Step::need_more:
      case RequestParser::Step::paused:
        return moved;
      case RequestParser::Step::progress:
        break;
      case RequestParser::Step::header_done:
        phase_ = Phase::body;
        body_done_ = parser_.complete();
        body_progress_ = loop_.now();
        body_bytes_ = 0;
        prepare(*this);
        break;
      case RequestParser::Step::done:
        phase_ = Phase::answering;
        body_done_ = true;
        handle_request();
        return true;
      case RequestParser::Step::failed: {
        const auto& failure = parser_.failure();
        reject(failure.status,
               Error{ErrorKind::malformed, std::string(failure.code), std::string(failure.detail), {}, {}});
        return true;
      }
    }
  }
  return moved;
}

void Connection::handle_request() {
  if (exchange_) return exchange_->on_body_end();
  prepared_.handle(*this);
}

std::size_t Connection::take_body(std::string_view piece) {
  if (answered_) return piece.size();
  const auto taken = exchange_ ? exchange_->take_body(piece) : piece.size();
  if (!exchange_ && prepared_.keeps_body) request_.body.append(piece);
  body_bytes_ += taken;
  // An NDJSON stream may trickle for ever; a collected body must come on, or a client could hold the
  // connection with a byte now and then.
  if (body_bytes_ >= kProgressBytes || (exchange_ && taken > 0)) {
    body_progress_ = loop_.now();
    body_bytes_ = 0;
  }
  return taken;
}

/// True once everything is written. Closes on an error.
bool Connection::flush() {
  if (phase_ == Phase::closed) return false;
  if (unsent_bytes() == 0) return true;
  if (writing_) return false;
  ErrorCode error;
  while (unsent_bytes() > 0) {
    const auto written = transport_.write_some(out_.data() + sent_, unsent_bytes(), error);
    if (error == asio::error::interrupted) continue;
    if (error) break;
    sent_ += written;
    write_progress_ = loop_.now();
  }
  if (error == asio::error::would_block) {
    if (sent_ >= kKeptBytes) {  // what a slow reader has taken needs no memory
      out_.erase(0, sent_);
      sent_ = 0;
    }
    return false;
  }
  if (error) {
    close();
    return false;
  }
  out_.clear();
  sent_ = 0;
  if (exchange_ && !answered_) exchange_->on_drained();
  return unsent_bytes() == 0;
}

/// The answer is out: on to the next request (true), or to the end.
bool Connection::finish_request() {
  exchange_.reset();
  if (close_after_ || stopping_) {
    finish_unread();
    return false;
  }
  start_request();
  return in_begin_ < in_end_;
}

void Connection::start_request() {
  if (out_.capacity() > kKeptBytes) out_.shrink_to_fit();
  if (request_.body.capacity() > kKeptBytes) request_.body = {};
  if (in_.size() > kKeptBytes && in_begin_ == in_end_) {
    in_ = std::vector<char>(kFirstReadBytes);
    in_begin_ = in_end_ = 0;
  }
  parser_.start(request_, *this);
  phase_ = Phase::header;
  answered_ = body_done_ = broken_ = close_after_ = paused_ = stream_begun_ = false;
  idle_since_ = header_since_ = loop_.now();
}

/// Ends the connection. Closing with unread bytes would make the kernel send a reset, which can overtake the
/// answer: they are read and thrown away for a while.
void Connection::finish_unread() {
  if (input_ended_ || (body_done_ && in_begin_ == in_end_)) return close();
  transport_.shutdown_send();
  phase_ = Phase::lingering;
  in_begin_ = in_end_ = 0;
  linger_bytes_ = 0;
  linger_until_ = loop_.now() + kLingerTime;
}

// ---- the socket ----

void Connection::arm() {
  if (phase_ == Phase::closed) return;
  if (!writing_ && unsent_bytes() > 0) start_writing();
  if (!reading_ && wants_input() && !loop_.defer_reading(*this)) start_reading();
}

bool Connection::wants_input() const {
  if (input_ended_ || (broken_ && phase_ != Phase::lingering)) return false;
  switch (phase_) {
    case Phase::header:
      return true;
    case Phase::body:
      return !answered_ && !paused_;
    case Phase::answering:
      return exchange_ && exchange_->watches_peer();
    case Phase::lingering:
      return true;
    case Phase::closed:
      return false;
  }
  return false;
}

/// Makes space at the end of in_; false if it is full and may not grow.
bool Connection::make_room() {
  if (in_begin_ == in_end_) {
    in_begin_ = in_end_ = 0;
    // A read of a body that filled the buffer means that more is waiting: larger reads make larger pieces,
    // and fewer commits.
    if (filled_ && phase_ == Phase::body && in_.size() < kMaxReadBytes)
      in_.resize(std::min(in_.size() * 4, kMaxReadBytes));
  }
  filled_ = false;
  if (in_end_ < in_.size()) return true;
  if (in_begin_ > 0) {
    std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
    in_end_ -= in_begin_;
    in_begin_ = 0;
    return true;
  }
  const auto most = phase_ == Phase::body ? kMaxReadBytes : 2 * kMaxHeaderBytes;
  if (in_.size() >= most) return false;
  in_.resize(std::min(in_.size() * 4, most));
  return true;
}

void Connection::start_reading() {
  if (!make_room()) {
    // A header cannot get here (it has its own limit), nor a body (it is taken); a chunk's extension or
    // trailer can.
    if (phase_ == Phase::answering) return;
    reject(
        431,
        Error{
            ErrorKind::malformed, "header-too-large", "a chunk's extension or trailer is too large", {}, {}});
    return pump();
  }
  reading_ = true;
  transport_.async_read_some(in_.data() + in_end_, in_.size() - in_end_,
                          [self = ConnectionPtr(this)](const ErrorCode& error, std::size_t bytes) {
                            self->on_read(error, bytes);
                          });
}

void Connection::on_read(const ErrorCode& error, std::size_t bytes) {
  reading_ = false;
  if (phase_ == Phase::closed) return;
  if (error && error != asio::error::eof) return close();
  if (error) return on_end_of_input();
  if (shakes_hands_) {
    shakes_hands_ = false;
    caller_.set_certificate(transport_.certificate());
  }
  if (phase_ == Phase::lingering) {
    linger_bytes_ += bytes;
    if (linger_bytes_ > kMaxLingerBytes) return close();
    return arm();
  }
  if (phase_ == Phase::header && in_begin_ == in_end_ && request_.target.empty()) header_since_ = loop_.now();
  in_end_ += bytes;
  filled_ = in_end_ == in_.size();
  pump();
}

/// The peer sends nothing more; it may still read.
void Connection::on_end_of_input() {
  input_ended_ = true;
  if (phase_ == Phase::lingering) return close();
  if (phase_ == Phase::answering) {
    if (exchange_) exchange_->on_peer_closed();
    return pump();
  }
  if (phase_ == Phase::header && in_begin_ == in_end_ && request_.target.empty() && unsent_bytes() == 0)
    return close();
  reject(400, Error{ErrorKind::malformed,
                    "incomplete-request",
                    "the connection was closed before the request was complete",
                    {},
                    {}});
  pump();
}

void Connection::start_writing() {
  writing_ = true;
  write_progress_ = loop_.now();
  transport_.async_wait_writable([self = ConnectionPtr(this)](const ErrorCode& error) {
    self->writing_ = false;
    if (self->phase_ == Phase::closed) return;
    if (error) return self->close();
    self->pump();
  });
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  const ConnectionPtr alive(this);
  phase_ = Phase::closed;
  transport_.close();
  loop_.remove(id_);
}

// ---- what happens beside the socket ----

void Connection::complete(Completion&& completion) {
  if (phase_ == Phase::closed || answered_) return;
  auto& what = completion.what;
  if (auto* published = std::get_if<Published>(&what)) {
    exchange_ ? exchange_->on_published(std::move(*published)) : finish_publish(*this, std::move(*published));
  } else if (auto* each = std::get_if<EachPublished>(&what)) {
    if (exchange_) exchange_->on_each_published(std::move(*each));
  } else if (auto* progress = std::get_if<Progress>(&what)) {
    if (exchange_) exchange_->on_progress(std::move(*progress));
  } else {
    std::get<Continuation>(what)(this);
  }
  pump();
}

void Connection::notice_advance() {
  if (exchange_ && !answered_) exchange_->on_advance();
  pump();
}

void Connection::tick(SteadyTime now) {
  const auto& options = loop_.service().options;
  if (exchange_ && !answered_ && !caller_.still_holds(loop_.service().access)) exchange_->on_caller_gone();
  if (unsent_bytes() > 0 && now - write_progress_ > options.idle_timeout) return close();
  switch (phase_) {
    case Phase::header: {
      if (shakes_hands_ && now - idle_since_ > options.read_timeout) return close();
      const bool begun = in_begin_ < in_end_ || !request_.target.empty();
      if (!begun && now - idle_since_ > options.idle_timeout) return close();
      if (begun && now - header_since_ > options.read_timeout) reject(408, timed_out_error());
      break;
    }
    case Phase::body: {
      const bool between_lines = exchange_ && exchange_->rests();
      if (!answered_ && !broken_ && !paused_ &&
          now - body_progress_ > (between_lines ? options.idle_timeout : options.read_timeout))
        reject(408, timed_out_error());
      break;
    }
    case Phase::answering:
      if (exchange_ && !answered_) exchange_->on_tick(now);
      break;
    case Phase::lingering:
      if (now > linger_until_) return close();
      return;
    case Phase::closed:
      return;
  }
  const bool goes_on = paused_ && exchange_ && exchange_->wants_body();  // a caller's rate has room again
  if (unsent_bytes() > 0 || answered_ || goes_on) pump();
}

void Connection::begin_stop() {
  stopping_ = true;
  if (phase_ == Phase::header && in_begin_ == in_end_ && request_.target.empty() && unsent_bytes() == 0)
    return close();
  if (exchange_ && !answered_) exchange_->on_stop();
  pump();
}

/// The request under way will not be complete: says so, as far as that is still possible.
void Connection::reject(int status, const Error& error) {
  broken_ = true;
  request_.keep_alive = false;
  if (exchange_) return exchange_->on_body_broken(status, error);
  fail_as(status, error);
}

// ---- Channel ----

Service& Connection::service() noexcept { return loop_.service(); }
std::string Connection::peer() const {
  ErrorCode error;
  const auto endpoint = transport_.socket().remote_endpoint(error);
  return error ? "-" : endpoint.address().to_string();
}
void Connection::begin_burst() { loop_.begin_burst(); }
Ticket Connection::ticket() { return loop_.ticket(id_); }
SteadyTime Connection::now() const noexcept { return loop_.now(); }
std::string& Connection::scratch() { return loop_.scratch(); }
void Connection::deliver_local() { loop_.deliver_local(); }
void Connection::wait_for_advance() { loop_.wait_for_advance(id_); }

void Connection::count_answer(int status) {
  loop_.service().counters.answers[static_cast<std::size_t>(status / 100)].fetch_add(
      1, std::memory_order_relaxed);
}

void Connection::end_answer(bool keep_alive) {
  answered_ = true;
  close_after_ = !keep_alive;
}

void Connection::reply(int status, std::string_view content_type, std::string_view body,
                       std::string_view extra) {
  const bool keep_alive = request_.keep_alive && body_done_ && !stopping_;
  append_head({.status = status,
               .content_type = content_type,
               .content_length = body.size(),
               .keep_alive = keep_alive,
               .http11 = request_.http11,
               .date = loop_.date(),
               .extra = extra},
              out_);
  if (request_.method != Method::head) out_ += body;
  count_answer(status);
  end_answer(keep_alive);
}

void Connection::fail(const Error& error, std::string_view extra) {
  const auto problem = problem_of(error);
  auto& body = scratch();
  append_problem(problem, body);
  reply(problem.status, kProblemJson, body, extra.empty() ? retry_after(problem.status) : extra);
}

void Connection::fail_as(int status, const Error& error) {
  auto problem = problem_of(error);
  problem.status = status;
  auto& body = scratch();
  append_problem(problem, body);
  reply(status, kProblemJson, body, retry_after(status));
}

void Connection::invite_body() {
  if (request_.expects_continue && request_.http11 && !answered_) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
}

void Connection::begin_stream(int status, std::string_view content_type, std::string_view extra) {
  stream_begun_ = true;
  stream_chunked_ = request_.http11;
  // An answer that begins before its request is complete may have to end the connection: only `end_stream`
  // knows.
  append_head({.status = status,
               .content_type = content_type,
               .content_length = {},
               .chunked = stream_chunked_,
               .keep_alive = request_.keep_alive && stream_chunked_,
               .http11 = request_.http11,
               .date = loop_.date(),
               .extra = extra},
              out_);
  count_answer(status);
}

std::string& Connection::begin_piece() {
  piece_begin_ = out_.size();
  if (stream_chunked_) out_ += kChunkPlace;
  return out_;
}

void Connection::end_piece() {
  if (!stream_chunked_) return;
  const auto size = out_.size() - piece_begin_ - kChunkPlace.size();
  if (size == 0) return out_.resize(piece_begin_);  // an empty chunk would end the stream
  write_chunk_size(size, out_.data() + piece_begin_);
  out_ += "\r\n";
}

void Connection::end_stream(bool whole) {
  if (whole && stream_chunked_) out_ += "0\r\n\r\n";
  end_answer(whole && stream_chunked_ && request_.keep_alive && body_done_ && !stopping_);
}

}  // namespace user_events::server
