// publish --ndjson: a stream of events over one request, with the failures listed while it runs.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

#include "base/try.h"
#include "cli/answers.h"
#include "cli/commands.h"
#include "cli/http_client.h"
#include "cli/ndjson_input.h"
#include "cli/output.h"

namespace user_events::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kSilence{5'000};
constexpr std::chrono::milliseconds kProgressEvery{200};
constexpr std::size_t kMaxAnswerLineBytes = 1 << 20;

/// A file descriptor of ours, or standard input.
class Input {
 public:
  [[nodiscard]] static Result<Input> open(const std::string& name) {
    if (name == "-") return Input(STDIN_FILENO, false);
    const int descriptor = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
      return fail(ErrorKind::usage, "file-unreadable",
                  fmt::format("--ndjson: cannot open {}: {}", name, std::strerror(errno)));
    Input input(descriptor, true);
    struct stat info{};
    if (::fstat(descriptor, &info) == 0 && S_ISDIR(info.st_mode)) {
      return fail(ErrorKind::usage, "file-unreadable", fmt::format("--ndjson: {} is a folder", name),
                  "name a file with one event a line, or - for standard input");
    }
    return input;
  }
  Input(Input&& other) noexcept
      : descriptor_(other.descriptor_), is_ours_(std::exchange(other.is_ours_, false)) {}
  ~Input() {
    if (is_ours_) ::close(descriptor_);
  }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// 0 if it is not a regular file.
  [[nodiscard]] std::uint64_t size() const {
    struct stat info{};
    return ::fstat(descriptor_, &info) == 0 && S_ISREG(info.st_mode)
               ? static_cast<std::uint64_t>(info.st_size)
               : 0;
  }

 private:
  Input(int descriptor, bool is_ours) : descriptor_(descriptor), is_ours_(is_ours) {}
  int descriptor_;
  bool is_ours_;
};

std::string problem_text(const Error& error) {
  std::string out = error.message;
  for (const auto& field : error.fields)
    out += fmt::format("; {}: {}", field.pointer.empty() ? "the body" : field.pointer, field.detail);
  return printable(out);
}

/// Publishes all lines of one input.
class Publisher {
 public:
  Publisher(HttpClient& client, const Input& input, bool json)
      : client_(client),
        size_(input.size()),
        json_(json),
        input_(input.descriptor(), kSilence, [this] { show_progress(); }) {}

  [[nodiscard]] Result<void> run() {
    while (input_.wait_for_input()) UE_TRY(run_request());
    if (input_.error() != 0)
      return fail(ErrorKind::io, "input",
                  fmt::format("the input cannot be read: {}", std::strerror(input_.error())));
    return {};
  }

  [[nodiscard]] std::string summary() const {
    const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
    if (json_) {
      return fmt::format(
          "{{\"summary\":{{\"lines\":{},\"accepted\":{},\"duplicates\":{},\"rejected\":{},\"seconds\":{:.3f}}"
          "}}}\n",
          input_.lines(), accepted_, duplicates_, rejected_, seconds);
    }
    return fmt::format("{} lines: {} accepted ({} of them before), {} refused, in {:.1f} s\n",
                       grouped(input_.lines()), grouped(accepted_), grouped(duplicates_), grouped(rejected_),
                       seconds);
  }

  [[nodiscard]] std::uint64_t rejected() const { return rejected_; }
  [[nodiscard]] std::uint64_t last_answered_line() const { return last_line_; }

 private:
  Result<void> run_request() {
    first_line_ = input_.lines();
    has_summary_ = false;
    problem_ = {};
    broken_.reset();
    rest_.clear();
    const auto sent =
        client_.post_stream("/v1/events", "application/x-ndjson", input_,
                            [this](int status, std::string_view piece) { return take(status, piece); });
    if (broken_) return std::unexpected(*std::move(broken_));
    if (problem_.status != 0) return std::unexpected(parse_problem(problem_.status, problem_.body));
    UE_TRY(sent);
    if (!has_summary_)
      return fail(ErrorKind::unavailable, "connection-lost", "the daemon ended the answer too early",
                  "try again");
    return {};
  }

  bool take(int status, std::string_view piece) {
    if (status >= 400) {
      problem_.status = status;
      problem_.body.append(
          piece.substr(0, kMaxAnswerLineBytes - std::min(kMaxAnswerLineBytes, problem_.body.size())));
      return true;
    }
    rest_.append(piece);
    std::size_t begin = 0;
    for (std::size_t end; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      take_line(std::string_view(rest_).substr(begin, end - begin));
    }
    rest_.erase(0, begin);
    if (rest_.size() > kMaxAnswerLineBytes)
      broken_ = Error{
          ErrorKind::unavailable, "bad-answer", "the answer is not one of a user-events daemon", "", {}};
    return !broken_.has_value();
  }

