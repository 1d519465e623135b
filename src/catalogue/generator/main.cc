// Build tool: `ue_generate SCHEMA_DIRECTORY OUTPUT_DIRECTORY` writes the C++ that follows from the catalogue.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "catalogue/generator/emit.h"

namespace {

namespace fs = std::filesystem;

// A file that would not change keeps its time, so that nothing is compiled again for nothing.
bool write_file(const fs::path& path, const std::string& text) {
  std::ostringstream present;
  present << std::ifstream(path, std::ios::binary).rdbuf();
  if (present.str() == text) return true;
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return file.good();
}

int generate(const fs::path& schemas, const fs::path& output) {
  using namespace user_events::catalogue::generator;
  const auto model = read_model(schemas.string());
  if (!model) {
    std::fprintf(stderr, "%s\n", user_events::describe(model.error()).c_str());
    return 1;
  }
  const std::pair<const char*, std::string> files[] = {
      {"user_events/events.h", emit_events_header(*model)},
      {"user_events/event_list.inc", emit_event_list(*model)},
      {"user_events/publish_methods.inc", emit_publish_methods(*model)},
      {"catalogue/typed_data.h", emit_typed_data_header(*model)},
      {"catalogue/typed_data.cc", emit_typed_data_source(*model)},
      {"catalogue/builtin_schemas.cc", emit_builtin_schemas(*model)},
  };
  for (const auto& [name, text] : files) {
    if (write_file(output / name, text)) continue;
    std::fprintf(stderr, "%s: cannot be written\n", (output / name).c_str());
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: ue_generate SCHEMA_DIRECTORY OUTPUT_DIRECTORY\n");
    return 2;
  }
  try {
    return generate(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ue_generate: %s\n", error.what());
    return 1;
  }
}
