// Whose data it is, without saying who: a keyed token of 16 bytes, which is also the lane key of the user's records.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace user_events::privacy {

using Subject = std::array<std::byte, 16>;

struct SubjectHash {
  /// A token is as good as random already.
  [[nodiscard]] std::size_t operator()(const Subject& subject) const noexcept {
    std::size_t hash;
    std::memcpy(&hash, subject.data(), sizeof hash);
    return hash;
  }
};

inline constexpr std::string_view kUserLane = "usr_";        ///< A user's, from the user id.
inline constexpr std::string_view kIdentifierLane = "tok_";  ///< Of an event without a user, from the e-mail address or name.

/// What somebody goes by, an e-mail address or user name, without saying which: a keyed token, too, under another key.
using Identifier = std::array<std::byte, 16>;

/// That events of `subject` were known under `identifier`: a user's own, or those without a user that name the identifier.
struct Link {
  Identifier identifier{};
  Subject subject{};
  bool is_user = false;
  friend auto operator<=>(const Link&, const Link&) = default;
};

/// Appends `prefix` and 32 hexadecimal digits.
void append_lane(std::string_view prefix, const Subject& subject, std::string& out);
/// nullopt if `lane` is no lane key of a sealed record.
[[nodiscard]] std::optional<Subject> subject_of(std::string_view lane) noexcept;

/// The same for an Identifier, which is of the same type.
[[nodiscard]] inline std::string_view text_of(const Subject& subject) noexcept {
  return {reinterpret_cast<const char*>(subject.data()), subject.size()};
}

}  // namespace user_events::privacy
