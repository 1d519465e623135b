#include "config/document.h"

#include <algorithm>
#include <fmt/format.h>

// toml++ 3.3 asserts that a table's name begins well before it looks, and with NDEBUG takes it for granted: without both it says what is wrong.
#undef NDEBUG
#define TOML_ASSERT(expression) static_cast<void>(0)
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace user_events::config {
namespace {

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "table";
    case toml::node_type::array:
      return "array of other things than strings";
    case toml::node_type::date:
      return "date";
    case toml::node_type::time:
      return "time";
    default:
      return "date-time";
  }
}

Value value_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return integer->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  if (const auto* array = node.as_array();
      array != nullptr && (array->empty() || array->is_homogeneous<std::string>())) {
    std::vector<std::string> texts;
    for (const auto& element : *array) texts.push_back(element.as_string()->get());
    return texts;
  }
  return OtherValue{type_name(node)};
}

void flatten(const toml::table& table, const std::string& prefix, std::vector<Leaf>& out) {
  for (const auto& [key, node] : table) {
    std::string name = prefix + std::string(key.str());
    const auto* inner = node.as_table();
    if (inner != nullptr && !inner->empty()) {
      flatten(*inner, name + ".", out);
    } else {
      out.push_back({std::move(name), key.source().begin.line, value_of(node)});
    }
  }
}

/// Takes `[[name]]` out of the root; what has another shape stays there, and is reported as a wrong key.
void take_tables(toml::table& root, std::string_view name, std::vector<Section>& out) {
  auto* tables = root[name].as_array();
  if (tables == nullptr || !tables->is_homogeneous<toml::table>()) return;
  for (const auto& element : *tables) {
    Section& section = out.emplace_back();
    section.line = element.source().begin.line;
    flatten(*element.as_table(), "", section.leaves);
  }
  root.erase(name);
}

}  // namespace

Result<Document> parse_document(std::string_view text, const std::string& path) {
  // TOML 1.0 has none of them; toml++ 3.3 ends the process at some.
  const auto is_control = [](unsigned char c) { return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F; };
  if (const auto found = std::ranges::find_if(text, is_control); found != text.end())
    return fail(ErrorKind::usage, "config-syntax", fmt::format("{}:{}: not TOML: a control character", path, std::count(text.begin(), found, '\n') + 1),
                "TOML is described at https://toml.io; docs/configuration.md has a whole example");
  auto parsed = toml::parse(text, path);
  if (!parsed) {
    return fail(ErrorKind::usage, "config-syntax",
                fmt::format("{}:{}: not TOML: {}", path, parsed.error().source().begin.line,
                            parsed.error().description()),
                "TOML is described at https://toml.io; docs/configuration.md has a whole example");
  }
  Document document;
  auto& root = parsed.table();
  take_tables(root, "destination", document.destinations);
  take_tables(root, "client", document.clients);
  take_tables(root, "issuer", document.issuers);
  take_tables(root, "signing_key", document.signing_keys);
  flatten(root, "", document.top.leaves);
  return document;
}

}  // namespace user_events::config
