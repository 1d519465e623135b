#include "cli/schema_read.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "cli/findings_report.h"
#include "cli/output.h"

namespace user_events::cli {

Result<std::string> read_schema_file(const std::string& path) {
  std::error_code error;
  std::ifstream file(path, std::ios::binary);
  std::string text(compatibility::kMaxTextBytes + 1, '\0');
  if (!file || std::filesystem::is_directory(path, error))
    return fail(ErrorKind::usage, "file-unreadable", fmt::format("{} cannot be read", path),
                "give the path of a schema file");
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad() || text.size() > compatibility::kMaxTextBytes)
    return fail(
        ErrorKind::usage, "file-unreadable",
        fmt::format("{} cannot be read, or is larger than {} bytes", path, compatibility::kMaxTextBytes));
  return text;
}

std::string path_of(const std::string& folder, std::string_view type, std::uint32_t version) {
  return (std::filesystem::path(folder) / type / fmt::format("{}.json", version)).string();
}

std::vector<compatibility::CatalogueFile> files_of(const catalogue::Catalogue& catalogue,
                                                   const std::string& folder) {
  std::vector<compatibility::CatalogueFile> files;
  for (const auto* type : catalogue.all())
    files.push_back(
        {type->name, type->version, path_of(folder, type->name, type->version), type->schema_text});
  return files;
}

Result<void> write_report(std::string_view format, const std::string& what, std::string_view verdict,
                          std::span<const compatibility::Finding> findings) {
  if (auto written = write_result(report_of(format, what, findings)); !written) return written;
  if (!compatibility::has_errors(findings)) return {};
  return fail(ErrorKind::invalid, "schema-findings", fmt::format("{} {}", what, verdict));
}

}  // namespace user_events::cli
