// A configuration file. What is taken is shown as a file that is taken too and says the same; what is refused names lines of the file.
#include <algorithm>

#include "config/config.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace user_events;
  const std::string_view text = fuzz::text_of(data, size);
  // A reference to a file or a variable would make the verdict depend on the machine.
  if (text.find("_file") != std::string_view::npos || text.find("_env") != std::string_view::npos) return 0;
  const auto loaded = config::load_text(text, "fuzz.toml");
  if (!loaded) {
    fuzz::require(loaded.error().kind == ErrorKind::usage, "a bad configuration is wrong usage");
    fuzz::require(loaded.error().message.find('\n') == std::string::npos, "a finding is one line");
    return 0;
  }
  const auto lines = static_cast<std::uint32_t>(std::ranges::count(text, '\n') + 1);
  for (const auto& [key, line] : loaded->lines) fuzz::require(line >= 1 && line <= lines, "a key stands on a line of the file");
  const std::string shown = config::show(*loaded);
  if (shown.find("<redacted>") != std::string::npos) return 0;
  const auto again = config::load_text(shown, "shown.toml");
  fuzz::require(again.has_value(), "what is shown is taken" + (again ? "" : ": " + describe(again.error()) + "\n" + shown));
  fuzz::require(config::show(*again) == shown, "what is shown says the same:\n" + shown + "\n" + config::show(*again));
  fuzz::require(config::show_json(*again) == config::show_json(*loaded), "as JSON, too");
  return 0;
}
