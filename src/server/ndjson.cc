// POST /v1/events as application/x-ndjson: lines in, results out, both as streams.
#include <algorithm>
#include <deque>
#include <optional>

#include "base/json_text.h"
#include "base/try.h"
#include "server/admission.h"
#include "server/limits.h"
#include "server/reply.h"
#include "server/routes.h"
#include "server/service.h"

namespace user_events::server {
namespace {

struct NdjsonOptions {
  bool stop_on_error = false;
  bool only_problems = false;
};

/// Cuts the body into lines and hands them on in pieces; at most a few pieces are under way, and results are
/// written in order.
///
/// With on_error=stop each line is a piece of its own: what is refused is refused within the call, so that
/// nothing after it is ever handed in, while the journal still commits many of them together.
class NdjsonExchange final : public Exchange {
 public:
  NdjsonExchange(Channel& channel, NdjsonOptions options)
      : channel_(channel),
        options_(options),
        max_line_bytes_(channel.service().publisher.options().limits.max_event_bytes),
        piece_lines_(options.stop_on_error ? 1 : kNdjsonPieceLines),
        max_pieces_(options.stop_on_error ? kNdjsonSinglePieces : kNdjsonPieces) {}

  [[nodiscard]] bool wants_body() const override { return closing_ || has_room(); }
  [[nodiscard]] bool rests() const override { return unfinished_.empty() && !skipping_; }

  std::size_t take_body(std::string_view body) override {
    std::size_t taken = 0;
    while (taken < body.size() && (closing_ || has_room())) {
      const auto rest = body.substr(taken);
      const auto newline = closing_ ? std::string_view::npos : rest.find('\n');
      if (newline == std::string_view::npos) {
        if (!closing_) keep(rest);
        return body.size();
      }
      end_line(rest.substr(0, newline));
      taken += newline + 1;
    }
    return taken;
  }

  void on_read_end() override { submit(); }

  void on_body_end() override {
    if (!closing_ && (skipping_ || !unfinished_.empty())) end_line({});
    submit();
    closing_ = true;
    finish_if_done();
  }

  void on_body_broken(int status, const Error& why) override {
    if (closing_) return;
    closing_ = true;
    broken_.emplace(status, why);
    finish_if_done();
  }

  void on_stop() override {
    on_body_broken(503, Error{ErrorKind::unavailable,
                              "stopping",
                              "the daemon is stopping",
                              "send the rest to it after its restart",
                              {}});
  }

  void on_caller_gone() override {
    on_body_broken(401, Error{ErrorKind::unauthenticated, "invalid-token", "the client's token has run out, or its configuration was changed",
                              "send the rest in a new request", {}});
  }

  void on_each_published(EachPublished&& done) override {
    auto& piece = pieces_[done.piece - first_piece_];
    piece.results = std::move(done.results);
    piece.ready = true;
    if (options_.stop_on_error &&
        !std::ranges::all_of(piece.results, [](const auto& r) { return r.has_value(); }))
      stop();
    write_ready();
    finish_if_done();
  }

 private:
  struct Piece {
    std::vector<std::uint64_t> numbers;  // of its lines
    std::vector<Result<Receipt>> results;
    bool ready = false;
  };

  bool has_room() const {
    if (channel_.unsent_bytes() > kMaxUnsentBytes || !has_rate(channel_)) return false;  // a rate slows the stream down
    return !lines_.empty() || pieces_.size() < max_pieces_;
  }

  /// The beginning, or the middle, of a line whose end has not come.
  void keep(std::string_view part) {
    if (skipping_) return;
    if (unfinished_.size() + part.size() > max_line_bytes_) {
      unfinished_.clear();
      skipping_ = true;
      return;
    }
    unfinished_.append(part);
  }

  void end_line(std::string_view text) {
    ++lines_seen_;
    if (!unfinished_.empty() || skipping_) {
      keep(text);
      if (skipping_) return refuse_long_line();
      text = assembled_.emplace_back(std::move(unfinished_));
      unfinished_.clear();
    }
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) return;
    if (text.size() > max_line_bytes_) return refuse_long_line();
    lines_.push_back(text);
    numbers_.push_back(lines_seen_);
    lines_bytes_ += text.size();
    if (lines_.size() >= piece_lines_ || lines_bytes_ >= kNdjsonPieceBytes) submit();
  }

  void refuse_long_line() {
    skipping_ = false;
    submit();
    auto& piece = add_piece({lines_seen_});
    piece.results.push_back(fail(ErrorKind::too_large, "event-too-large",
                                 "the line is longer than limits.max_event_bytes",
                                 "make the event smaller or raise the limit"));
    piece.ready = true;
    if (options_.stop_on_error) stop();
    write_ready();
    finish_if_done();
  }

  Piece& add_piece(std::vector<std::uint64_t> numbers) {
    return pieces_.emplace_back(Piece{std::move(numbers), {}, false});
  }