  void take_line(std::string_view line) {
    if (line.empty() || take_receipt_fast(line)) return;
    auto answer = parse_line_answer(line);
    if (!answer) {
      broken_ = std::move(answer).error();
      return;
    }
    switch (answer->kind) {
      case LineAnswer::Kind::receipt:
        take_receipt(answer->line, answer->duplicate);
        break;
      case LineAnswer::Kind::summary:
        has_summary_ = true;
        return;
      case LineAnswer::Kind::broken_off:
        broken_ = std::move(answer->error);
        return;
      case LineAnswer::Kind::problem:
        last_line_ = first_line_ + answer->line;
        ++rejected_;
        message(fmt::format("line {}: {}", last_line_, problem_text(answer->error)));
    }
    if (json_) write_json(line);
  }

  // Nearly all lines are `{"line":7,"id":…,"duplicate":false}`; parsing each as JSON would cost more than
  // sending it.
  bool take_receipt_fast(std::string_view line) {
    constexpr std::string_view kHead = "{\"line\":";
    std::uint64_t number = 0;
    if (!line.starts_with(kHead)) return false;
    const auto [end, error] = std::from_chars(line.data() + kHead.size(), line.data() + line.size(), number);
    const std::string_view tail(end, line.data() + line.size());
    const bool is_duplicate = tail.ends_with(",\"duplicate\":true}");
    if (error != std::errc{} || !tail.starts_with(",\"id\":") ||
        (!is_duplicate && !tail.ends_with(",\"duplicate\":false}")))
      return false;
    take_receipt(number, is_duplicate);
    if (json_) write_json(line);
    return true;
  }

  void take_receipt(std::uint64_t line, bool duplicate) {
    last_line_ = first_line_ + line;
    ++accepted_;
    if (duplicate) ++duplicates_;
  }

  // Numbers in a request's answer begin with 1; the user's lines go on.
  void write_json(std::string_view line) {
    const auto comma = line.find(',');
    if (auto written = write_result(fmt::format("{{\"line\":{}{}\n", last_line_, line.substr(comma)));
        !written)
      broken_ = std::move(written).error();
  }

  void show_progress() {
    const auto now = Clock::now();
    if (!has_progress() || now - shown_ < kProgressEvery) return;
    shown_ = now;
    const double seconds = std::chrono::duration<double>(now - started_).count();
    const std::string share =
        size_ == 0 ? ""
                   : fmt::format(" of {:.1f} ({:.0f} %)", static_cast<double>(size_) / 1e6,
                                 100.0 * static_cast<double>(input_.bytes()) / static_cast<double>(size_));
    progress(fmt::format(
        "{} accepted, {} refused; {:.1f}{} MB sent, {}/s", grouped(accepted_), grouped(rejected_),
        static_cast<double>(input_.bytes()) / 1e6, share,
        grouped(static_cast<std::uint64_t>(static_cast<double>(accepted_) / std::max(seconds, 0.001)))));
  }

  HttpClient& client_;
  std::uint64_t size_;
  bool json_;
  Clock::time_point started_ = Clock::now(), shown_ = started_;
  std::uint64_t first_line_ = 0, last_line_ = 0;
  std::uint64_t accepted_ = 0, duplicates_ = 0, rejected_ = 0;
  bool has_summary_ = false;
  Answer problem_;  // an answer that is no stream
  std::optional<Error> broken_;
  std::string rest_;   // an answer's line that is not complete yet
  NdjsonInput input_;  // last: its ticks use the rest
};

}  // namespace

Result<void> publish_ndjson(const PublishArguments& arguments) {
  UE_TRY_ASSIGN(const Input input, Input::open(arguments.ndjson));
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  Publisher publisher(client, input, arguments.json);
  auto done = publisher.run();
  UE_TRY(write_result(publisher.summary()));
  if (!done) {
    Error error = std::move(done).error();
    error.message += fmt::format("; answered up to line {}", publisher.last_answered_line());
    error.hint =
        fmt::format("{}{}publish again from line {}: lines with an id of their own are accepted once only",
                    error.hint, error.hint.empty() ? "" : "; then ", publisher.last_answered_line() + 1);
    return std::unexpected(std::move(error));
  }
  if (publisher.rejected() > 0)
    return fail(ErrorKind::invalid, "lines-refused",
                fmt::format("{} of the lines refused: listed above", grouped(publisher.rejected())));
  return {};
}

}  // namespace user_events::cli
