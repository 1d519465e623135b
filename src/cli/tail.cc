// tail: the newest events, those after a number, or all that come.
#include <fmt/format.h>

#include <chrono>
#include <deque>
#include <thread>

#include "base/try.h"
#include "base/type_filter.h"
#include "cli/answers.h"
#include "cli/commands.h"
#include "cli/event_source.h"
#include "cli/event_stream.h"
#include "cli/http_client.h"
#include "cli/output.h"

namespace user_events::cli {
namespace {

constexpr std::size_t kPageEvents = 100;
constexpr std::chrono::milliseconds kReconnectFirst{500}, kReconnectMost{10'000};

Result<void> print_event(const std::string& json, bool as_json) {
  if (as_json) return write_result(json + "\n");
  UE_TRY_ASSIGN(const EventSummary event, parse_event(json));
  return write_result(printable(fmt::format("{:>8}  {}  {}  {}  {}", event.sequence, event.time, event.type,
                                            event.subject.empty() ? "-" : event.subject, event.data)) +
                      "\n");
}

/// Calls `take` for every page after `query.after`; `query.after` ends at the last number seen.
template <class Take>
Result<void> for_each_page(EventSource& source, ReadQuery& query, Take&& take) {
  while (true) {
    UE_TRY_ASSIGN(Page page, source.page(query));
    UE_TRY(take(page.events));
    if (page.next <= query.after) return {};
    query.after = page.next;
  }
}

Result<void> print_after(EventSource& source, ReadQuery& query, bool json) {
  return for_each_page(source, query, [&](std::vector<std::string>& events) -> Result<void> {
    for (const auto& event : events) UE_TRY(print_event(event, json));
    return {};
  });
}

/// The newest `count`. With a filter there is no telling where they begin, so all are read and the last ones
/// kept.
Result<void> print_last(EventSource& source, ReadQuery& query, std::uint32_t count, bool json) {
  UE_TRY_ASSIGN(const std::uint64_t last, source.last_sequence());
  const bool is_filtered = !query.types.empty() || !query.user.empty();
  query.after = is_filtered || last < count ? 0 : last - count;
  std::deque<std::string> newest;
  UE_TRY(for_each_page(source, query, [&](std::vector<std::string>& events) -> Result<void> {
    for (auto& event : events) {
      newest.push_back(std::move(event));
      if (newest.size() > count) newest.pop_front();
    }
    return {};
  }));
  for (const auto& event : newest) UE_TRY(print_event(event, json));
  return {};
}

/// Follows the event stream, across restarts of the daemon, until it is interrupted.
Result<void> follow(HttpClient& client, const ReadQuery& query, bool json) {
  std::optional<Error> failed;
  EventStreamParser parser([&](std::string_view event) {
    if (auto printed = print_event(std::string(event), json); !printed) failed = std::move(printed).error();
    return !failed.has_value();
  });
  auto pause = kReconnectFirst;
  while (true) {
    Answer problem;
    std::vector<std::string> headers = {"Accept: text/event-stream"};
    if (!parser.last_id().empty()) headers.push_back("Last-Event-ID: " + parser.last_id());
    const auto ended = client.get_stream(events_path("/v1/events/stream", query, false), headers,
                                         [&](int status, std::string_view piece) {
                                           if (status < 400) {
                                             pause = kReconnectFirst;
                                             return parser.feed(piece);
                                           }
                                           problem.status = status;
                                           problem.body.append(piece.substr(0, 4'096));
                                           return problem.body.size() < (64 << 10);
                                         });
    if (failed) return std::unexpected(*std::move(failed));
    if (problem.status != 0 && problem.status != 503)
      return std::unexpected(parse_problem(problem.status, problem.body));
    message(fmt::format("user-events: {}; trying again",
                        ended ? "the event stream ended" : printable(ended.error().message)));
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kReconnectMost);
    parser.reset();
  }
}

}  // namespace

Result<void> tail(const TailArguments& arguments) {
  if (arguments.follow && !arguments.data_dir.empty()) {
    return fail(ErrorKind::usage, "follow-needs-daemon", "--follow needs a running daemon",
                "leave out --data-dir, or leave out --follow");
  }
  if (auto filter = base::TypeFilter::parse(arguments.types); !filter) {
    filter.error().message = "--type: " + filter.error().message;
    return std::unexpected(std::move(filter).error());
  }
  ReadQuery query;
  query.types = arguments.types;
  query.user = arguments.user;
  query.limit = kPageEvents;
  UE_TRY_ASSIGN(const auto source, open_source(arguments.client, arguments.data_dir));
  if (arguments.after) {
    query.after = *arguments.after;
    UE_TRY(print_after(*source, query, arguments.json));
  } else {
    UE_TRY(print_last(*source, query, arguments.last, arguments.json));
  }
  if (!arguments.follow) return {};
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  return follow(client, query, arguments.json);
}

}  // namespace user_events::cli
