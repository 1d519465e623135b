// HTTP/1.x requests from bytes: Beast's parser, without its containers. What is ambiguous is refused, not
// guessed.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "server/request.h"
#include "user_events/error.h"

namespace user_events::server {

/// Takes the body in pieces; returns how many bytes it took. Fewer than offered: it wants no more now.
class BodySink {
 public:
  virtual std::size_t take_body(std::string_view piece) = 0;

 protected:
  ~BodySink() = default;
};

/// A refusal by the parser: the HTTP status and a problem code.
struct ParseFailure {
  int status = 400;
  std::string_view code, detail;
};

/// Parses one request at a time. Not thread-safe.
class RequestParser {
 public:
  RequestParser();
  ~RequestParser();

  /// Before each request. `request` gets the header's fields; `sink` the body. Both must outlive the parsing.
  void start(Request& request, BodySink& sink);

  enum class Step {
    need_more,    ///< All that can be parsed is consumed.
    header_done,  ///< The request's header is complete, nothing of the body is taken yet.
    progress,     ///< Call again.
    paused,       ///< The sink took nothing.
    done,         ///< The request is complete.
    failed,       ///< See `failure`; the connection can't be used further.
  };
  /// Consumes from `bytes`, which must be one contiguous range that begins with what was not consumed before.
  /// About 300 ns for a small header. No allocation once warm.
  [[nodiscard]] Step parse(std::string_view bytes, std::size_t& consumed);

  [[nodiscard]] const ParseFailure& failure() const noexcept;
  /// At header_done: no body follows.
  [[nodiscard]] bool complete() const noexcept;
  /// A body larger than this fails with 413 (by Content-Length, or as soon as the chunks exceed it). Call at
  /// header_done.
  void limit_body(std::uint64_t bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace user_events::server
