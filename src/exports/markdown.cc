#include "exports/markdown.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/json_layout.h"
#include "base/try.h"
#include "exports/example.h"
#include "exports/mark.h"
#include "schemas/model.h"

namespace user_events::exports {
namespace {

using catalogue::EventType;
using schemas::Field;
using schemas::Kind;
using schemas::Model;
using schemas::Object;
using schemas::Shape;

constexpr std::string_view kExampleSource = "urn:example:user-service";

std::string head() {
  return fmt::format("<!-- {} `user-events schema export markdown --out docs/events` makes it anew. -->\n", kMark);
}

/// Text in a cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

/// All versions of one type.
class Page {
 public:
  static Result<std::string> text(std::span<const EventType* const> versions) {
    std::vector<Model> models;
    for (const auto* type : versions) {
      UE_TRY_ASSIGN(Model model, schemas::make_model(*type));
      models.push_back(std::move(model));
    }
    return Page(versions, models).make();
  }

 private:
  Page(std::span<const EventType* const> versions, const std::vector<Model>& models)
      : type_(*versions.back()), model_(models.back()), models_(models) {}

  [[nodiscard]] std::string make() const {
    std::string out = fmt::format("{}# {}\n\n{} (version {}, schema `{}`)\n\n", head(), type_.name, type_.description.empty() ? type_.title + "." : type_.description,
                                  type_.version, type_.data_schema_uri);
    out += "## Data\n\n" + table(model_.root());
    if (!model_.root().one_required.empty()) out += "\nAt least one is there of: " + one_required(model_.root()) + ".\n";
    for (std::size_t i = 1; i < model_.objects.size(); ++i) {
      const Object& object = model_.objects[i];
      out += fmt::format("\n### {}\n\n{}{}", object.name, object.description.empty() ? "" : object.description + "\n\n", table(object));
      if (!object.one_required.empty()) out += "\nAt least one is there of: " + one_required(object) + ".\n";
    }
    return out + key() + example() + history();
  }

  [[nodiscard]] std::string table(const Object& object) const {
    std::string out = "| field | type | required | constraints | personal data | meaning |\n|---|---|---|---|---|---|\n";
    for (const Field& field : object.fields)
      out += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", cell(field.name), cell(type_of(field.shape)), required(field), cell(constraints(field.shape)),
                         field.personal.empty() || field.personal == "none" ? "–" : cell(field.personal), cell(field.description));
    if (object.extra != nullptr) out += "| any other | " + cell(type_of(*object.extra)) + " | no | – | – | |\n";
    return out;
  }

  static std::string required(const Field& field) {
    if (field.filled_with == "acceptance-time") return field.required ? "yes; the time of acceptance if left out" : "no; the time of acceptance if left out";
    if (!field.filled_with.empty()) return fmt::format("{}; the names in `{}` if left out", field.required ? "yes" : "no", cell(field.filled_with.substr(field.filled_with.find('/') + 1)));
    return field.required ? "yes" : "no";
  }

  [[nodiscard]] std::string type_of(const Shape& shape) const {  // NOLINT(misc-no-recursion)
    std::string out(schemas::name(shape.kind));
    if (shape.kind == Kind::array) out = "array of " + type_of(*shape.element);
    if (shape.kind == Kind::map) out = "object; any names, values: " + type_of(*shape.element);
    if (shape.kind == Kind::object) out = fmt::format("[{}](#{})", model_.objects[shape.object].name, base::lowered(model_.objects[shape.object].name));
    if (shape.kind == Kind::timestamp) out = "time (RFC 3339)";
    if (shape.kind == Kind::enumeration) out = "text";
    if (shape.kind == Kind::any) return "any value";
    return shape.nullable ? out + " or null" : out;
  }

