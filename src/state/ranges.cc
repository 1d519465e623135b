#include "state/ranges.h"

#include <optional>

namespace user_events::state {
namespace {

void append_varint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string pack(std::uint64_t start, const Ranges& ranges) {
  std::string out;
  std::uint64_t at = start;
  for (const auto& [first, last] : ranges) {
    append_varint(first - at, out);
    append_varint(last - first, out);
    at = last;
  }
  return out;
}

Result<Ranges> unpack(std::uint64_t start, std::string_view bytes) {
  Ranges ranges;
  std::uint64_t at = start;
  while (!bytes.empty()) {
    const auto gap = take_varint(bytes);
    const auto length = gap ? take_varint(bytes) : std::nullopt;
    if (!length || *length == 0 || at + *gap < at || at + *gap + *length < at + *gap)
      return fail(ErrorKind::damaged, "state-position", "stored ranges of sequences are not ours",
                  "restore the state file from a backup, or move it away: then every destination starts anew");
    ranges.emplace_back(at + *gap, at + *gap + *length);
    at = ranges.back().second;
  }
  return ranges;
}

}  // namespace user_events::state
