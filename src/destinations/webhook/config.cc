#include "destinations/webhook/config.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <optional>
#include <set>

#include "base/ascii.h"
#include "base/try.h"
#include "destinations/set_settings.h"
#include "destinations/settings.h"
#include "destinations/webhook/address.h"
#include "encoding/encoder.h"

namespace user_events::destinations::webhook {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxUrlBytes = 4'096;

struct UrlDeleter {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

/// As libcurl will read it, so that there are not two opinions of what the host is.
class Url {
 public:
  explicit Url(const std::string& text) : url_(curl_url()) {
    is_url_ = url_ && curl_url_set(url_.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK;
  }
  [[nodiscard]] bool is_url() const noexcept { return is_url_; }
  /// Empty if there is none.
  [[nodiscard]] std::string part(CURLUPart which) const {
    char* text = nullptr;
    if (curl_url_get(url_.get(), which, &text, 0) != CURLUE_OK) return {};
    const std::unique_ptr<char, void (*)(void*)> owner(text, curl_free);
    return text;
  }

 private:
  std::unique_ptr<CURLU, UrlDeleter> url_;
  bool is_url_ = false;
};

/// Of a host that is an address and no name.
std::optional<Reach> reach_of_literal(const std::string& host) {
  sockaddr_in ipv4{};
  sockaddr_in6 ipv6{};
  ipv4.sin_family = AF_INET;
  ipv6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET, host.c_str(), &ipv4.sin_addr) == 1)
    return reach_of(reinterpret_cast<const sockaddr&>(ipv4));
  if (host.size() < 2 || host.front() != '[') return std::nullopt;
  const std::string inside = host.substr(1, host.find_first_of("]%") - 1);
  if (inet_pton(AF_INET6, inside.c_str(), &ipv6.sin6_addr) == 1)
    return reach_of(reinterpret_cast<const sockaddr&>(ipv6));
  return std::nullopt;
}

void check_address(SettingsReader& settings, const std::string& host, bool allow_private_networks) {
  const auto reach = reach_of_literal(host);
  if (reach == Reach::nowhere)
    return settings.refuse("url", "holds an address that webhooks are never sent to");
  if (reach == Reach::local && !allow_private_networks)
    settings.refuse("url", "holds the address of a private network",
                    "set allow_private_networks = true if that is meant");
}

void read_url(SettingsReader& settings, Config& config) {
  const bool allow_http = settings.flag("allow_http", false);
  config.allow_private_networks = settings.flag("allow_private_networks", false);
  config.url = settings.text("url");
  if (config.url.empty())
    return settings.refuse("url", "is missing", R"(url = "https://example.com/hooks/users")");
  const bool is_printable = std::ranges::all_of(config.url, [](char c) { return c > ' ' && c < 0x7F; });
  const Url url(config.url);
  if (!is_printable || config.url.size() > kMaxUrlBytes || !url.is_url() || url.part(CURLUPART_HOST).empty())
    return settings.refuse("url", "is not an absolute URL",
                           "printable ASCII, at most 4096 bytes: https://host/path");
  const std::string scheme = url.part(CURLUPART_SCHEME), port = url.part(CURLUPART_PORT);
  // libcurl is generous with slashes.
  if (config.url.compare(scheme.size(), 3, "://") != 0 || config.url.at(scheme.size() + 3) == '/')
    return settings.refuse("url", "is not an absolute URL", "https://host/path");
  if (scheme != "https" && scheme != "http") return settings.refuse("url", "must be an https URL");
  if (scheme == "http" && !allow_http)
    return settings.refuse("url", "has no TLS: the events could be read on the way",
                           "use https, or set allow_http = true");
  if (!url.part(CURLUPART_USER).empty() || !url.part(CURLUPART_PASSWORD).empty())
    return settings.refuse("url", "holds credentials",
                           R"(give them as a header: headers.Authorization_file = "FILE")");
  if (!url.part(CURLUPART_FRAGMENT).empty())
    return settings.refuse("url", "has a fragment, which is never sent", "leave out # and what is behind it");
  config.origin = fmt::format("{}://{}{}{}", scheme, url.part(CURLUPART_HOST), port.empty() ? "" : ":", port);
  check_address(settings, url.part(CURLUPART_HOST), config.allow_private_networks);
  if (scheme == "http") config.notes.emplace_back("allow_http: the events can be read on the way");
}

void read_secrets(SettingsReader& settings, Config& config) {
  for (const char* key : {"secret", "previous_secret"}) {
    for (const std::string& text : settings.list(key)) {
      if (auto secret = SigningSecret::parse(text))
        config.secrets.push_back(*std::move(secret));
      else
        return settings.refuse(key, "is not a secret of Standard Webhooks",
                               "whsec_ and 24 to 64 bytes in base64: echo whsec_$(openssl rand -base64 32)");
    }
  }
  if (settings.list("secret").empty() && !(config.pushes_tokens && config.secrets.empty()))
    settings.refuse(
        "secret", "is missing",
        R"(secret_file = "FILE" with the line that `echo whsec_$(openssl rand -base64 32)` prints)");
  if (config.secrets.size() > kMaxSecrets)
    settings.refuse("secret", fmt::format("and previous_secret are more than {} secrets", kMaxSecrets));
}

bool is_header_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

/// Those that say what the request is and how it travels.
bool is_ours(std::string_view name) {
  static constexpr std::array<std::string_view, 14> kNames = {"host",
                                        "content-type",
                                        "content-length",
                                        "content-encoding",
                                        "transfer-encoding",
                                        "connection",
                                        "expect",
                                        "te",
                                        "trailer",
                                        "upgrade",
                                        "keep-alive",
                                        encoding::kSignatureHeader,
                                        "proxy-authorization",
                                        "proxy-connection"};
  return name.starts_with("webhook-") || name.starts_with("ce-") ||
         std::ranges::find(kNames, name) != kNames.end();
}

bool is_header_value(std::string_view value) {
  return !value.empty() && value.front() != ' ' && value.back() != ' ' &&
         std::ranges::all_of(
             value, [](char c) { return (c >= ' ' && c < 0x7F) || static_cast<unsigned char>(c) >= 0x80; });
}

void read_headers(SettingsReader& settings, Config& config) {
  std::set<std::string> names;
  std::size_t bytes = 0;
  for (const auto& [name, value] : settings.below("headers.")) {
    const std::string key = "headers." + name;
    if (!is_header_name(name))
      settings.refuse("headers", "holds a name that no header can have");
    else if (is_ours(base::lowered(name)))
      settings.refuse(key, "is a header that user-events sets itself");
    else if (!names.insert(base::lowered(name)).second)
      settings.refuse(key, "is given twice, in other letters");
    else if (!is_header_value(value))
      settings.refuse(key, "is no value of a header", "one line, neither empty nor with spaces around it");
    config.headers.push_back(fmt::format("{}: {}", name, value));
    bytes += config.headers.back().size();
  }
  if (config.headers.size() > kMaxHeaders || bytes > kMaxHeaderBytes)
    settings.refuse("headers",
                    fmt::format("are more than {} or longer than {} bytes", kMaxHeaders, kMaxHeaderBytes));
}

void read_tls(SettingsReader& settings, Config& config) {
  const bool unsafe = settings.flag("unsafe", false);
  config.ca_file = settings.text("tls_ca_file");
  config.cert_file = settings.text("tls_cert_file");
  config.key_file = settings.text("tls_key_file");
  config.tls_verify = settings.flag("tls_verify", true);
  for (const auto& [key, path] : {std::pair("tls_ca_file", config.ca_file),
                                  {"tls_cert_file", config.cert_file},
                                  {"tls_key_file", config.key_file}})
    if (!path.empty() && std::ifstream(path).peek() == std::ifstream::traits_type::eof())
      settings.refuse(key, "names a file that is empty or cannot be read");
  if (config.cert_file.empty() != config.key_file.empty())
    settings.refuse(config.cert_file.empty() ? "tls_key_file" : "tls_cert_file",
                    "needs both tls_cert_file and tls_key_file");
  if (!config.tls_verify && !unsafe)
    settings.refuse("tls_verify", "is off: anybody could pose as the server",
                    "name its authority in tls_ca_file, or set unsafe = true");
  if (!config.tls_verify)
    config.notes.emplace_back("tls_verify is off: the server's certificate is not checked");
}

}  // namespace

Result<Config> parse(const DestinationOptions& options) {
  Config config;
  SettingsReader settings(options);
  config.name = options.name;
  config.retry = options.retry;
  config.pushes_tokens = options.format == kSetFormat;
  if (!options.topic.empty()) settings.refuse("topic", "means nothing here", "the endpoint is url");
  read_url(settings, config);
  read_secrets(settings, config);
  read_headers(settings, config);
  read_tls(settings, config);
  config.max_in_flight =
      static_cast<std::uint32_t>(settings.number("max_in_flight", config.max_in_flight, 1, 256));
  config.connect_timeout = settings.duration("connect_timeout", config.connect_timeout, 100ms, 60s);
  config.request_timeout = settings.duration("request_timeout", config.request_timeout, 100ms, 300s);
  UE_TRY(settings.finish());
  return config;
}

}  // namespace user_events::destinations::webhook
