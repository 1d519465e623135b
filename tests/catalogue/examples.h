// The built-in event types as they are promised to users: fields, their order, which may be left out; and one
// example of each.
#pragma once

#include <string_view>

namespace user_events::catalogue::test {

struct Example {
  std::string_view type;
  std::string_view fields;  ///< As in the contract: `?` marks optional ones, `|` one of which is required,
                            ///< `=` those that are filled in.
  std::string_view json;    ///< Every field given.
};

inline constexpr Example kExamples[] = {
    {"user.erased", "userId erasureTimestamp=", R"({"userId":"u-1","erasureTimestamp":"2026-11-24T09:00:00.000Z"})"},
    {"user.created", "userId email username? registrationTimestamp= status",
     R"({"userId":"u-1","email":"ada@example.com","username":"ada","registrationTimestamp":"2026-11-24T09:00:00.000Z","status":"active"})"},
    {"user.registered", "userId email username? registrationTimestamp= status",
     R"({"userId":"u-1","email":"ada@example.com","username":"ada","registrationTimestamp":"2026-11-24T09:00:00.000Z","status":"active"})"},
    {"user.updated", "userId changes updatedFields= updateTimestamp=",
     R"({"userId":"u-1","changes":{"locale":"en-GB","age":36},"updatedFields":["locale","age"],"updateTimestamp":"2026-11-24T09:00:00.000Z"})"},
    {"user.profile.updated", "userId profileId? changes updatedFields= updateTimestamp=",
     R"({"userId":"u-1","profileId":"p-1","changes":{"bio":null},"updatedFields":["bio"],"updateTimestamp":"2026-11-24T09:00:00.000Z"})"},
    {"user.address.added", "userId addressId address timestamp=",
     R"({"userId":"u-1","addressId":"a-1","address":{"line1":"12 St James's Square","line2":"Flat 2","city":"London","region":"England","postalCode":"SW1Y 4JH","country":"GB","label":"home"},"timestamp":"2026-11-24T09:00:00.000Z"})"},
    {"user.address.updated", "userId addressId address timestamp=",
     R"({"userId":"u-1","addressId":"a-1","address":{"line1":"12 St James's Square","line2":"Flat 2","city":"London","region":"England","postalCode":"SW1Y 4JH","country":"GB","label":"home"},"timestamp":"2026-11-24T09:00:00.000Z"})"},
    {"user.address.deleted", "userId addressId address? timestamp=",
     R"({"userId":"u-1","addressId":"a-1","address":{"line1":"12 St James's Square","line2":"Flat 2","city":"London","region":"England","postalCode":"SW1Y 4JH","country":"GB","label":"home"},"timestamp":"2026-11-24T09:00:00.000Z"})"},
    {"user.password.changed", "userId passwordChangeTimestamp=",
     R"({"userId":"u-1","passwordChangeTimestamp":"2026-11-24T09:00:00.000Z"})"},
    {"user.password.reset.requested", "userId email requestTimestamp=",
     R"({"userId":"u-1","email":"ada@example.com","requestTimestamp":"2026-11-24T09:00:00.000Z"})"},
    {"user.loggedin", "userId loginTimestamp= ipAddress userAgent",
     R"({"userId":"u-1","loginTimestamp":"2026-11-24T09:00:00.000Z","ipAddress":"2001:db8::1","userAgent":"curl/7.88"})"},
    {"user.login.failed", "email| username| attemptTimestamp= ipAddress reasonForFailure",
     R"({"email":"ada@example.com","username":"ada","attemptTimestamp":"2026-11-24T09:00:00.000Z","ipAddress":"192.0.2.1","reasonForFailure":"bad-password"})"},
    {"user.email.verification.requested", "userId email requestTimestamp=",
     R"({"userId":"u-1","email":"ada@example.com","requestTimestamp":"2026-11-24T09:00:00.000Z"})"},
    {"user.email.verified", "userId email verificationTimestamp=",
     R"({"userId":"u-1","email":"ada@example.com","verificationTimestamp":"2026-11-24T09:00:00.000Z"})"},
    {"user.account.status.changed", "userId newStatus previousStatus changeTimestamp= reason?",
     R"({"userId":"u-1","newStatus":"suspended","previousStatus":"active","changeTimestamp":"2026-11-24T09:00:00.000Z","reason":"asked for it"})"},
    {"user.role.assigned", "userId roleId| roleName| timestamp=",
     R"({"userId":"u-1","roleId":"r-1","roleName":"admin","timestamp":"2026-11-24T09:00:00.000Z"})"},
    {"user.role.removed", "userId roleId| roleName| timestamp=",
     R"({"userId":"u-1","roleId":"r-1","roleName":"admin","timestamp":"2026-11-24T09:00:00.000Z"})"},
    {"user.mfa.enabled", "userId mfaType? timestamp=",
     R"({"userId":"u-1","mfaType":"totp","timestamp":"2026-11-24T09:00:00.000Z"})"},
    {"user.mfa.disabled", "userId mfaType? timestamp=",
     R"({"userId":"u-1","mfaType":"totp","timestamp":"2026-11-24T09:00:00.000Z"})"},
};

}  // namespace user_events::catalogue::test
