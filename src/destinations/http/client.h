// Many HTTP requests at once over libcurl's multi interface, driven by the thread that owns it: nothing here blocks beyond the time it
// is given.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace user_events::destinations::http {

/// AWS Signature Version 4, made by libcurl.
struct AwsSignature {
  std::string access_key_id, secret_access_key;
  std::string session_token;  ///< Empty: none. Travels in `X-Amz-Security-Token`.
  std::string region, service;
};

struct Request {
  std::string method = "POST";
  std::string url;
  std::vector<std::string> headers;  ///< `Name: value`.
  std::string body;
  std::optional<AwsSignature> signature;
  std::chrono::milliseconds timeout{10'000};  ///< Of the whole, connecting included.
  bool use_proxy = true;                      ///< False: never through a proxy that the environment names.
  /// Ends once a new connection is made, TLS included: status 0 and no error. No byte of a request is sent, and the connection is not kept.
  bool connect_only = false;
};

/// Whose certificate it was that no answer came.
enum class TlsTrouble : std::uint8_t {
  none,
  server,  ///< Of an authority that is not known, or for another host.
  client,  ///< The server wants another than ours, or ours cannot be read.
};

/// Either an answer (`status` is not 0), or why there is none (`error`).
struct Response {
  int status = 0;
  std::string body;
  std::chrono::seconds retry_after{0};  ///< What the header `Retry-After` asks for; 0: nothing.
  std::string error;                    ///< One line; names hosts, never headers or bodies.
  bool address_refused = false;         ///< By `allows_address`: one of the host's at least.
  TlsTrouble tls = TlsTrouble::none;
  bool sent = true;                     ///< False: no byte of the request left, so the server certainly did not act on it.
};
using Done = std::function<void(Response)>;

struct ClientOptions {
  std::uint32_t max_connections = 16;  ///< Per host and in total; further requests wait for one.
  std::chrono::milliseconds connect_timeout{5'000};
  std::uint64_t max_answer_bytes = 1u << 20;  ///< A longer answer is an error, or cut off there if it is not kept.
  bool keep_answers = true;                   ///< False: bodies of answers are read and thrown away.
  std::uint64_t kept_bytes = 0;               ///< Of a body that is not kept its beginning is, up to this.
  std::string ca_file = {};                   ///< PEM; empty: the system's authorities.
  std::string cert_file = {}, key_file = {};  ///< Client certificate, PEM; empty: none.
  bool verify = true;                         ///< Certificate and name of the server.
  /// Asked for each address when a socket for it is about to be made, whatever name stood for it; empty: all are allowed.
  std::function<bool(const sockaddr&)> allows_address = {};
};

/// Used by one thread, except `wake`.
class Client {
 public:
  explicit Client(ClientOptions options);
  /// Drops what is under way without a word.
  ~Client();

  /// `done` is called from a later `run` or `cancel_all`, once. It may start further requests.
  void start(Request request, Done done);
  /// Its answer. Blocks until there is one, or none comes in `request.timeout`; other requests go on meanwhile.
  [[nodiscard]] Response call(Request request);
  /// Does what can be done, waits up to `timeout` for more, and calls back for what has ended. False if it was ended by `wake`.
  bool run(std::chrono::milliseconds timeout);
  /// Ends everything under way: each is called back with an error.
  void cancel_all();
  /// Ends a `run` that waits, or the next one. Thread-safe.
  void wake() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace user_events::destinations::http
