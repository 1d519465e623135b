#include "cli/letter_filter.h"

#include <fmt/format.h>

#include "base/json_text.h"
#include "base/try.h"
#include "base/type_filter.h"
#include "cli/time_switch.h"

namespace user_events::cli {
namespace {

Result<void> check_text(std::string_view value, std::string_view name) {
  if (base::is_valid_utf8(value)) return {};
  return fail(ErrorKind::usage, "bad-utf8", fmt::format("{} is not UTF-8", name));
}

/// `,"name":["…",…]`
template <class Items, class Text>
void append_texts(std::string_view name, const Items& items, std::string& out, Text&& text) {
  if (items.empty()) return;
  out.append(",\"").append(name).append("\":[");
  for (const auto& item : items) {
    if (out.back() != '[') out += ',';
    base::append_json_string(text(item), out);
  }
  out += ']';
}

void append_text(std::string_view name, std::string_view value, std::string& out) {
  if (value.empty()) return;
  out.append(",\"").append(name).append("\":");
  base::append_json_string(value, out);
}

/// Members, each with a comma before it.
std::string filter_members(const DeadLetterFilter& filter) {
  std::string out;
  append_text("destination", filter.destination, out);
  if (!filter.numbers.empty()) out += fmt::format(",\"numbers\":[{}]", fmt::join(filter.numbers, ","));
  append_texts("types", filter.types, out, [](const std::string& type) { return std::string_view(type); });
  append_text("user", filter.user, out);
  append_text("reason", filter.reason, out);
  append_texts("states", filter.states, out, [](DeadLetterState state) { return to_text(state); });
  if (filter.since) append_text("since", time_text(*filter.since), out);
  if (filter.until) append_text("until", time_text(*filter.until), out);
  return out;
}

}  // namespace

Result<DeadLetterFilter> letter_filter(const DeadLetterArguments& arguments) {
  const auto& given = arguments.filter;
  UE_TRY(check_text(given.destination, "--destination"));
  UE_TRY(check_text(given.user, "--user"));
  UE_TRY(check_text(given.cause, "--cause"));
  if (auto filter = base::TypeFilter::parse(given.types); !filter) {
    filter.error().message = "--type: " + filter.error().message;
    return std::unexpected(std::move(filter).error());
  }
  DeadLetterFilter out{.destination = given.destination, .numbers = arguments.numbers, .types = given.types,
                       .user = given.user, .reason = given.cause};
  if (!given.since.empty()) {
    UE_TRY_ASSIGN(out.since, parse_time_switch(given.since, "--since"));
  }
  if (!given.until.empty()) {
    UE_TRY_ASSIGN(out.until, parse_time_switch(given.until, "--until"));
  }
  for (const auto& text : given.states) {
    const auto state = dead_letter_state(text);
    if (!state)
      return fail(ErrorKind::usage, "bad-state", "--state is none of dead, held, parked, replaying, skipped");
    out.states.push_back(*state);
  }
  return out;
}

Result<std::string> letter_choice(const DeadLetterArguments& arguments) {
  UE_TRY_ASSIGN(const auto filter, letter_filter(arguments));
  const std::string members = filter_members(filter);
  if (members.empty() && !arguments.all)
    return fail(ErrorKind::usage, "no-letters", "no letters are named",
                "give numbers or filters such as --destination, or --all for every letter");
  if (members.empty()) return R"("all":true)";
  if (arguments.all)
    return fail(ErrorKind::usage, "all-and-filter", "--all means every letter, without numbers and filters",
                "leave out --all, or the others");
  return fmt::format(R"("filter":{{{}}})", members.substr(1));
}

}  // namespace user_events::cli
