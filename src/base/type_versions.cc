#include "base/type_versions.h"

#include <algorithm>
#include <charconv>

#include "base/try.h"

namespace user_events::base {
namespace {

std::unexpected<Error> refuse(std::string what) {
  return fail(ErrorKind::usage, "versions", std::move(what), "a version is a whole number from 1: 1, or user.rated=2 for one type");
}

}  // namespace

Result<void> TypeVersions::add(std::string_view entry) {
  const std::size_t equals = entry.find('=');
  const std::string_view type = equals == std::string_view::npos ? std::string_view() : entry.substr(0, equals);
  const std::string_view digits = equals == std::string_view::npos ? entry : entry.substr(equals + 1);
  std::uint32_t version = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || version == 0 || equals == 0)
    return refuse("a version of event types is neither VERSION nor TYPE=VERSION");
  if (types_.size() == kMaxTypeVersions) return refuse("there are more than " + std::to_string(kMaxTypeVersions) + " versions of event types");
  if (type.empty() ? all_ != 0 : !types_.emplace(type, version).second) return refuse("a version of event types is given twice");
  if (type.empty()) all_ = version;
  return {};
}

Result<TypeVersions> TypeVersions::parse(std::span<const std::string> entries) {
  TypeVersions versions;
  for (const std::string& entry : entries) UE_TRY(versions.add(entry));
  return versions;
}

std::vector<std::string> version_entries(std::string_view list) {
  std::vector<std::string> entries;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    std::string_view entry = list.substr(at, comma - at);
    while (!entry.empty() && (entry.front() == ' ' || entry.front() == '\t')) entry.remove_prefix(1);
    while (!entry.empty() && (entry.back() == ' ' || entry.back() == '\t')) entry.remove_suffix(1);
    entries.emplace_back(entry);
    at = comma + 1;
  }
  return entries;
}

}  // namespace user_events::base
