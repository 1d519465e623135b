#include "destinations/registry_settings.h"

#include <algorithm>
#include <array>

#include "base/try.h"
#include "base/uri_text.h"
#include "destinations/settings.h"

namespace user_events::destinations {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 3> kSubjects = {"topic", "record", "topic-record"};
constexpr std::array<std::string_view, 7> kLevels = {"none",    "backward",           "backward-transitive", "forward", "forward-transitive",
                                                     "full", "full-transitive"};

void read_url(SettingsReader& reader, RegistrySettings& settings, bool unsafe) {
  constexpr std::string_view kKey = "registry.url";
  settings.url = reader.text(kKey);
  if (settings.url.empty()) {
    if (reader.has(kKey)) reader.refuse(kKey, "is empty");
    return;
  }
  const bool is_plain = settings.url.starts_with("http://");
  if (!is_plain && !settings.url.starts_with("https://")) return reader.refuse(kKey, "must be an http or https URL");
  if (settings.url.find('@') != std::string::npos || settings.url.find_first_of("?#") != std::string::npos)
    return reader.refuse(kKey, "holds more than a place and a path", "registry.user and registry.password, or registry.token, are settings of their own");
  if (is_plain && !unsafe && !base::is_loopback_url(settings.url))
    reader.refuse(kKey, "has no TLS: anybody on the way could answer in the registry's place", "use https, or set registry.unsafe = true");
}

void read_authentication(SettingsReader& reader, RegistrySettings& settings) {
  settings.user = reader.text("registry.user");
  settings.password = reader.text("registry.password");
  settings.token = reader.text("registry.token");
  if (settings.user.empty() != settings.password.empty())
    reader.refuse(settings.user.empty() ? "registry.user" : "registry.password", "needs both registry.user and registry.password");
  if (!settings.user.empty() && !settings.token.empty()) reader.refuse("registry.token", "and registry.user are two ways to sign in", "give one");
  for (const auto* text : {&settings.user, &settings.password, &settings.token})
    if (text->find_first_of("\r\n") != std::string::npos) reader.refuse("registry.user", "or what goes with it has a line end in it");
  settings.tls_ca_file = reader.text("registry.tls_ca_file");
  settings.tls_cert_file = reader.text("registry.tls_cert_file");
  settings.tls_key_file = reader.text("registry.tls_key_file");
  if (settings.tls_cert_file.empty() != settings.tls_key_file.empty())
    reader.refuse(settings.tls_cert_file.empty() ? "registry.tls_cert_file" : "registry.tls_key_file", "needs both registry.tls_cert_file and registry.tls_key_file");
}

template <std::size_t count>
std::string one_of(SettingsReader& reader, std::string_view key, const std::array<std::string_view, count>& names, std::string_view otherwise) {
  const std::string value = reader.text(key, otherwise);
  if (!reader.has(key) || std::ranges::find(names, value) != names.end()) return value;
  std::string all;
  for (const auto name : names) all.append(all.empty() ? "" : ", ").append(name);
  reader.refuse(key, "must be one of " + all);
  return std::string(otherwise);
}

}  // namespace

const std::vector<std::string_view>& registry_setting_names() {
  static const std::vector<std::string_view> names = {
      "registry.url",      "registry.subject",     "registry.register",      "registry.compatibility", "registry.user",   "registry.password",
      "registry.token", "registry.tls_ca_file", "registry.tls_cert_file", "registry.tls_key_file",  "registry.timeout", "registry.unsafe"};
  return names;
}

bool is_registry_setting(std::string_view name) noexcept { return std::ranges::find(registry_setting_names(), name) != registry_setting_names().end(); }

Result<RegistrySettings> parse_registry_settings(const DestinationOptions& options) {
  DestinationOptions mine = options;
  std::erase_if(mine.settings, [](const auto& one) { return !one.first.starts_with(kRegistryPrefix); });
  SettingsReader reader(mine);
  RegistrySettings settings;
  read_url(reader, settings, reader.flag("registry.unsafe", false));
  if (settings.url.empty() && !mine.settings.empty() && !reader.has("registry.url"))
    reader.refuse(mine.settings.begin()->first, "needs registry.url");
  settings.subject = one_of(reader, "registry.subject", kSubjects, settings.subject);
  settings.register_schemas = reader.flag("registry.register", false);
  settings.compatibility = one_of(reader, "registry.compatibility", kLevels, {});
  if (!settings.compatibility.empty() && !settings.register_schemas)
    reader.refuse("registry.compatibility", "is used only when schemas are registered", "set registry.register = true, or remove it");
  if (settings.subject == "topic-record" || settings.subject == "topic")
    if (options.topic.empty()) reader.refuse("registry.subject", "needs a topic, which this destination has not", "record");
  read_authentication(reader, settings);
  settings.timeout = reader.duration("registry.timeout", settings.timeout, 100ms, 300s);
  UE_TRY(reader.finish());
  return settings;
}

}  // namespace user_events::destinations
