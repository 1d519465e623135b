// The payload form of an envelope inside a journal record: docs/payload-format.md.
#include <algorithm>
#include <array>
#include <concepts>

#include "encoding/envelope.h"

namespace user_events::encoding {
namespace {

constexpr std::uint8_t kLayout = 1;
constexpr std::uint8_t kSubjectIsKey = 1, kHoldsKey = 2;
constexpr std::size_t kKeySizeBytes = 2;
constexpr std::size_t kHeadBytes = 24;

template <std::unsigned_integral Number>
void put(char* at, Number value) noexcept {
  for (std::size_t i = 0; i < sizeof value; ++i)
    at[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
}

template <std::unsigned_integral Number>
Number get(const char* at) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  return static_cast<Number>(value);
}

std::unexpected<Error> damaged(const char* what) {
  return fail(ErrorKind::damaged, "payload-damaged",
              std::string("the payload of a record is not one of ours: ") + what,
              "run `user-events audit verify`");
}

}  // namespace

void append_payload_head(const Envelope& envelope, std::string& out, KeyPlace key) {
  std::array<char, kHeadBytes> head;
  head[0] = static_cast<char>(kLayout);
  head[1] = static_cast<char>((envelope.subject_is_key ? kSubjectIsKey : 0) | (key == KeyPlace::payload ? kHoldsKey : 0));
  put(&head[2], static_cast<std::uint16_t>(envelope.source.size()));
  put(&head[4], envelope.version);
  put(&head[8], static_cast<std::uint64_t>(envelope.time_ms));
  put(&head[16], static_cast<std::uint16_t>(envelope.traceparent.size()));
  put(&head[18], static_cast<std::uint16_t>(envelope.tracestate.size()));
  put(&head[20], static_cast<std::uint32_t>(envelope.extensions.size()));
  out.append(head.data(), head.size());
  out.append(envelope.source);
  out.append(envelope.traceparent);
  out.append(envelope.tracestate);
  out.append(envelope.extensions);
  if (key == KeyPlace::record) return;
  std::array<char, kKeySizeBytes> size;
  put(size.data(), static_cast<std::uint16_t>(envelope.partition_key.size()));
  out.append(size.data(), size.size()).append(envelope.partition_key);
}

void append_payload(const Envelope& envelope, std::string& out) {
  append_payload_head(envelope, out);
  out.append(envelope.data);
}

Result<Envelope> view(std::string_view id, std::string_view type, std::string_view partition_key,
                      std::string_view payload) {
  if (payload.size() < kHeadBytes) return damaged("it is cut off");
  const char* const head = payload.data();
  if (static_cast<std::uint8_t>(head[0]) != kLayout) return damaged("unknown layout");
  const auto flags = static_cast<std::uint8_t>(head[1]);
  if (flags > (kSubjectIsKey | kHoldsKey)) return damaged("unknown flags");
  Envelope envelope{.id = id,
                    .type = type,
                    .version = get<std::uint32_t>(head + 4),
                    .partition_key = partition_key,
                    .subject_is_key = (flags & kSubjectIsKey) != 0,
                    .time_ms = static_cast<std::int64_t>(get<std::uint64_t>(head + 8))};
  std::string_view rest = payload.substr(kHeadBytes);
  const std::size_t sizes[] = {get<std::uint16_t>(head + 2), get<std::uint16_t>(head + 16),
                               get<std::uint16_t>(head + 18), get<std::uint32_t>(head + 20)};
  std::string_view* const parts[] = {&envelope.source, &envelope.traceparent, &envelope.tracestate,
                                     &envelope.extensions};
  for (std::size_t i = 0; i < std::size(sizes); ++i) {
    if (sizes[i] > rest.size()) return damaged("it is cut off");
    *parts[i] = rest.substr(0, sizes[i]);
    rest.remove_prefix(sizes[i]);
  }
  if ((flags & kHoldsKey) != 0) {
    const std::size_t size = rest.size() < kKeySizeBytes ? rest.size() : kKeySizeBytes + get<std::uint16_t>(rest.data());
    if (rest.size() < std::max(size, kKeySizeBytes)) return damaged("it is cut off");
    envelope.partition_key = rest.substr(kKeySizeBytes, size - kKeySizeBytes);
    rest.remove_prefix(size);
  }
  if (rest.size() < 2 || rest.front() != '{' || rest.back() != '}')
    return damaged("its data is no JSON object");
  if (type.empty() || type.size() > kMaxTypeBytes) return damaged("its type has no or too many bytes");
  envelope.data = rest;
  return envelope;
}

}  // namespace user_events::encoding
