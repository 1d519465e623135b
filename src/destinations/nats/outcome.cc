#include "destinations/nats/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace user_events::destinations::nats {
namespace {

constexpr int kHeaderExceedsMaximum = 10097;  // not named in libnats 3.4

/// This message will never fit.
constexpr std::array kTooLarge = {static_cast<int>(JSStreamMessageExceedsMaximumErr), kHeaderExceedsMaximum};

/// The stream, the account or the cluster takes nothing at all now.
constexpr std::array kNothingTaken = {
    static_cast<int>(JSAccountResourcesExceededErr), static_cast<int>(JSClusterIncompleteErr), static_cast<int>(JSClusterNoPeersErr),
    static_cast<int>(JSClusterNotActiveErr),         static_cast<int>(JSClusterNotAssignedErr), static_cast<int>(JSClusterNotAvailErr),
    static_cast<int>(JSClusterNotLeaderErr),         static_cast<int>(JSInsufficientResourcesErr), static_cast<int>(JSMemoryResourcesExceededErr),
    static_cast<int>(JSNotEnabledForAccountErr),     static_cast<int>(JSStorageResourcesExceededErr), static_cast<int>(JSStreamGeneralError),
    static_cast<int>(JSStreamLimitsErr),             static_cast<int>(JSStreamNotFoundErr), static_cast<int>(JSStreamNotMatchErr),
    static_cast<int>(JSNotEnabledErr),               static_cast<int>(JSStreamStoreFailedErr), static_cast<int>(JSStreamSealedErr),
    static_cast<int>(JSStreamOfflineErr)};

std::string hint_of(int code, std::string_view stream) {
  if (code == JSStreamNotMatchErr) return fmt::format(" (another stream than {} stores this subject; stream names the one that does)", stream);
  if (code == JSStreamStoreFailedErr) return fmt::format(" (stream {} is full or cannot store; raise its limits or let it discard old messages)", stream);
  if (code == JSStreamSealedErr) return fmt::format(" (stream {} is sealed)", stream);
  return {};
}

}  // namespace

Verdict judge(natsStatus status, int code, std::string_view text, bool takes_subject, std::string_view stream) {
  if (status == NATS_MAX_PAYLOAD) return {Outcome::refused, "larger than the server's max_payload"};
  if (status == NATS_NO_RESPONDERS) {
    if (!takes_subject)
      return {Outcome::retry, fmt::format("stream {} does not take this event's subject (add it to the stream's subjects, or change topic)", stream)};
    return {Outcome::unavailable, fmt::format("no stream answers (does stream {} exist, and is JetStream on?)", stream)};
  }
  if (std::ranges::find(kTooLarge, code) != kTooLarge.end())
    return {Outcome::refused, fmt::format("{} (the stream's max_msg_size)", text)};
  // Of one subject only: other events may pass.
  const bool one_subject = code == JSStreamStoreFailedErr && text.find("per subject") != std::string_view::npos;
  if (!one_subject && std::ranges::find(kNothingTaken, code) != kNothingTaken.end())
    return {Outcome::unavailable, fmt::format("{}{}", text, hint_of(code, stream))};
  return {Outcome::retry, text.empty() ? fmt::format("JetStream error {}", code) : std::string(text)};
}

bool subject_matches(std::string_view pattern, std::string_view subject) noexcept {
  while (!pattern.empty()) {
    const auto wanted = pattern.substr(0, pattern.find('.')), token = subject.substr(0, subject.find('.'));
    if (wanted == ">") return !subject.empty();
    if (token.empty() || (wanted != "*" && wanted != token)) return false;
    pattern.remove_prefix(std::min(pattern.size(), wanted.size() + 1));
    subject.remove_prefix(std::min(subject.size(), token.size() + 1));
  }
  return subject.empty();
}

std::string connect_problem(natsStatus status, std::string_view text) {
  std::string problem = fmt::format("cannot connect: {}", text.empty() ? natsStatus_GetText(status) : text);
  if (status == NATS_CONNECTION_AUTH_FAILED) return problem + " (check user and password, token, creds_file or nkey_seed)";
  if (status == NATS_SSL_ERROR || status == NATS_SECURE_CONNECTION_REQUIRED || status == NATS_SECURE_CONNECTION_WANTED)
    return problem + " (check tls, tls_ca_file, tls_cert_file)";
  if (status == NATS_NO_SERVER || status == NATS_TIMEOUT || status == NATS_IO_ERROR) return problem + " (check servers; events wait)";
  return problem;
}

}  // namespace user_events::destinations::nats
