// One HTTP request as the handlers see it. Reused from request to request, so that a warm connection
// allocates nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace user_events::server {

enum class Method : std::uint8_t { get, head, post, other };

struct Request {
  Method method = Method::other;
  bool http11 = true;
  bool keep_alive = true;
  bool expects_continue = false;
  bool expects_other = false;  ///< An `Expect` that nobody here can meet.
  std::optional<std::uint64_t> content_length;
  std::uint32_t hosts = 0;  ///< Number of `Host` fields.
  std::uint32_t authorizations = 0;  ///< Number of `Authorization` fields.
  std::string target;       ///< As sent: `/v1/events?after=3`.
  std::string authorization;  ///< A secret.
  std::string host, origin, content_type, content_encoding, last_event_id, schema_version;
  std::vector<std::pair<std::string, std::string>>
      attributes;    ///< `ce-*` fields: name without the prefix in lower case, raw value.
  std::string body;  ///< Empty for streamed bodies.

  void clear();
};

}  // namespace user_events::server
