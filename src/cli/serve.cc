// serve: the daemon.
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "access/policy.h"
#include "base/hex.h"
#include "base/try.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/output.h"
#include "crypto/digest.h"
#include "observability/log.h"
#include "server/http_server.h"
#include "user_events/publisher.h"

namespace user_events::cli {
namespace {

// Together below what service managers and orchestrators wait before they kill (30 s and more).
constexpr std::chrono::milliseconds kHttpDeadline{5'000}, kDeliveryDeadline{10'000};

/// How often it is looked whether certificates have changed.
constexpr timespec kUpkeepInterval{10, 0};

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

/// What the daemon waits for: those, and SIGHUP, at which it reads its catalogue folder, clients, certificates and signing keys again.
sigset_t awaited_signals() {
  sigset_t set = stop_signals();
  sigaddset(&set, SIGHUP);
  return set;
}

// malloc keeps what a backlog leaves behind: tens of MiB that nobody uses until the next outage.
constexpr std::size_t kMostUnusedBytes = 16u << 20;

void give_back_unused_memory() {
  if (::mallinfo2().fordblks > kMostUnusedBytes) (void)::malloc_trim(0);
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

/// Events, tokens and keys are in memory: no core file holds them, and no other process of this user looks into it.
Result<void> forbid_core_dumps() {
  constexpr rlimit kNone{0, 0};
  if (::prctl(PR_SET_DUMPABLE, 0) == 0 && ::setrlimit(RLIMIT_CORE, &kNone) == 0) return {};
  return fail(ErrorKind::internal, "core-dumps", fmt::format("core dumps cannot be forbidden: {}", std::strerror(errno)),
              "--core-dumps starts the daemon with them");
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

/// One reading of the configuration.
struct Given {
  Options options;     ///< With what the command line sets.
  std::string digest;  ///< Of what `config show` prints, so that in the audit log a change of grants shows.
};

std::string digest_of(const config::Loaded& loaded) {
  const auto digest = crypto::sha256(config::show(loaded));
  std::string out;
  base::append_hex({reinterpret_cast<const char*>(digest.data()), digest.size()}, out);
  return out;
}

Result<Given> read_configuration(const ServeArguments& arguments) {
  UE_TRY_ASSIGN(Configuration configuration, load_configuration(arguments.config));
  const std::string listen_place =
      arguments.listen.empty() ? place_of(configuration, "http.listen") : "--listen";
  std::string digest = digest_of(configuration.loaded);
  Options options = std::move(configuration.loaded.options);
  if (!arguments.listen.empty())
    UE_TRY(config::set_text(options, "http.listen", arguments.listen, "--listen"));
  if (!arguments.data_dir.empty())
    UE_TRY(config::set_text(options, "data_dir", arguments.data_dir, "--data-dir"));
  UE_TRY(check_listen(options.http, listen_place));
  return Given{std::move(options), std::move(digest)};
}

/// Who asked, in the audit log, where it was nobody with a name.
constexpr const char* kSignal = "(signal)";

/// What a load is about, for the audit log. A configuration that cannot be read has no digest.
std::string asked_of(std::string_view what, const Result<Given>& given) {
  return given ? fmt::format(R"("what":"{}","configuration":"{}")", what, given->digest) : fmt::format(R"("what":"{}")", what);
}

/// Needs nothing of the configuration, which may be wrong.
void reload_catalogue(UserEventPublisher& publisher, const Result<Given>& given) {
  std::vector<std::string> added;
  const auto done = publisher.recorded("config.reload", kSignal, asked_of("catalogue", given), [&]() -> Result<void> {
    UE_TRY_ASSIGN(added, publisher.reload_catalogue());
    return {};
  });
  if (!done)
    observability::log().error("SIGHUP: the catalogue stays as it was: {}", describe(done.error()));
  else if (added.empty())
    observability::log().info("SIGHUP: the catalogue folder holds nothing new");
  else
    observability::log().info("SIGHUP: new event types and versions: {}", fmt::join(added, ", "));
}

/// Clients, issuers and certificates as they are now. What is wrong changes nothing.
Result<void> replace_clients(const UserEventPublisher& publisher, server::HttpServer& http, const HttpOptions& options) {
  UE_TRY(publisher.check_policies(options.clients));
  if (options.clients.empty() != !http.asks_for_clients())
    return fail(ErrorKind::usage, "clients", "whether there are clients at all is decided at the start", "restart the daemon");
  UE_TRY(access::Policy::make(options.clients, options.issuers));  // first: what is wrong changes nothing
  UE_TRY(http.reload_certificates());
  return http.replace_clients(options);
}

void reload_clients(UserEventPublisher& publisher, server::HttpServer& http, const Result<Given>& given) {
  const auto replace = [&]() -> Result<void> { return given ? replace_clients(publisher, http, given->options.http) : std::unexpected(given.error()); };
  if (auto done = publisher.recorded("config.reload", kSignal, asked_of("clients", given), replace); !done)
    observability::log().error("SIGHUP: clients and certificates stay as they were: {}", describe(done.error()));
  else
    observability::log().info("SIGHUP: clients, issuers and certificates are read again");
}

void reload_signing_keys(UserEventPublisher& publisher, const Result<Given>& given) {
  const auto read = [&]() -> Result<void> { return given ? publisher.reload_signing_keys(given->options) : std::unexpected(given.error()); };
  if (auto done = publisher.recorded("config.reload", kSignal, asked_of("signing-keys", given), read); !done)
    observability::log().error("SIGHUP: signing keys stay as they were: {}", describe(done.error()));
  else if (!publisher.options().signing_keys.empty())
    observability::log().info("SIGHUP: signing keys are read again");
}

void look_at_certificates(server::HttpServer& http) {
  const auto changed = http.reload_changed_certificates();
  if (!changed)
    observability::log().error("tls: the certificate in use stays: {}", describe(changed.error()));
  else if (*changed)
    observability::log().info("tls: the certificate has changed and is used for connections from now on");
}

/// Until SIGTERM or SIGINT.
void wait_for_stop(UserEventPublisher& publisher, server::HttpServer& http, const ServeArguments& arguments) {
  const sigset_t set = awaited_signals();
  for (;;) {
    const int signal = sigtimedwait(&set, nullptr, &kUpkeepInterval);
    if (signal == SIGTERM || signal == SIGINT) return;
    if (signal == SIGHUP) {
      const auto given = read_configuration(arguments);
      reload_catalogue(publisher, given);
      reload_clients(publisher, http, given);
      reload_signing_keys(publisher, given);
    } else if (signal < 0 && errno == EAGAIN) {
      look_at_certificates(http);
      give_back_unused_memory();
    }
  }
}

void warn_of_insecurity(const HttpOptions& options) {
  if (!options.insecure) return;
  if (options.tls.certificate_file.empty()) observability::log().warn("http.insecure: there is no TLS; what is sent can be read on the way");
  if (options.clients.empty()) observability::log().warn("http.insecure: no clients are configured; whoever reaches the port may publish, read and command");
}

std::string destination_names(const Options& options) {
  std::string out;
  for (const auto& destination : options.destinations)
    out.append(out.empty() ? "" : ", ").append(destination.name);
  return out.empty() ? "none" : out;
}

}  // namespace

Result<void> serve(const ServeArguments& arguments) {
  if (!arguments.core_dumps) UE_TRY(forbid_core_dumps());
  const auto given = read_configuration(arguments);
  if (!given) return std::unexpected(given.error());
  const Options& options = given->options;
  observability::configure_log(options.log);
  // Before any thread exists: all inherit the mask, and only this one takes the signals.
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);

  UE_TRY_ASSIGN(UserEventPublisher publisher, UserEventPublisher::open(options));
  if (auto noted = publisher.recorded("config.load", "(start)", asked_of("everything", given), [] { return Result<void>(); }); !noted)
    observability::log().error("the configuration is not recorded: {}", describe(noted.error()));
  UE_TRY_ASSIGN(const auto http, server::HttpServer::start(publisher, options.http));
  if (!arguments.port_file.empty()) UE_TRY(write_port(arguments.port_file, http->port()));
  message(fmt::format("user-events {} listens on {} (data: {}, destinations: {})", version(), http->url(),
                      options.data_dir, destination_names(options)));

  warn_of_insecurity(options.http);
  wait_for_stop(publisher, *http, arguments);
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
