// destination list, pause, resume, replay.
#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"
#include "cli/commands.h"
#include "cli/delivery_answers.h"
#include "cli/http_client.h"
#include "cli/output.h"
#include "cli/time_switch.h"

namespace user_events::cli {
namespace {

std::string path_of(const DestinationArguments& arguments, std::string_view what) {
  return fmt::format("/v1/destinations/{}/{}", percent_encode(arguments.name), what);
}

Result<void> order(const DestinationArguments& arguments, std::string_view what, std::string_view done) {
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string answer, client.post(path_of(arguments, what), "application/json", ""));
  if (arguments.json) return write_result(answer + "\n");
  return write_result(printable(fmt::format("{} {}", arguments.name, done)) + "\n");
}

}  // namespace

Result<void> destination_list(const DestinationArguments& arguments) {
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string body, client.get("/v1/destinations"));
  if (arguments.json) return write_result(body + "\n");
  UE_TRY_ASSIGN(const auto destinations, parse_destinations(body));
  std::size_t width = 0;
  for (const auto& one : destinations) width = std::max(width, one.name.size());
  std::string out;
  for (const auto& one : destinations)
    out += printable(fmt::format("{:<{}}  {:<9}  {:<11}  {:>12} waiting  {:>9} dead letters  {}", one.name, width, one.kind,
                                 one.state, grouped(one.lag_events), grouped(one.dead_letters), one.detail)) +
           "\n";
  return write_result(out);
}

Result<void> destination_pause(const DestinationArguments& arguments) {
  return order(arguments, "pause", fmt::format("is paused until `user-events destination resume {}`", arguments.name));
}

Result<void> destination_resume(const DestinationArguments& arguments) {
  return order(arguments, "resume", "goes on");
}

Result<void> destination_replay(const DestinationArguments& arguments) {
  std::string body;
  if (arguments.from) {
    body = fmt::format(R"({{"sequence":{}}})", *arguments.from);
  } else {
    UE_TRY_ASSIGN(const auto time, parse_time_switch(arguments.since, "--since"));
    body = fmt::format(R"({{"time":"{}"}})", time_text(time));
  }
  UE_TRY_ASSIGN(HttpClient client, HttpClient::from_environment(arguments.client.token_file));
  UE_TRY_ASSIGN(const std::string answer, client.post(path_of(arguments, "replay"), "application/json", body));
  if (arguments.json) return write_result(answer + "\n");
  UE_TRY_ASSIGN(const auto done, parse_rewind(answer));
  return write_result(printable(fmt::format("{} gets numbers {} to {} again, marked as replay {}", arguments.name, done.from,
                                            done.until, done.replay)) +
                      "\n");
}

}  // namespace user_events::cli
