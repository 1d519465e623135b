// Data of events in the standard form, as a journal record holds it.
#pragma once

#include <string_view>

namespace user_events::bench {

/// Of a user.created.
inline constexpr std::string_view kCreated =
    R"({"userId":"u-4711","email":"ada.lovelace@example.com","username":"ada","status":"active","registrationTimestamp":"2026-11-24T09:00:00.000Z"})";

/// Of a user.updated with four changes.
inline constexpr std::string_view kUpdated =
    R"({"userId":"u-4711","changes":{"email":"ada@example.com","newsletter":true,"age":36,"tags":["a","b"]},)"
    R"("updatedFields":["email","newsletter","age","tags"],"updateTimestamp":"2026-11-24T09:00:00.000Z"})";

}  // namespace user_events::bench
