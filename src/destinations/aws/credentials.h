// Where the keys come from, in the order of AWS's SDKs: configuration, environment, web identity (STS), shared files, container
// endpoint, instance metadata (IMDSv2). Temporary ones are renewed before they end.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "destinations/aws/config.h"
#include "destinations/http/client.h"
#include "user_events/error.h"

namespace user_events::destinations::aws {

struct Credentials {
  std::string access_key_id, secret_access_key, session_token;
  std::optional<std::chrono::system_clock::time_point> expires;  ///< Nothing: they do not end.
};

/// Whose region is asked for where neither the configuration nor the target names one: environment, then profile. May be empty.
[[nodiscard]] std::string region_of_environment(const Config& config);

/// Used by one thread. Network requests go over `client`, which must outlive it and drop its requests before it is destroyed.
class CredentialSource {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `region` is STS's.
  CredentialSource(const Config& config, std::string region, http::Client& client);

  /// Starts to get or renew credentials when that is due.
  void tick(Time now);
  /// When `tick` will have something to do; nothing while a request is under way, or if there is nothing to renew.
  [[nodiscard]] std::optional<Time> next_due() const noexcept { return next_due_; }
  /// The service refused the present ones: gets them anew, though not more often than every second.
  void renew(Time now);
  /// Gets them; blocks until there are some, `timeout` is over, or it is known why there are none. Error `unavailable`: `problem`.
  [[nodiscard]] Result<const Credentials*> wait(std::chrono::milliseconds timeout);
  /// nullptr: there are none yet, or they are over.
  [[nodiscard]] const Credentials* current() const;
  /// Why there are none, or why they could not be renewed: one line without secrets; empty if all is well.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  enum class Place : std::uint8_t { environment, web_identity, profile, container, instance, none };
  using Answered = void (CredentialSource::*)(const http::Response&);

  void look(Place place);
  [[nodiscard]] bool look_in_environment();
  [[nodiscard]] bool look_in_profile();
  [[nodiscard]] bool look_in_container();
  [[nodiscard]] bool ask_sts(const std::string& role, const std::string& token_file, const std::string& session);
  void ask_instance();
  void ask(http::Request request, Answered answered);

  void on_sts(const http::Response& response);
  void on_json(const http::Response& response);
  void on_instance_token(const http::Response& response);
  void on_instance_role(const http::Response& response);

  void take(Credentials credentials);
  void fail(std::string problem);

  const Config& config_;
  std::string region_;
  http::Client& client_;
  std::optional<Credentials> credentials_;
  std::string problem_;
  std::string origin_;          ///< Which place is asked, for messages.
  std::string instance_token_;  ///< IMDSv2 session.
  std::optional<Time> next_due_ = Time{};
  Time begun_{};
  bool is_asking_ = false;
  std::uint32_t failures_ = 0;
};

}  // namespace user_events::destinations::aws