  static std::string constraints(const Shape& shape) {
    const auto& rule = shape.constraints;
    std::vector<std::string> all;
    const auto range = [&](std::string_view what, const std::optional<std::uint32_t>& least, const std::optional<std::uint32_t>& most) {
      if (least && most) all.push_back(fmt::format("{} to {} {}", *least, *most, what));
      if (least && !most) all.push_back(fmt::format("{} {} or more", *least, what));
      if (!least && most) all.push_back(fmt::format("at most {} {}", *most, what));
    };
    const auto bound = [&](std::string_view what, const std::string& number) {
      if (!number.empty()) all.push_back(fmt::format("{} {}", what, number));
    };
    if (shape.kind != Kind::timestamp && !shape.formats.empty()) all.push_back(fmt::format("{}", fmt::join(shape.formats, " or ")));
    if (!rule.values.empty()) all.push_back(fmt::format("one of `{}`", fmt::join(rule.values, "`, `")));
    if (shape.kind != Kind::timestamp) range("characters", rule.min_length, rule.max_length);
    range("items", rule.min_items, rule.max_items);
    range("members", rule.min_members, rule.max_members);
    if (rule.unique_items) all.emplace_back("no item twice");
    if (!rule.pattern.empty()) all.push_back(fmt::format("pattern `{}`", rule.pattern));
    bound("≥", rule.minimum);
    bound(">", rule.exclusive_minimum);
    bound("≤", rule.maximum);
    bound("<", rule.exclusive_maximum);
    bound("a multiple of", rule.multiple_of);
    return all.empty() ? "–" : fmt::format("{}", fmt::join(all, "; "));
  }

  static std::string one_required(const Object& object) {
    std::vector<std::string> sets;
    for (const auto& set : object.one_required) sets.push_back(fmt::format("`{}`", fmt::join(set, "` with `")));
    return fmt::format("{}", fmt::join(sets, ", "));
  }

  [[nodiscard]] std::string key() const {
    std::vector<std::string> keys;
    for (const auto& each : type_.keys)
      keys.push_back(each.is_user ? fmt::format("`{}`, the user's id", each.name) : fmt::format("a keyed token of `{}`", each.name));
    return fmt::format("\n## Key\n\nOrdered by {}{}. Events of one key are delivered in order.\n", fmt::join(keys, ", or "),
                       keys.size() > 1 ? ", whichever is there first" : "");
  }

  [[nodiscard]] std::string example() const {
    const auto data = example_data(type_, model_);
    if (!data) return "\n## Example\n\nNone: give the fields `examples` in the schema.\n";
    return "\n## Example\n\n```json\n" + base::lay_out(example_body(type_, kExampleSource, *data, encoding::Format::cloudevents)) + "```\n";
  }

  [[nodiscard]] std::string history() const {
    std::string out = "\n## Versions\n\n| version | since | changes |\n|---|---|---|\n";
    for (std::size_t i = 0; i < models_.size(); ++i)
      out += fmt::format("| {} | {} | {} |\n", models_[i].version, models_[i].since.empty() ? "–" : cell(models_[i].since),
                         i == 0 ? "first version" : changes(models_[i - 1].root(), models_[i].root()));
    return out;
  }

  static std::string changes(const Object& before, const Object& after) {
    std::vector<std::string> all;
    for (const Field& field : after.fields) {
      const Field* old = Model::find(before, field.name);
      if (old == nullptr)
        all.push_back(fmt::format("`{}` is new", cell(field.name)));
      else if (old->required != field.required)
        all.push_back(fmt::format("`{}` is {}", cell(field.name), field.required ? "required" : "optional"));
    }
    for (const Field& field : before.fields)
      if (Model::find(after, field.name) == nullptr) all.push_back(fmt::format("`{}` is gone", cell(field.name)));
    return all.empty() ? "see the schema" : fmt::format("{}", fmt::join(all, "; "));
  }

  const EventType& type_;
  const Model& model_;
  const std::vector<Model>& models_;
};

}  // namespace

Result<std::vector<TextFile>> markdown(std::span<const EventType* const> types) {
  std::vector<TextFile> files;
  std::string index = head() +
                      "# Event types\n\nWhat each event means and holds. All are [CloudEvents](../events-on-the-wire.md); each schema is a file of the "
                      "[catalogue](../catalogue.md).\n\n| type | version | |\n|---|---|---|\n";
  for (std::size_t i = 0; i < types.size();) {
    std::size_t end = i + 1;
    while (end < types.size() && types[end]->name == types[i]->name) ++end;
    const EventType& newest = *types[end - 1];
    UE_TRY_ASSIGN(std::string page, Page::text(types.subspan(i, end - i)));
    files.push_back({newest.name + ".md", std::move(page)});
    index += fmt::format("| [{0}]({0}.md) | {1} | {2} |\n", newest.name, newest.version, cell(newest.description.empty() ? newest.title : newest.description));
    i = end;
  }
  files.push_back({"README.md", std::move(index)});
  return files;
}

}  // namespace user_events::exports
