// A former with a fixed clock and seeded randomness.
#pragma once

#include <array>
#include <random>
#include <string>

#include "catalogue/catalogue.h"
#include "encoding/envelope.h"
#include "formation/former.h"

namespace user_events::formation::test {

inline constexpr std::int64_t kNow = 1'795'510'800'000;  // 2026-11-24T09:00:00.000Z

class FixedClock final : public ports::Clock {
 public:
  [[nodiscard]] ports::WallTime wall() const noexcept override {
    return ports::WallTime(std::chrono::milliseconds(now_ms));
  }
  [[nodiscard]] ports::SteadyTime steady() const noexcept override { return {}; }
  std::int64_t now_ms = kNow;
};

class SeededRandom final : public ports::Random {
 public:
  void fill(std::span<std::byte> out) noexcept override {
    for (std::byte& byte : out) byte = static_cast<std::byte>(engine_());
  }

 private:
  std::mt19937_64 engine_{42};
};

inline const base::Live<catalogue::Catalogue>& builtin_catalogue() {
  static const base::Live<catalogue::Catalogue> catalogue([] {
    auto loaded = catalogue::Catalogue::builtin();
    if (!loaded) throw std::runtime_error(describe(loaded.error()));
    return std::move(*loaded);
  }());
  return catalogue;
}

// Placeholders in bodies, so that a case shows only what is wrong with it.
//   @D  good data of user.created         @E  members of a good native event, without braces
//   @C  required members of a good CloudEvent with data, without braces
inline std::string expand(std::string_view text) {
  const std::string data = R"({"userId":"u-1","email":"ada@example.com","status":"active"})";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '@' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (next == 'D')
      out += data;
    else if (next == 'E')
      out += R"("type":"user.created","data":)" + data;
    else if (next == 'C')
      out += R"("specversion":"1.0","id":"e-1","source":"/crm","type":"user.created","data":)" + data;
    else {
      out += text[i];
      continue;
    }
    ++i;
  }
  return out;
}

inline constexpr std::array<std::byte, 32> kSecret = {std::byte{1}, std::byte{2}, std::byte{3}};
inline constexpr std::string_view kSource = "urn:example:user-service";

/// Everything that a test needs to form events.
struct Bench {
  explicit Bench(LimitOptions limits = {}, const std::array<std::byte, 32>& secret = kSecret)
      : former(builtin_catalogue(), {.source = std::string(kSource), .limits = limits, .secret = secret},
               clock, random) {}

  [[nodiscard]] Result<void> body(std::string_view text, BodyForm form = BodyForm::events) {
    return former.form_body(text, form, context, batch);
  }
  [[nodiscard]] encoding::Envelope envelope(std::size_t i) const {
    const journal::RecordDraft draft = batch.draft(i);
    return encoding::view(draft.id, draft.type, draft.key, draft.payload).value();
  }
  [[nodiscard]] std::string cloudevent(std::size_t i) const {
    std::string out;
    encoding::append_cloudevents_json(envelope(i), {"0197a1b2-0000-7000-8000-00000000000a", i + 1}, out);
    return out;
  }

  FixedClock clock;
  SeededRandom random;
  Context context{};
  FormedBatch batch;
  Former former;
};

}  // namespace user_events::formation::test
