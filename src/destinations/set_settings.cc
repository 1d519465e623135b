#include "destinations/set_settings.h"

#include <algorithm>
#include <set>

#include "base/try.h"
#include "base/uri_text.h"
#include "destinations/settings.h"

namespace user_events::destinations {
namespace {

constexpr std::string_view kPrefix = "set.";

void check_statuses(SettingsReader& reader, const SetSettings& settings) {
  std::set<std::string_view> seen;
  for (const auto& [key, statuses] : {std::pair("set.disabled", &settings.disabled), {"set.enabled", &settings.enabled}, {"set.purged", &settings.purged}})
    for (const auto& status : *statuses)
      if (!seen.insert(status).second) reader.refuse(key, "names a status that another of set.disabled, set.enabled and set.purged names, too");
}

}  // namespace

const std::vector<std::string_view>& set_setting_names() {
  static const std::vector<std::string_view> names = {"set.issuer", "set.audience", "set.subject", "set.disabled", "set.enabled", "set.purged"};
  return names;
}

bool is_set_setting(std::string_view name) noexcept { return std::ranges::find(set_setting_names(), name) != set_setting_names().end(); }

Result<SetSettings> parse_set_settings(const DestinationOptions& options) {
  DestinationOptions mine = options;
  std::erase_if(mine.settings, [](const auto& one) { return !one.first.starts_with(kPrefix); });
  SettingsReader reader(mine);
  SetSettings settings;
  settings.issuer = reader.text("set.issuer");
  settings.audience = reader.list("set.audience");
  const std::string subject = reader.text("set.subject", "iss_sub");
  settings.has_opaque_subjects = subject == "opaque";
  settings.disabled = reader.list("set.disabled");
  settings.enabled = reader.list("set.enabled");
  settings.purged = reader.list("set.purged");
  if (options.format != kSetFormat) {
    if (!mine.settings.empty()) reader.refuse(mine.settings.begin()->first, "is for format = \"set\"");
    UE_TRY(reader.finish());
    return settings;
  }
  if (!base::is_uri_reference(settings.issuer)) reader.refuse("set.issuer", "must be the address that receivers know this sender by", "set.issuer = \"https://idp.example.com\"");
  if (settings.audience.empty()) reader.refuse("set.audience", "is missing: who the tokens are for", "set.audience = \"https://receiver.example.com\"");
  if (subject != "iss_sub" && subject != "opaque") reader.refuse("set.subject", "must be iss_sub or opaque");
  check_statuses(reader, settings);
  UE_TRY(reader.finish());
  return settings;
}

}  // namespace user_events::destinations
