// Parts of a value that tell something and name nobody. What each class shows: docs/security/privacy-policies.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace user_events::policy {

enum class Mask : std::uint8_t {
  all,            ///< `***`
  email,          ///< `a***@example.com`: first letter and domain.
  ip,             ///< `192.0.2.0`, `2001:db8:1::`: the network of 24 or 48 bits.
  first_letter,   ///< `A***`
  last_digits,    ///< `***42`
  first_product,  ///< `Mozilla`: a user agent's first product without its version.
};

[[nodiscard]] Mask mask_of(std::string_view klass) noexcept;

/// Appends what the mask shows of `text`; `***` of what is not of its form. Never all of it. Without allocation but for `out`.
void append_masked(Mask mask, std::string_view text, std::string& out);

}  // namespace user_events::policy