  /// Hands the gathered lines to the publisher; the views are not needed after that.
  void submit() {
    if (lines_.empty()) return;
    const auto number = first_piece_ + pieces_.size();
    add_piece(std::move(numbers_));
    numbers_.clear();
    charge_events(channel_, lines_.size());
    channel_.begin_burst();
    channel_.service().publisher.publish_each(
        lines_, channel_.caller().submitter(), [ticket = channel_.ticket(), number](std::vector<Result<Receipt>> results) mutable {
          ticket(EachPublished{number, std::move(results)});
        });
    lines_.clear();
    assembled_.clear();
    lines_bytes_ = 0;
    if (options_.stop_on_error) channel_.deliver_local();
  }

  void stop() { closing_ = stopped_ = true; }

  void write_ready() {
    while (!pieces_.empty() && pieces_.front().ready) {
      write(pieces_.front());
      pieces_.pop_front();
      ++first_piece_;
    }
  }

  void write(const Piece& piece) {
    begin_stream();
    auto& out = channel_.begin_piece();
    for (std::size_t i = 0; i < piece.results.size(); ++i) {
      const auto& result = piece.results[i];
      count(result);
      if (result && options_.only_problems) continue;
      out += "{\"line\":";
      base::append_json_number(piece.numbers[i], out);
      out += ',';
      if (result) {
        append_receipt_members(*result, out);
      } else {
        out += "\"problem\":";
        append_problem(problem_of(result.error()), out);
      }
      out += "}\n";
    }
    channel_.end_piece();
  }

  void count(const Result<Receipt>& result) {
    if (!result) {
      ++rejected_;
      return;
    }
    ++accepted_;
    if (result->duplicate) ++duplicates_;
    last_sequence_ = std::max(last_sequence_, result->sequence);
  }

  void finish_if_done() {
    if (!closing_ || finished_ || !pieces_.empty() || !lines_.empty()) return;
    finished_ = true;
    if (broken_ && !channel_.stream_begun() && lines_seen_ == 0)
      return channel_.fail_as(broken_->first, broken_->second);
    begin_stream();
    auto& out = channel_.begin_piece();
    if (broken_) {
      auto problem = problem_of(broken_->second);
      problem.status = broken_->first;
      out += "{\"problem\":";
      append_problem(problem, out);
      out += "}\n";
    }
    write_summary(out);
    channel_.end_piece();
    channel_.end_stream(!broken_);
  }

  void write_summary(std::string& out) {
    const auto member = [&](std::string_view name, std::uint64_t value) {
      out += name;
      base::append_json_number(value, out);
    };
    member("{\"summary\":{\"lines\":", lines_seen_);
    member(",\"accepted\":", accepted_);
    member(",\"duplicates\":", duplicates_);
    member(",\"rejected\":", rejected_);
    member(",\"lastSequence\":", last_sequence_);
    out += stopped_ ? ",\"stopped\":true}}\n" : ",\"stopped\":false}}\n";
  }

  void begin_stream() {
    if (!channel_.stream_begun()) channel_.begin_stream(200, kNdjson);
  }

  Channel& channel_;
  const NdjsonOptions options_;
  const std::uint64_t max_line_bytes_;
  const std::size_t piece_lines_, max_pieces_;

  std::string unfinished_;               // a line whose end has not come, at most max_line_bytes_
  bool skipping_ = false;                // …or that is too long to be kept
  std::deque<std::string> assembled_;    // lines of lines_ that came in parts
  std::vector<std::string_view> lines_;  // to be handed on at the end of this read
  std::vector<std::uint64_t> numbers_;
  std::size_t lines_bytes_ = 0;

  std::deque<Piece> pieces_;       // under way, oldest first
  std::uint64_t first_piece_ = 0;  // number of pieces_.front()

  bool closing_ = false;  // no further line is taken
  bool stopped_ = false, finished_ = false;
  std::optional<std::pair<int, Error>> broken_;
  std::uint64_t lines_seen_ = 0, accepted_ = 0, duplicates_ = 0, rejected_ = 0, last_sequence_ = 0;
};

Result<NdjsonOptions> read_options(const Target& target) {
  NdjsonOptions options;
  if (target.find("wait") != nullptr)
    return fail(ErrorKind::malformed, "bad-parameter", "query parameter 'wait' is not for NDJSON",
                "watch GET /v1/status instead");
  UE_TRY(target.allow({"on_error", "results"}));
  if (const auto* value = target.find("on_error")) {
    if (*value != "stop" && *value != "continue")
      return fail(ErrorKind::malformed, "bad-parameter",
                  "query parameter 'on_error' must be 'stop' or 'continue'");
    options.stop_on_error = *value == "stop";
  }
  if (const auto* value = target.find("results")) {
    if (*value != "all" && *value != "problems")
      return fail(ErrorKind::malformed, "bad-parameter",
                  "query parameter 'results' must be 'all' or 'problems'");
    options.only_problems = *value == "problems";
  }
  return options;
}

}  // namespace

void start_ndjson(Channel& channel) {
  const auto options = read_options(channel.prepared().target);
  if (!options) return channel.fail(options.error());
  channel.start(std::make_unique<NdjsonExchange>(channel, *options));
  channel.invite_body();
}

}  // namespace user_events::server
