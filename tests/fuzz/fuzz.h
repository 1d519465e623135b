// What the fuzz targets share: a promise that does not hold ends the process, so that libFuzzer keeps the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "user_events/error.h"

namespace user_events::fuzz {

/// Ends the process with `what` unless `holds`.
inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "PROMISE BROKEN: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

/// The value of what cannot fail here.
template <class T>
T must(Result<T> result, std::string_view what) {
  if (!result) require(false, std::string(what) + ": " + describe(result.error()));
  return std::move(*result);
}

[[nodiscard]] inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Cuts off what stands before the first line that is `---`; the rest if there is no such line.
[[nodiscard]] inline std::string_view take_part(std::string_view& rest) {
  constexpr std::string_view kSeparator = "\n---\n";
  const std::size_t at = rest.find(kSeparator);
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + kSeparator.size());
  return part;
}

}  // namespace user_events::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
