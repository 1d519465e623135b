#include "typings/plan.h"

#include <fmt/format.h>

#include "schemas/wire_names.h"
#include "typings/words.h"

namespace user_events::typings {

using schemas::Kind;
using schemas::Model;
using schemas::Object;
using schemas::Shape;

Plan::Plan(std::span<const Model> models, const Naming& naming) : naming_(naming) {
  for (std::size_t i = 0; i < models.size(); ++i) name_event(models[i], i + 1 == models.size() || models[i + 1].type != models[i].type);
  for (const Model& model : models) add(model, 0);
}

std::string Plan::free_name(const std::string& wanted) {
  return taken_.give(naming_.reserved_types.contains(wanted) ? wanted + "_" : wanted);
}

void Plan::name_event(const Model& model, bool is_newest) {
  const std::string wanted = is_newest ? model.root().name : fmt::format("{}V{}", model.root().name, model.version);
  PlannedEvent event{.model = &model, .data = free_name(wanted), .event = {}};
  event.event = free_name(event.data + "Event");
  names_[{&model, 0}] = event.data;
  events_.push_back(std::move(event));
}

const std::string& Plan::name_of(const Model& model, std::uint32_t object) const { return names_.at({&model, object}); }

void Plan::add_inside(const Model& model, const Shape& shape) {  // NOLINT(misc-no-recursion)
  if (shape.element != nullptr) add_inside(model, *shape.element);
  if (shape.kind == Kind::object) add(model, shape.object);
}

// Names and symbols hold any character, and so stand in quotes.
std::string Plan::form_of(const Model& model, const Shape& shape) const {  // NOLINT(misc-no-recursion): the model is finite
  std::string out = fmt::format("{}{}", schemas::name(shape.kind), shape.nullable ? "?" : "");
  for (const std::string& symbol : shape.symbols) out += "|" + literal(symbol);
  if (shape.kind == Kind::array || shape.kind == Kind::map) out += "<" + form_of(model, *shape.element) + ">";
  if (shape.kind == Kind::object) out += name_of(model, shape.object);
  return out;
}

std::string Plan::form_of(const Model& model, const Object& object) const {
  std::string out = object.name + "{";
  for (const auto& field : object.fields) out += fmt::format("{}{}{};", literal(field.name), field.required ? "!:" : ":", form_of(model, field.shape));
  if (object.extra != nullptr) out += "*:" + form_of(model, *object.extra);
  for (const auto& set : object.one_required) {
    out += "/";
    for (const std::string& name : set) out += literal(name);
  }
  return out + "}";
}

void Plan::add(const Model& model, std::uint32_t index) {  // NOLINT(misc-no-recursion): a schema never contains itself
  const Object& object = model.objects[index];
  if (index != 0 && names_.contains({&model, index})) return;
  for (const auto& field : object.fields) add_inside(model, field.shape);
  if (object.extra != nullptr) add_inside(model, *object.extra);
  if (index != 0) {
    const auto [known, is_new] = shared_.try_emplace(form_of(model, object));
    if (is_new) {
      const bool is_taken = taken_.contains(object.name) && !object.name.starts_with(model.root().name);
      known->second = free_name(is_taken ? name_of(model, 0) + object.name : object.name);
    }
    names_[{&model, index}] = known->second;
    if (!is_new) return;
  }
  objects_.push_back({&model, &object, name_of(model, index), field_names(object)});
}

std::vector<std::string> Plan::field_names(const Object& object) const {
  schemas::Names taken;
  std::vector<std::string> names;
  const auto add = [&](const std::string& wanted) {
    names.push_back(taken.give(naming_.reserved_fields.contains(wanted) ? wanted + "_" : wanted));
  };
  for (const auto& field : object.fields) add(naming_.field(field.name));
  add("extra");
  return names;
}

}  // namespace user_events::typings
