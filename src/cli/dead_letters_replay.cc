// dead-letters replay: asks for it, then follows it to its end.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "base/try.h"
#include "cli/commands.h"
#include "cli/delivery_answers.h"
#include "cli/http_client.h"
#include "cli/letter_filter.h"
#include "cli/output.h"
#include "cli/requester.h"

namespace user_events::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPollFirst{50}, kPollMost{500};
/// A daemon that restarts goes on with the replay by itself; one that stays away longer is told of.
constexpr std::chrono::seconds kMostAbsence{60};
constexpr std::string_view kRunning = "running";

using Replays = std::vector<Line<DeadLetterReplay>>;

struct Totals {
  std::uint64_t total = 0, delivered = 0, dead_again = 0, remaining = 0;
  bool running = false, cancelled = false;
};

Totals totals_of(const Replays& replays) {
  Totals out;
  for (const auto& [one, json] : replays) {
    out.total += one.total;
    out.delivered += one.delivered;
    out.dead_again += one.dead_again;
    out.remaining += one.remaining;
    out.running |= one.state == kRunning;
    out.cancelled |= one.state == "cancelled";
  }
  return out;
}

/// Asks for all that still run; an absence of the daemon is borne for a while.
class Follower {
 public:
  explicit Follower(HttpClient& client) : client_(client) {}

  Result<void> update(Replays& replays) {
    for (auto& [one, json] : replays) {
      if (one.state != kRunning) continue;
      auto body = client_.get(fmt::format("/v1/dead-letters/replays/{}", one.number));
      if (!body) {
        UE_TRY(bear(body.error(), one.number));
        return {};
      }
      UE_TRY_ASSIGN(one, parse_replay(*body));
      json = *std::move(body);
    }
    absent_since_.reset();
    return {};
  }

 private:
  Result<void> bear(const Error& error, std::uint64_t number) {
    if (error.kind != ErrorKind::unavailable) return std::unexpected(error);
    const auto now = Clock::now();
    if (!absent_since_) message(fmt::format("user-events: {}; trying again", printable(error.message)));
    if (!absent_since_) absent_since_ = now;
    if (now - *absent_since_ < kMostAbsence) return {};
    return fail(ErrorKind::unavailable, "replay-out-of-sight", fmt::format("{}; replay {} goes on when it is back", error.message, number),
                "`user-events dead-letters replays` shows how far it is");
  }

  HttpClient& client_;
  std::optional<Clock::time_point> absent_since_;
};

void show_progress(const Totals& now, Clock::time_point start) {
  if (!has_progress()) return;
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  progress(fmt::format("{} of {} delivered, {} failed again, {:.0f} a second", grouped(now.delivered), grouped(now.total),
                       grouped(now.dead_again), static_cast<double>(now.delivered) / std::max(seconds, 0.001)));
}

std::string summary_line(const DeadLetterReplay& one) {
  std::string out = fmt::format("replay {} ({}) {}: {} of {} delivered, {} failed again", one.number, one.destination,
                                one.state == "done" ? "is done" : one.state, grouped(one.delivered), grouped(one.total),
                                grouped(one.dead_again));
  if (const auto known = one.delivered + one.dead_again + one.remaining; known < one.total)
    out += fmt::format(", {} wait behind those or were given up meanwhile", grouped(one.total - known));
  return printable(out) + "\n";
}

/// What the exit status says.
Result<void> judge(const Totals& end) {
  if (end.dead_again > 0)
    return fail(ErrorKind::unavailable, "failed-again", fmt::format("{} failed again", counted(end.dead_again, "letter")),
                "`user-events dead-letters list` says why");
  if (end.cancelled)
    return fail(ErrorKind::unavailable, "replay-cancelled", "the replay was cancelled; what was not sent yet stays a dead letter");
  return {};
}

Result<void> follow(HttpClient& client, Replays& replays) {
  Follower follower(client);
  const auto start = Clock::now();
  auto pause = kPollFirst;
  for (Totals now = totals_of(replays); now.running; now = totals_of(replays)) {
    show_progress(now, start);
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kPollMost);
    UE_TRY(follower.update(replays));
  }
  return {};
}

Result<void> print_replays(const Replays& replays, bool as_json) {
  for (const auto& [one, json] : replays) UE_TRY(write_result(as_json ? json + "\n" : summary_line(one)));
  return {};
}

}  // namespace

Result<void> dead_letters_replay(const DeadLetterArguments& arguments) {
  UE_TRY_ASSIGN(std::string body, letter_choice(arguments));
  body = "{" + body;
  if (arguments.rate != 0) body += fmt::format(",\"rate\":{}", arguments.rate);
  body += requester_member() + "}";
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string answer, client.post("/v1/dead-letters/replay", "application/json", body));
  UE_TRY_ASSIGN(auto listed, parse_replays(answer));
  Replays& replays = listed.lines;
  if (!arguments.no_wait) UE_TRY(follow(client, replays));
  UE_TRY(print_replays(replays, arguments.json));
  return judge(totals_of(replays));
}

}  // namespace user_events::cli
