#include "catalogue/succession.h"

#include <simdjson.h>

#include "catalogue/canonical.h"

namespace user_events::catalogue {
namespace {

// The same document, however it is laid out.
bool says_the_same(const EventType& a, const EventType& b) {
  if (a.schema_text == b.schema_text) return true;
  const auto canonical = [](const EventType& type) {
    simdjson::dom::parser parser;
    std::string text;
    append_canonical(parser.parse(type.schema_text).value_unsafe(), text);  // it has been compiled before
    return text;
  };
  return canonical(a) == canonical(b);
}

std::unexpected<Error> changed(const EventType& was, const char* what) {
  return fail(ErrorKind::usage, "catalogue-changed", was.name + " version " + std::to_string(was.version) + what,
              "events of it may be in the journal: put the file back as it was, and write what is new as the next version");
}

}  // namespace

Result<void> check_succession(const Catalogue& older, const Catalogue& next) {
  for (const EventType* const was : older.all()) {
    const EventType* const is = next.find(was->name, was->version);
    if (is == nullptr) return changed(*was, " is gone");
    if (!says_the_same(*was, *is)) return changed(*was, " is not what it was");
  }
  return {};
}

std::vector<std::uint32_t> versions_of(const Catalogue& catalogue, std::string_view type) {
  std::vector<std::uint32_t> numbers;
  for (const EventType* const each : catalogue.all())
    if (each->name == type) numbers.push_back(each->version);
  return numbers;
}

std::string list_of(std::span<const std::uint32_t> versions) {
  std::string text;
  for (std::size_t i = 0; i < versions.size(); ++i)
    text += (i == 0 ? "" : i + 1 == versions.size() ? " and " : ", ") + std::to_string(versions[i]);
  return text;
}

}  // namespace user_events::catalogue
