// serve: the daemon.
#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/try.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/output.h"
#include "observability/log.h"
#include "server/http_server.h"
#include "user_events/publisher.h"

namespace user_events::cli {
namespace {

// Together below what service managers and orchestrators wait before they kill (30 s and more).
constexpr std::chrono::milliseconds kHttpDeadline{5'000}, kDeliveryDeadline{10'000};

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

/// What the daemon waits for: those, and SIGHUP, at which it reads its catalogue folder again.
sigset_t awaited_signals() {
  sigset_t set = stop_signals();
  sigaddset(&set, SIGHUP);
  return set;
}

extern "C" void exit_at_once(int signal) { ::_exit(128 + signal); }

/// From now on the second SIGTERM or SIGINT ends the process without more ado; what was accepted is on disk.
void exit_at_next_signal() {
  struct sigaction action{};
  action.sa_handler = exit_at_once;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

// Renamed into place, so that who waits for the file never reads half a number.
Result<void> write_port(const std::string& file, std::uint16_t port) {
  const std::string temporary = file + ".new";
  std::FILE* out = std::fopen(temporary.c_str(), "we");
  const bool is_written = out != nullptr && std::fprintf(out, "%u\n", static_cast<unsigned>(port)) > 0;
  const bool is_closed = out != nullptr && std::fclose(out) == 0;
  if (!is_written || !is_closed || std::rename(temporary.c_str(), file.c_str()) != 0) {
    return fail(ErrorKind::io, "port-file",
                fmt::format("--port-file: cannot write {}: {}", file, std::strerror(errno)));
  }
  return {};
}

Result<Options> options_of(const ServeArguments& arguments) {
  UE_TRY_ASSIGN(Configuration configuration, load_configuration(arguments.config));
  const std::string listen_place =
      arguments.listen.empty() ? place_of(configuration, "http.listen") : "--listen";
  Options options = std::move(configuration.loaded.options);
  if (!arguments.listen.empty())
    UE_TRY(config::set_text(options, "http.listen", arguments.listen, "--listen"));
  if (!arguments.data_dir.empty())
    UE_TRY(config::set_text(options, "data_dir", arguments.data_dir, "--data-dir"));
  UE_TRY(check_listen(options.http.listen, listen_place));
  return options;
}

void reload_catalogue(UserEventPublisher& publisher) {
  const auto added = publisher.reload_catalogue();
  if (!added)
    observability::log().error("SIGHUP: the catalogue stays as it was: {}", describe(added.error()));
  else if (added->empty())
    observability::log().info("SIGHUP: the catalogue folder holds nothing new");
  else
    observability::log().info("SIGHUP: new event types and versions: {}", fmt::join(*added, ", "));
}

/// Until SIGTERM or SIGINT.
void wait_for_stop(UserEventPublisher& publisher) {
  const sigset_t set = awaited_signals();
  for (int signal = 0; signal != SIGTERM && signal != SIGINT;) {
    sigwait(&set, &signal);
    if (signal == SIGHUP) reload_catalogue(publisher);
  }
}

std::string destination_names(const Options& options) {
  std::string out;
  for (const auto& destination : options.destinations)
    out.append(out.empty() ? "" : ", ").append(destination.name);
  return out.empty() ? "none" : out;
}

}  // namespace

Result<void> serve(const ServeArguments& arguments) {
  UE_TRY_ASSIGN(const Options options, options_of(arguments));
  observability::configure_log(options.log);
  // Before any thread exists: all inherit the mask, and only this one takes the signals.
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);

  UE_TRY_ASSIGN(UserEventPublisher publisher, UserEventPublisher::open(options));
  UE_TRY_ASSIGN(const auto http, server::HttpServer::start(publisher, options.http));
  if (!arguments.port_file.empty()) UE_TRY(write_port(arguments.port_file, http->port()));
  message(fmt::format("user-events {} listens on {} (data: {}, destinations: {})", version(), http->url(),
                      options.data_dir, destination_names(options)));

  wait_for_stop(publisher);
  exit_at_next_signal();
  observability::log().info(
      "stopping: requests under way are finished, then what can be delivered is delivered");
  http->stop(kHttpDeadline);
  if (auto closed = publisher.close(kDeliveryDeadline); !closed) {
    if (closed.error().code != "undelivered") return closed;
    observability::log().warn("{}", describe(closed.error()));  // the journal keeps it: no failure
  }
  return {};
}

}  // namespace user_events::cli
