#include "catalogue/catalogue.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <tuple>

#include "base/nearest.h"
#include "base/try.h"
#include "catalogue/builtin_schemas.h"  // generated
#include "catalogue/event_type.h"
#include "catalogue/program.h"

namespace user_events::catalogue {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxCatalogueFiles = 10'000;

auto order(const EventType& type) { return std::tuple(std::string_view(type.name), type.version); }

std::unexpected<Error> refuse(const fs::path& path, const std::string& what) {
  return fail(ErrorKind::usage, "catalogue-invalid", path.string() + ": " + what,
              "a catalogue folder holds TYPE/VERSION.json, such as user.rated/1.json; see docs/catalogue.md");
}

Result<std::string> read_file(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return refuse(path, "not readable: " + error.message());
  if (size > kMaxSchemaBytes)
    return refuse(path, "larger than " + std::to_string(kMaxSchemaBytes) + " bytes");
  std::ifstream file(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(size), '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file || file.peek() != std::ifstream::traits_type::eof())
    return refuse(path, "not readable, or changed while it was read");
  return text;
}

Result<std::uint32_t> version_of(const fs::path& path) {
  const std::string stem = path.stem().string();
  std::uint32_t version = 0;
  const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), version);
  if (path.extension() != ".json" || error != std::errc() || end != stem.data() + stem.size() ||
      version == 0 || stem[0] == '0')
    return refuse(path, "the file's name is not VERSION.json with a version of 1 or more");
  return version;
}

// Entries of a folder by name, hidden ones left out: the same order, so the same first error, on every
// machine.
Result<std::vector<fs::path>> entries(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().starts_with('.')) continue;
    if (paths.size() == kMaxCatalogueFiles)
      return refuse(folder, "more than " + std::to_string(kMaxCatalogueFiles) + " entries");
    paths.push_back(it->path());
  }
  if (error) return refuse(folder, "not readable: " + error.message());
  std::ranges::sort(paths);
  return paths;
}

// Puts a type in its place; refused if it is there already.
Result<void> insert(std::vector<std::unique_ptr<const EventType>>& types,
                    std::unique_ptr<const EventType> type, const fs::path& path) {
  const auto place =
      std::ranges::lower_bound(types, order(*type), {}, [](const auto& known) { return order(*known); });
  if (place != types.end() && order(**place) == order(*type))
    return refuse(path, type->name + " version " + std::to_string(type->version) + " exists already");
  types.insert(place, std::move(type));
  return {};
}

Result<void> load_type(const fs::path& folder, std::vector<std::unique_ptr<const EventType>>& types) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return refuse(folder, "not a folder");
  UE_TRY_ASSIGN(const auto files, entries(folder));
  if (files.empty()) return refuse(folder, "no VERSION.json in it");
  for (const fs::path& path : files) {
    UE_TRY_ASSIGN(const std::uint32_t version, version_of(path));
    UE_TRY_ASSIGN(const std::string text, read_file(path));
    UE_TRY_ASSIGN(auto type, make_event_type(path.string(), folder.filename().string(), version, text));
    UE_TRY(insert(types, std::move(type), path));
  }
  return {};
}

}  // namespace

Result<Catalogue> Catalogue::builtin() {
  Catalogue catalogue;
  for (const BuiltinSchema& schema : builtin_schemas()) {
    const std::string file =
        "catalogue/" + std::string(schema.type) + "/" + std::to_string(schema.version) + ".json";
    UE_TRY_ASSIGN(auto type, make_event_type(file, schema.type, schema.version, schema.text));
    UE_TRY(insert(catalogue.types_, std::move(type), file));
  }
  return catalogue;
}

Result<Catalogue> Catalogue::with(const std::string& directory) {
  auto catalogue = builtin();
  if (!directory.empty() && catalogue) UE_TRY(catalogue->load_directory(directory));
  return catalogue;
}

Result<void> Catalogue::load_directory(const std::string& directory) {
  // All or nothing: what was there before stays as it was when a file is refused.
  std::vector<std::unique_ptr<const EventType>> loaded;
  UE_TRY_ASSIGN(const auto folders, entries(directory));
  for (const fs::path& folder : folders) UE_TRY(load_type(folder, loaded));
  for (const auto& type : loaded)
    if (find(type->name, type->version) != nullptr)
      return refuse(fs::path(directory) / type->name,
                    type->name + " version " + std::to_string(type->version) + " exists already");
  for (auto& type : loaded) UE_TRY(insert(types_, std::move(type), directory));
  return {};
}

Catalogue Catalogue::of(std::vector<std::unique_ptr<const EventType>> types) {
  Catalogue catalogue;
  catalogue.types_ = std::move(types);
  std::ranges::sort(catalogue.types_, {}, [](const auto& type) { return order(*type); });
  return catalogue;
}

const EventType* Catalogue::find(std::string_view type, std::uint32_t version) const noexcept {
  const std::uint32_t wanted = version == 0 ? std::numeric_limits<std::uint32_t>::max() : version;
  const auto after = std::ranges::upper_bound(types_, std::tuple(type, wanted), {},
                                              [](const auto& known) { return order(*known); });
  if (after == types_.begin()) return nullptr;
  const EventType& found = **(after - 1);
  return found.name == type && (version == 0 || found.version == version) ? &found : nullptr;
}

bool Catalogue::has_type(std::string_view type) const noexcept { return find(type) != nullptr; }

std::vector<const EventType*> Catalogue::all() const {
  std::vector<const EventType*> all;
  for (const auto& type : types_) all.push_back(type.get());
  return all;
}

std::string Catalogue::nearest_type(std::string_view type) const {
  std::vector<std::string> names;
  for (const auto& known : types_) names.push_back(known->name);
  return base::nearest(type, names);
}

}  // namespace user_events::catalogue
