// One client's connection: reads, parses, answers, keeps alive. The transport below the handlers' Channel.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <memory>
#include <string>
#include <vector>

#include "server/channel.h"
#include "server/request_parser.h"
#include "server/transport.h"

namespace user_events::server {

class Loop;
class Connection;
using ConnectionPtr = boost::intrusive_ptr<Connection>;

/// All on the loop's thread. Lives as long as its loop's slot or an operation of its socket holds it.
///
/// `pump` is the one engine: it parses what has been read, lets the handler answer, writes what it can, and
/// goes on with the next request; when nothing moves any more it arms the socket. Everything that happens
/// (bytes, room to write, a completion, a tick) changes some state and pumps.
class Connection final : public Channel,
                         private BodySink,
                         public boost::intrusive_ref_counter<Connection, boost::thread_unsafe_counter> {
 public:
  Connection(Loop& loop, ConnectionId id, Socket socket, const TlsContext& tls);
  ~Connection();

  void begin();
  void complete(Completion&& completion);
  void notice_advance();
  void tick(SteadyTime now);
  /// Closes when idle, else after the request under way.
  void begin_stop();
  void close();
  /// Reads and writes on as its state asks for.
  void arm();

  // Channel
  Request& request() noexcept override { return request_; }
  Prepared& prepared() noexcept override { return prepared_; }
  Service& service() noexcept override;
  Caller& caller() noexcept override { return caller_; }
  std::string peer() const override;
  void begin_burst() override;
  Ticket ticket() override;
  SteadyTime now() const noexcept override;
  std::string& scratch() override;
  void reply(int status, std::string_view content_type, std::string_view body,
             std::string_view extra) override;
  void fail(const Error& error, std::string_view extra) override;
  void fail_as(int status, const Error& error) override;
  void start(std::unique_ptr<Exchange> exchange) override { exchange_ = std::move(exchange); }
  Exchange* exchange() noexcept override { return exchange_.get(); }
  void limit_body(std::uint64_t bytes) override { parser_.limit_body(bytes); }
  void invite_body() override;
  void begin_stream(int status, std::string_view content_type, std::string_view extra) override;
  bool stream_begun() const noexcept override { return stream_begun_; }
  std::string& begin_piece() override;
  void end_piece() override;
  void end_stream(bool whole) override;
  std::size_t unsent_bytes() const noexcept override { return out_.size() - sent_; }
  void deliver_local() override;
  void wait_for_advance() override;

 private:
  /// Where the request under way is.
  enum class Phase {
    header,     ///< Its header is awaited.
    body,       ///< Its body is coming in.
    answering,  ///< It is complete; the answer is not.
    lingering,  ///< Answered early: the rest of it is thrown away, so that the peer can read the answer.
    closed,
  };

  void pump();
  [[nodiscard]] bool parse_input();
  void handle_request();
  [[nodiscard]] bool flush();
  [[nodiscard]] bool finish_request();
  void start_request();
  void finish_unread();
  [[nodiscard]] bool wants_input() const;
  void start_reading();
  void start_writing();
  void on_read(const ErrorCode& error, std::size_t bytes);
  void on_end_of_input();
  void reject(int status, const Error& error);
  [[nodiscard]] bool make_room();
  void end_answer(bool keep_alive);
  void count_answer(int status);
  std::size_t take_body(std::string_view piece) override;
  [[nodiscard]] std::string_view input() const { return {in_.data() + in_begin_, in_end_ - in_begin_}; }

  Loop& loop_;
  const ConnectionId id_;
  Transport transport_;
  RequestParser parser_;
  Request request_;
  Prepared prepared_;
  std::unique_ptr<Exchange> exchange_;
  Caller caller_;

  Phase phase_ = Phase::header;
  bool pumping_ = false, reading_ = false, writing_ = false;  // the latter two: an operation is under way
  bool shakes_hands_ = false;  // TLS is not established yet
  bool paused_ = false;       // the exchange wants no more of the body for now
  bool answered_ = false;     // the answer is complete in out_
  bool body_done_ = false;    // nothing of the request is left unread
  bool broken_ = false;       // the rest of the request can't be parsed or will not come
  bool close_after_ = false;  // this answer is the last
  bool input_ended_ = false;  // the peer has closed its side
  bool stream_begun_ = false, stream_chunked_ = false, stopping_ = false;

  std::vector<char> in_;  // [in_begin_, in_end_) is read and not parsed
  std::size_t in_begin_ = 0, in_end_ = 0;
  bool filled_ = false;  // the last read left no space
  std::string out_;      // from sent_ on not yet written
  std::size_t sent_ = 0;
  std::size_t piece_begin_ = 0;  // of the chunk being built

  SteadyTime idle_since_, header_since_{}, body_progress_{}, write_progress_{}, linger_until_{};
  std::uint64_t body_bytes_ = 0, linger_bytes_ = 0;  // body_bytes_: since body_progress_
};

}  // namespace user_events::server
