#include "server/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/url/decode_view.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

#include "base/json_text.h"
#include "base/units.h"

namespace user_events::server {
namespace {

namespace urls = boost::urls;

/// The longest target comes from the header's limit, far below the library's own.
constexpr std::size_t kMaxTargetBytes = 16 << 10;

std::unexpected<Error> bad_target() {
  return fail(ErrorKind::malformed, "bad-target",
              "the request target is not a well-formed path with an optional query",
              "percent-encode what is not a letter, a digit or one of -._~");
}

bool is_clean(std::string_view text) {
  return base::is_valid_utf8(text) &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// Of a path. Behind a host the library takes one that begins with any segment, which RFC 3986 (3.3) does not, and `/./` it takes for something that
/// somebody put before the path.
bool has_plain_beginning(std::string_view path) { return path.empty() || (path.starts_with('/') && !path.starts_with("/./") && !path.starts_with("//./")); }

}  // namespace

Result<Target> Target::parse(std::string_view text) {
  // An absolute one has a host. Boost.URL 1.81 ends the process by an assertion at some without one (`a:?`).
  const std::string_view behind_scheme = text.substr(std::min(text.find(':'), text.size()));
  if (text.size() > kMaxTargetBytes || !(text.starts_with('/') || behind_scheme.starts_with("://"))) return bad_target();
  const urls::string_view raw(text.data(), text.size());
  const auto parsed = text.starts_with('/') ? urls::parse_origin_form(raw) : urls::parse_absolute_uri(raw);
  if (!parsed || !has_plain_beginning({parsed->encoded_path().data(), parsed->encoded_path().size()})) return bad_target();
  Target target;
  const auto encoded_authority = parsed->encoded_host_and_port();
  target.authority.assign(encoded_authority.data(), encoded_authority.size());
  for (const auto segment : parsed->segments()) target.path.push_back(segment);
  for (const auto parameter : parsed->params())
    target.parameters.emplace_back(parameter.key, parameter.value);
  if (!std::ranges::all_of(target.path, is_clean)) return bad_target();
  for (const auto& [name, value] : target.parameters)
    if (!is_clean(name) || !is_clean(value)) return bad_target();
  return target;
}

Result<void> Target::allow(std::initializer_list<std::string_view> names) const {
  for (const auto& [name, value] : parameters) {
    if (std::ranges::find(names, std::string_view(name)) != names.end()) continue;
    if (names.size() == 0)
      return fail(ErrorKind::malformed, "unknown-parameter", "this path takes no query parameters");
    return fail(ErrorKind::malformed, "unknown-parameter",
                "there is a query parameter that is not known here",
                fmt::format("known: {}", fmt::join(names, ", ")));
  }
  return {};
}

const std::string* Target::find(std::string_view name) const noexcept {
  const std::string* found = nullptr;
  for (const auto& [key, value] : parameters)
    if (key == name) found = &value;
  return found;
}

Result<std::uint64_t> Target::number(std::string_view name, std::uint64_t fallback, std::uint64_t least,
                                     std::uint64_t most) const {
  const auto* text = find(name);
  if (text == nullptr) return fallback;
  const auto value = base::whole_number(*text);
  if (!value || *value < least || *value > most)
    return bad_parameter(name, fmt::format("a whole number from {} to {}", least, most));
  return *value;
}

std::vector<std::string> Target::list(std::string_view name) const {
  std::vector<std::string> all;
  for (const auto& [key, value] : parameters) {
    if (key != name) continue;
    for (std::size_t begin = 0; begin <= value.size();) {
      const auto end = std::min(value.find(',', begin), value.size());
      if (end > begin) all.push_back(value.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return all;
}

Result<std::chrono::milliseconds> Target::duration(std::string_view name, std::chrono::milliseconds fallback,
                                                   std::chrono::milliseconds most) const {
  const auto* text = find(name);
  if (text == nullptr) return fallback;
  std::uint32_t count = 0;
  const auto* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, count);
  const std::string_view unit(stop, end);
  const std::uint64_t scale = unit == "ms" ? 1 : unit == "s" ? 1'000 : unit == "m" ? 60'000 : 0;
  if (error != std::errc{} || scale == 0 || count * scale > static_cast<std::uint64_t>(most.count()))
    return bad_parameter(
        name, fmt::format("a duration such as 500ms, 10s or 1m, at most {}s", most.count() / 1000));
  return std::chrono::milliseconds(count * scale);
}

std::optional<std::string> percent_decode(std::string_view text) {
  const auto encoded = urls::make_pct_string_view({text.data(), text.size()});
  if (!encoded) return std::nullopt;
  std::string decoded;
  decoded.reserve(text.size());
  for (const char c : **encoded) decoded.push_back(c);
  if (!is_clean(decoded)) return std::nullopt;
  return decoded;
}

std::unexpected<Error> bad_parameter(std::string_view name, std::string_view expected) {
  return fail(ErrorKind::malformed, "bad-parameter", fmt::format("query parameter '{}' must be {}", name, expected));
}

}  // namespace user_events::server
