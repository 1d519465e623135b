#include "compatibility/catalogue_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/try.h"
#include "compatibility/json_text.h"

namespace user_events::compatibility {
namespace {

using Files = std::vector<CatalogueFile>;

const CatalogueFile* find(const Files& files, const CatalogueFile& wanted) {
  const auto order = [](const CatalogueFile& each) {
    return std::tuple(std::string_view(each.type), each.version);
  };
  const auto found = std::ranges::lower_bound(files, order(wanted), {}, order);
  return found == files.end() || order(*found) != order(wanted) ? nullptr : &*found;
}

Finding finding(std::string code, const std::string& file, std::string detail) {
  return {Severity::error, Breaks::new_readers, std::move(code), file, "", std::move(detail)};
}

// White space and the order of members do not count; everything else does, since a published file is quoted
// and cached.
Result<bool> says_the_same(const CatalogueFile& older, const CatalogueFile& newer) {
  if (older.text == newer.text) return true;
  UE_TRY_ASSIGN(const JsonText left, JsonText::parse({older.name, older.text}));
  UE_TRY_ASSIGN(const JsonText right, JsonText::parse({newer.name, newer.text}));
  return is_same(left.root(), right.root());
}

Result<void> check_published(const Files& older, const Files& newer, std::vector<Finding>& findings) {
  for (const CatalogueFile& was : older) {
    const CatalogueFile* is = find(newer, was);
    if (is == nullptr) {
      const bool has_type = std::ranges::binary_search(newer, was.type, {}, &CatalogueFile::type);
      findings.push_back(finding("schema-removed", was.name,
                                 has_type ? fmt::format("version {} of {} is gone", was.version, was.type)
                                          : fmt::format("{} is gone", was.type)));
      continue;
    }
    UE_TRY_ASSIGN(const bool is_same, says_the_same(was, *is));
    if (!is_same)
      findings.push_back(
          finding("published-changed", is->name, fmt::format("it is not what {} is", was.name)));
  }
  return {};
}

}  // namespace

Result<std::vector<Finding>> check_catalogue(Mode mode, const Files& older, const Files& newer,
                                             const CheckVersions& compare) {
  std::vector<Finding> findings;
  UE_TRY(check_published(older, newer, findings));
  std::vector<Document> versions;  // of one type, up to the one that is looked at
  for (std::size_t i = 0; i < newer.size(); ++i) {
    if (i == 0 || newer[i].type != newer[i - 1].type) versions.clear();
    versions.push_back({newer[i].name, newer[i].text});
    if (versions.size() < 2 || find(older, newer[i]) != nullptr) continue;
    UE_TRY_ASSIGN(auto found, compare(mode, versions));
    std::ranges::move(found, std::back_inserter(findings));
  }
  return findings;
}

}  // namespace user_events::compatibility
