#include "destinations/redis/connector.h"

#include <fmt/format.h>

#include <charconv>

#include "base/try.h"
#include "destinations/redis/outcome.h"

namespace user_events::destinations::redis {
namespace {

std::unexpected<Error> down(std::string message) { return fail(ErrorKind::unavailable, "redis", std::move(message)); }

/// `name:value` in what INFO answers; empty if it is not there (or may not be read).
std::string_view info_field(std::string_view info, std::string_view name) {
  for (std::size_t at = 0; (at = info.find(name, at)) != std::string_view::npos; at += name.size()) {
    const bool at_line = at == 0 || info[at - 1] == '\n';
    if (!at_line || info.substr(at + name.size(), 1) != ":") continue;
    const auto value = info.substr(at + name.size() + 1);
    return value.substr(0, value.find_first_of("\r\n"));
  }
  return {};
}

/// First look at a server.
class Introduction {
 public:
  Introduction(const Config& config, Pipeline& pipeline, Socket::Clock::time_point deadline)
      : config_(config), pipeline_(pipeline), deadline_(deadline) {}

  Result<void> sign_in() {
    if (!config_.password.empty()) {
      UE_TRY_ASSIGN(const Reply reply, config_.user.empty() ? pipeline_.ask({"AUTH", config_.password}, deadline_)
                                                            : pipeline_.ask({"AUTH", config_.user, config_.password}, deadline_));
      if (is_error(*reply)) return down("cannot sign in: " + server_problem(text_of(*reply)));
    }
    UE_TRY_ASSIGN(const Reply named, pipeline_.ask({"CLIENT", "SETNAME", "user-events"}, deadline_));
    if (config_.database != 0) {
      UE_TRY_ASSIGN(const Reply reply, pipeline_.ask({"SELECT", std::to_string(config_.database)}, deadline_));
      if (is_error(*reply)) return down("database: " + server_problem(text_of(*reply)));
    }
    return {};
  }

  /// Rights to look are not needed to send: what may not be read is not known.
  Result<void> look(Ready& ready) {
    UE_TRY_ASSIGN(const Reply info, pipeline_.ask({"INFO"}, deadline_));
    if (is_error(*info) && !text_of(*info).starts_with("NOPERM")) return down(server_problem(text_of(*info)));
    const std::string_view text = is_error(*info) ? std::string_view() : text_of(*info);
    if (info_field(text, "redis_mode") == "cluster") return down("Redis Cluster is not supported (name a server that is no part of one)");
    if (info_field(text, "role") == "slave") return down("this server is a replica (address must name the primary)");
    if (info_field(text, "loading") == "1") return down("the server is loading its data");
    UE_TRY_ASSIGN(const std::string fsync, setting("appendfsync"));
    note_durability(ready, info_field(text, "aof_enabled"), fsync);
    UE_TRY_ASSIGN(const std::string limit, setting("proto-max-bulk-len"));
    if (!limit.empty()) (void)std::from_chars(limit.data(), limit.data() + limit.size(), ready.max_value_bytes);
    return {};
  }

 private:
  /// Empty if it may not be read.
  Result<std::string> setting(std::string_view name) {
    UE_TRY_ASSIGN(const Reply reply, pipeline_.ask({"CONFIG", "GET", name}, deadline_));
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) return std::string();
    return std::string(text_of(*reply->element[1]));
  }

  static void note_durability(Ready& ready, std::string_view aof, std::string_view fsync) {
    if (aof.empty())
      ready.notes.emplace_back("how the server saves may not be read: whether accepted events survive its end is not known");
    else if (aof == "0")
      ready.notes.emplace_back("appendonly is off: a restart of the server can lose accepted events");
    else if (!fsync.empty() && fsync != "always")
      ready.notes.emplace_back(fmt::format("appendfsync is {}: a crash of the server's machine can lose the last accepted events", fsync));
  }

  const Config& config_;
  Pipeline& pipeline_;
  Socket::Clock::time_point deadline_;
};

Result<Ready> connect(const Config& config) {
  const auto deadline = Socket::Clock::now() + config.connect_timeout;
  std::shared_ptr<TlsContext> tls;
  if (config.tls.enabled) {
    UE_TRY_ASSIGN(tls, TlsContext::make(config.tls));
  }
  auto socket = Socket::connect(config.address.host, config.address.port, tls.get(), deadline);
  if (!socket)
    return down(fmt::format("{} ({})", socket.error().message,
                            socket.error().message.starts_with("TLS") ? "check tls_ca_file, tls_cert_file and the name in address" : "check address; events wait"));
  Ready ready{.pipeline = Pipeline(*std::move(socket)), .notes = config.notes};
  Introduction introduction(config, ready.pipeline, deadline);
  UE_TRY(introduction.sign_in());
  UE_TRY(introduction.look(ready));
  return ready;
}

}  // namespace

Connector::Connector(std::shared_ptr<const Config> config, std::shared_ptr<const Bell> bell) : config_(std::move(config)), bell_(std::move(bell)) {}

Connector::~Connector() {
  if (!thread_.joinable()) return;
  // A thread that has its result ends at once; one that waits for the network ends by itself and touches only what it shares.
  const bool done = [this] {
    std::lock_guard lock(box_->mutex);
    return box_->result.has_value();
  }();
  done ? thread_.join() : thread_.detach();
}

void Connector::begin() {
  box_ = std::make_shared<Box>();
  thread_ = std::thread([config = config_, bell = bell_, box = box_] {
    auto result = connect(*config);
    {
      std::lock_guard lock(box->mutex);
      box->result.emplace(std::move(result));
    }
    bell->ring();
  });
}

std::optional<Result<Ready>> Connector::result() {
  if (!thread_.joinable()) return std::nullopt;
  std::optional<Result<Ready>> result;
  {
    std::lock_guard lock(box_->mutex);
    if (!box_->result) return std::nullopt;
    result.emplace(std::move(*box_->result));
  }
  thread_.join();
  box_.reset();
  return result;
}

}  // namespace user_events::destinations::redis
