// Names that look like secrets. The list is exact (after normalising), so that `passwordChangeTimestamp`
// stays a fine name; it is part of what the product promises and stands in docs/catalogue.md, too.
#include <algorithm>
#include <array>
#include <string_view>

#include "catalogue/catalogue.h"

namespace user_events::catalogue {
namespace {

// Sorted (checked by the compiler below), lower case, without separators.
constexpr std::string_view kForbidden[] = {
    "accesstoken",
    "apikey",
    "apisecret",
    "apitoken",
    "appsecret",
    "authcode",
    "authorizationcode",
    "authtoken",
    "backupcode",
    "backupcodes",
    "bearertoken",
    "clientsecret",
    "confirmpassword",
    "consumersecret",
    "credential",
    "credentials",
    "csrftoken",
    "currentpassword",
    "cvc",
    "cvc2",
    "cvv",
    "cvv2",
    "emailverificationtoken",
    "encryptedpassword",
    "encryptionkey",
    "hashedpassword",
    "hotp",
    "hotpsecret",
    "idtoken",
    "invitationtoken",
    "invitetoken",
    "jwt",
    "logintoken",
    "magiclinktoken",
    "mfacode",
    "mfasecret",
    "mfatoken",
    "newpassword",
    "newpasswordconfirmation",
    "oldpassword",
    "onetimecode",
    "onetimepassword",
    "otp",
    "otpcode",
    "otpsecret",
    "passcode",
    "passphrase",
    "passwd",
    "passwdhash",
    "password",
    "passwordconfirm",
    "passwordconfirmation",
    "passworddigest",
    "passwordhash",
    "passwordresetcode",
    "passwordresettoken",
    "passwords",
    "passwordsalt",
    "pin",
    "pinnumber",
    "plaintextpassword",
    "previouspassword",
    "privatekey",
    "pwd",
    "pwdhash",
    "recoverycode",
    "recoverycodes",
    "refreshtoken",
    "repeatpassword",
    "resetcode",
    "resettoken",
    "secret",
    "secretaccesskey",
    "secretanswer",
    "secretkey",
    "secrets",
    "securityanswer",
    "securitycode",
    "sessiontoken",
    "sharedsecret",
    "signingkey",
    "socialsecuritynumber",
    "ssn",
    "temporarypassword",
    "token",
    "tokens",
    "totp",
    "totpcode",
    "totpsecret",
    "twofactorcode",
    "twofactorsecret",
    "userpassword",
    "usersecret",
    "verificationcode",
    "verificationtoken",
    "webhooksecret",
    "xsrftoken",
};
static_assert(std::ranges::is_sorted(kForbidden));

constexpr std::size_t kLongest = std::ranges::max(kForbidden, {}, &std::string_view::size).size();

constexpr bool is_separator(char c) noexcept {
  return c == '_' || c == '-' || c == '.' || c == ' ' || c == ':' || c == '/' || c == '$' || c == '@';
}

}  // namespace

bool is_forbidden_name(std::string_view name) noexcept {
  std::array<char, kLongest> normal;
  std::size_t size = 0;
  for (const char c : name) {
    if (is_separator(c)) continue;
    if (size == normal.size()) return false;
    normal[size++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return std::ranges::binary_search(kForbidden, std::string_view(normal.data(), size));
}

}  // namespace user_events::catalogue
