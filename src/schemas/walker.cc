#include "schemas/walker.h"

#include <array>
#include <bit>

#include "base/json_text.h"

namespace user_events::schemas {
namespace {

constexpr std::int64_t kFirstTimeMs =
    -62'135'596'800'000;  // 0001-01-01T00:00:00.000Z: before it readers' calendars end

}  // namespace

bool Walker::Members::read(const PlanObject& object, std::string_view json) {
  const std::size_t count = object.fields.size();
  walker_.values_.resize(values_ + count);
  std::size_t guess = object.following[count];
  return base::each_member(json, [&](std::string_view key, std::string_view value) {
    const std::string_view prefix = base::prefix_of(key);
    std::size_t index =
        guess < count && object.fields[guess].prefix == prefix ? guess : find_field(object, prefix);
    if (index == count) {
      if (object.extra == kNoShape) return walker_.refuse("the schema has no such member");
      walker_.extra_.emplace_back(key, value);
      return true;
    }
    walker_.values_[values_ + index] = value;
    guess = object.following[index];
    return true;
  });
}

bool Walker::refuse(std::string_view reason) {
  if (reason_.empty()) reason_ = reason;
  return false;
}

bool Walker::inside(std::string_view name) {
  std::string whole;
  base::append_pointer_token(name, whole);
  pointer_.insert(0, whole);
  return false;
}

bool Walker::inside_any() {
  pointer_.insert(0, "/*");
  return false;
}

bool Walker::checked(bool good) {
  return good || refuse("the text is not in the standard form, or not of the schema's kind");
}

bool Walker::integer(std::string_view json, std::int64_t& value) {
  return base::read_int64(json, value) || refuse("no whole number of 64 bits with a sign");
}

bool Walker::number(std::string_view json, double& value) {
  switch (base::read_double(json, value)) {
    case base::Exactness::exact:
      return true;
    case base::Exactness::rounded:
      return refuse("a whole number that a double cannot hold exactly");
    case base::Exactness::no_number:
      break;
  }
  return checked(false);
}

bool Walker::time(std::string_view json, std::int64_t& unix_ms) {
  std::string_view text;
  if (!content(json, text)) return false;
  if (!base::read_time(text, unix_ms)) return checked(false);
  return unix_ms >= kFirstTimeMs || refuse("a time before the year 0001");
}

bool Walker::boolean(std::string_view json, bool& value) {
  value = json == "true";
  return checked(value || json == "false");
}

bool Walker::content(std::string_view json, std::string_view& content) {
  if (!base::is_string(json)) return checked(false);
  content = base::content_of(json);
  return true;
}

void Walker::begin() noexcept {
  reason_ = {};
  pointer_.clear();
}

void Walker::varint(std::uint64_t value) {
  if (value < 0x80) {
    *out_ += static_cast<char>(value);
    return;
  }
  std::array<char, 10> bytes;
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7U) bytes[size++] = static_cast<char>(value | 0x80U);
  bytes[size++] = static_cast<char>(value);
  out_->append(bytes.data(), size);
}

void Walker::fixed64(double value) {
  auto bits = std::bit_cast<std::uint64_t>(value);
  std::array<char, 8> bytes;
  for (char& byte : bytes) {
    byte = static_cast<char>(bits);
    bits >>= 8U;
  }
  out_->append(bytes.data(), bytes.size());
}

void Walker::put_before(std::size_t at, std::uint64_t value) {
  std::array<char, 10> bytes;
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7U) bytes[size++] = static_cast<char>(value | 0x80U);
  bytes[size++] = static_cast<char>(value);
  (*out_)[at] = bytes[0];
  if (size > 1) out_->insert(at + 1, bytes.data() + 1, size - 1);
}

}  // namespace user_events::schemas
