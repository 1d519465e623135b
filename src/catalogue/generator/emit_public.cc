// The parts of the public interface that follow from the catalogue.
#include <fmt/format.h>

#include "catalogue/generator/emit.h"

namespace user_events::catalogue::generator {
namespace {

constexpr std::string_view kNotice = "// Generated from the catalogue's schema files; do not edit.\n";

std::string type_of(const Field& field) {
  switch (field.kind) {
    case Kind::text:
      return field.optional ? "std::optional<std::string>" : "std::string";
    case Kind::time:
      return "std::optional<Timestamp>";
    case Kind::changes:
      return "Changes";
    case Kind::names:
      return "std::vector<std::string>";
    case Kind::structure:
      return field.optional ? fmt::format("std::optional<{}>", field.structure) : field.structure;
  }
  return {};
}

std::string note_of(const Field& field) {
  if (field.kind == Kind::names && !field.fill_source.empty()) return " Empty: derived.";
  if (field.kind == Kind::text && !field.optional && field.min > 0) return " Required.";
  return {};
}

std::string emit_fields(const Structure& structure) {
  std::string text;
  for (const Field& field : structure.fields)
    text += fmt::format("  /// {}{}\n  {} {} = {{}};\n", field.description, note_of(field), type_of(field),
                        field.cpp_name);
  return text;
}

}  // namespace

std::string emit_events_header(const Model& model) {
  std::string text = fmt::format(
      "{}// One struct per event type. Members stand in the order of the schema; an empty time means the "
      "time of acceptance.\n"
      "#pragma once\n\n#include <cstdint>\n#include <optional>\n#include <string>\n#include "
      "<string_view>\n#include <variant>\n"
      "#include <vector>\n\n#include \"user_events/event.h\"\n\nnamespace user_events {{\n",
      kNotice);
  for (const Structure& structure : model.structures)
    text += fmt::format("\n/// {}\nstruct {} {{\n{}}};\n", structure.description, structure.name,
                        emit_fields(structure));
  for (const Event& event : model.events)
    text += fmt::format(
        "\n/// `{0}`: {1}\nstruct {2} {{\n  static constexpr std::string_view kType = \"{0}\";\n"
        "  static constexpr std::uint32_t kVersion = {3};\n\n{4}}};\n",
        event.type, event.structure.description, event.structure.name, event.version,
        emit_fields(event.structure));
  text += "\n/// Any event of the catalogue.\nusing AnyEvent = std::variant<";
  for (std::size_t i = 0; i < model.events.size(); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ",\n                              ",
                        model.events[i].structure.name);
  return text + ">;\n\n}  // namespace user_events\n";
}

std::string emit_event_list(const Model& model) {
  std::string text = fmt::format(
      "{}// UE_FOR_EACH_EVENT(X) is X(UserCreated, user_created) and so on: the struct, and its name in "
      "methods.\n"
      "#pragma once\n\n#define UE_FOR_EACH_EVENT(X)",
      kNotice);
  for (const Event& event : model.events)
    text += fmt::format(" \\\n  X({}, {})", event.structure.name, event.snake_name);
  return text + "\n";
}

std::string emit_publish_methods(const Model& model) {
  std::string text = fmt::format("{}// Included inside class UserEventPublisher.\n", kNotice);
  for (const Event& event : model.events)
    text += fmt::format(
        "\n  /// Publishes `{0}`: {1} Promise, errors and cost as `publish`.\n"
        "  [[nodiscard]] Result<Receipt> publish_{2}(const {3}& event, const PublishOptions& options = {{}}) "
        "{{\n"
        "    return publish(event, options);\n  }}\n",
        event.type, event.structure.description, event.snake_name, event.structure.name);
  return text;
}

}  // namespace user_events::catalogue::generator
