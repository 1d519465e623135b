// How the room words its findings: one place, so that the JSON path and the typed path say the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_text.h"
#include "catalogue/program.h"

namespace user_events::catalogue {

/// A rule that was broken: its stable code and one sentence. The sentence never holds a value.
struct Finding {
  std::string_view code;
  std::string detail;
};

[[nodiscard]] inline Finding wrong_length(std::size_t size, std::uint32_t min, std::uint32_t max) {
  if (size < min)
    return {"min-length", "at least " + std::to_string(min) +
                              (min == 1 ? " character is" : " characters are") + " required"};
  return {"max-length", "at most " + std::to_string(max) + " characters are allowed"};
}
[[nodiscard]] inline Finding wrong_format(FormatMask formats) {
  return {"format", "this is no " + std::string(format_names(formats))};
}
[[nodiscard]] inline Finding missing() { return {"required", "this field is required"}; }
[[nodiscard]] inline Finding forbidden_name() {
  return {"forbidden-name", "a field of this name looks like a secret, and no event carries secrets"};
}
[[nodiscard]] inline Finding bad_utf8() { return {"utf-8", "the text is not valid UTF-8"}; }
[[nodiscard]] inline Finding too_many_members(std::uint32_t max) {
  return {"max-properties", "at most " + std::to_string(max) + " members are allowed"};
}
[[nodiscard]] inline Finding too_few_members(std::uint32_t min) {
  return {"min-properties", "at least " + std::to_string(min) + " members are required"};
}
[[nodiscard]] inline Finding too_many_items(std::uint32_t max) {
  return {"max-items", "at most " + std::to_string(max) + " items are allowed"};
}
/// `names` are the members of which one must be there.
[[nodiscard]] inline Finding one_missing(const std::vector<std::string_view>& names) {
  std::string detail = "at least one of ";
  for (std::size_t i = 0; i < names.size(); ++i)
    detail.append(i == 0 ? "`" : ", `").append(names[i]).append("`");
  return {"required", detail + " is required"};
}

/// Appends `/name` to a pointer; a stranger's name that is very long is cut at a character and ends in `…`.
inline void append_echoed_name(std::string_view name, std::string& pointer) {
  if (name.size() <= kMaxEchoedNameBytes) return base::append_pointer_token(name, pointer);
  base::append_pointer_token(base::utf8_prefix(name, kMaxEchoedNameBytes), pointer);
  pointer += "…";
}

}  // namespace user_events::catalogue
