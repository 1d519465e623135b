// What an AWS error code means for the events of a request.
#pragma once

#include <cstdint>
#include <string_view>

namespace user_events::destinations::aws {

enum class Fault : std::uint8_t {
  throttled,     ///< Too many requests: nothing was taken, all wait.
  denied,        ///< No right, wrong key, bad signature: nothing is taken until a person mends it.
  expired,       ///< The credentials are over: new ones are got.
  missing,       ///< No such queue or topic.
  unusable,      ///< The queue's or topic's encryption key cannot be used: nothing is taken until a person mends it.
  too_large,     ///< A message, or the request.
  bad_message,   ///< This message will never be taken.
  down,          ///< The service said that it took nothing (503).
  server,        ///< The service failed, and may have taken it.
  unknown,       ///< A sender's fault that is not known here.
};

/// The plain code: without namespace (`com.amazonaws.sqs#`), without `AWS.SimpleQueueService.`, without `Exception`.
[[nodiscard]] std::string_view plain_code(std::string_view code) noexcept;

/// Of a whole request that was answered with an error, by its code, else by its HTTP status.
[[nodiscard]] Fault fault_of(int status, std::string_view code) noexcept;
/// Of one entry of a batch.
[[nodiscard]] Fault fault_of_entry(bool sender_fault, std::string_view code) noexcept;

/// What to do about it; empty where there is nothing to say.
[[nodiscard]] std::string_view hint_for(Fault fault) noexcept;

}  // namespace user_events::destinations::aws
