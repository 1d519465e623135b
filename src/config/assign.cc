#include "config/assign.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/nearest.h"
#include "base/units.h"
#include "policy/privacy_policy.h"

namespace user_events::config {
namespace {

std::string set(const TextSlot& slot, const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return fmt::format("is not a text; write for example {}", slot.example);
  const std::string problem = slot.problem != nullptr ? slot.problem(*text) : text->empty() ? "is empty" : "";
  if (!problem.empty()) return fmt::format("{}; write for example {}", problem, slot.example);
  *slot.at = *text;
  return "";
}

std::string set(const ChoiceSlot& slot, const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  const auto found = text == nullptr ? slot.names.end() : std::ranges::find(slot.names, *text);
  if (found == slot.names.end()) {
    const std::string near = text == nullptr ? "" : base::nearest(*text, slot.names);
    return fmt::format("is none of \"{}\"{}", fmt::join(slot.names, "\", \""),
                       near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near));
  }
  slot.set(static_cast<std::size_t>(found - slot.names.begin()));
  return "";
}

std::string set(const FlagSlot& slot, const Value& value) {
  const auto* flag = std::get_if<bool>(&value);
  if (flag == nullptr) return "is neither true nor false";
  *slot.at = *flag;
  return "";
}

std::string set(const CountSlot& slot, const Value& value) {
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number == nullptr)
    return fmt::format("is not a whole number; write for example {}", std::max(slot.least, *slot.at));
  if (*number < slot.least || *number > slot.most)
    return fmt::format("is not within {} and {}", slot.least, slot.most);
  *slot.at = static_cast<std::uint32_t>(*number);
  return "";
}

std::string set(const NumberSlot& slot, const Value& value) {
  const auto* integer = std::get_if<std::int64_t>(&value);
  const auto* real = std::get_if<double>(&value);
  if (integer == nullptr && real == nullptr)
    return fmt::format("is not a number; write for example {}", *slot.at);
  const double number = integer != nullptr ? static_cast<double>(*integer) : *real;
  if (!(number >= slot.least && number <= slot.most))
    return fmt::format("is not within {} and {}", slot.least, slot.most);
  *slot.at = number;
  return "";
}

std::string set(const SizeSlot& slot, const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  const auto* number = std::get_if<std::int64_t>(&value);
  std::optional<std::uint64_t> bytes;
  if (text != nullptr) bytes = base::parse_size(*text);
  if (number != nullptr && *number >= 0) bytes = static_cast<std::uint64_t>(*number);
  if (!bytes)
    return "is not a size; write for example \"64MiB\" or \"1GB\" (B, kB, KiB, MB, MiB, GB, GiB, TB, TiB) or "
           "a number of bytes";
  if (!(slot.zero && *bytes == 0) && (*bytes < slot.least || *bytes > slot.most)) {
    return fmt::format("is not within \"{}\" and \"{}\"{}", base::size_text(slot.least), base::size_text(slot.most),
                       slot.zero ? ", nor 0" : "");
  }
  *slot.at = *bytes;
  return "";
}

std::string set(const DurationSlot& slot, const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  const auto* number = std::get_if<std::int64_t>(&value);
  std::optional<std::chrono::milliseconds> duration;
  if (text != nullptr) duration = base::parse_duration(*text);
  if (number != nullptr && *number == 0) duration = std::chrono::milliseconds(0);
  if (!duration && number != nullptr) return "has no unit; write for example \"30s\" (ms, s, m, h, d)";
  if (!duration) return "is not a duration; write for example \"100ms\", \"30s\", \"10m\", \"24h\" or \"7d\"";
  if (!(slot.zero && duration->count() == 0) && (*duration < slot.least || *duration > slot.most)) {
    return fmt::format("is not within \"{}\" and \"{}\"{}", base::duration_text(slot.least),
                       base::duration_text(slot.most), slot.zero ? ", nor 0" : "");
  }
  *slot.at = *duration;
  return "";
}

std::string set(const ListSlot& slot, const Value& value) {
  const auto* texts = std::get_if<std::vector<std::string>>(&value);
  if (texts == nullptr) return fmt::format("is not a list of texts; write for example {}", slot.example);
  for (const auto& text : *texts) {
    if (const std::string problem = slot.problem(text); !problem.empty()) {
      return fmt::format("has an element that {}; write for example {}", problem, slot.example);
    }
  }
  *slot.at = *texts;
  return "";
}

std::string set(const PolicySlot& slot, std::string_view name, const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  const auto* number = std::get_if<std::int64_t>(&value);
  if (text == nullptr && number == nullptr) return "is neither a text nor a table; write for example \"analytics\" or {preset = \"analytics\", ip = \"omit\"}";
  const std::string setting = name.empty() ? "preset" : std::string(name);
  const std::string words = text != nullptr ? *text : fmt::format("{}", *number);
  if (const auto checked = policy::PrivacyPolicy::check_setting(setting, words); !checked) return checked.error().fields.front().detail;
  slot.at->insert_or_assign(setting, words);
  return "";
}

}  // namespace

std::string assign(const Binding& binding, std::string_view key, const Value& value) {
  return std::visit(
      [&](const auto& slot) {
        if constexpr (std::is_same_v<std::decay_t<decltype(slot)>, PolicySlot>)
          return set(slot, key.substr(std::min(binding.name.size() + 1, key.size())), value);
        else
          return set(slot, value);
      },
      binding.slot);
}

}  // namespace user_events::config
