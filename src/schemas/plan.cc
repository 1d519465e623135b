#include "schemas/plan.h"

#include <algorithm>
#include <numeric>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "schemas/wire_names.h"

namespace user_events::schemas {
namespace {

std::uint32_t add(const Shape& shape, Plan& plan) {
  const auto index = static_cast<std::uint32_t>(plan.shapes.size());
  plan.shapes.emplace_back();
  PlanShape made;
  made.kind = shape.kind;
  made.field = protobuf_kind(shape);
  made.element = protobuf_element_kind(shape);
  made.nullable = shape.nullable;
  made.avro_enum = is_avro_enum(shape);
  for (const std::string& symbol : shape.symbols)
    base::append_json_string(symbol, made.symbols.emplace_back());
  made.object = shape.object;
  if (shape.element != nullptr) made.inner = add(*shape.element, plan);
  plan.shapes[index] = std::move(made);
  return index;
}

PlanObject plan_object(const Object& object, Encoding encoding, Plan& plan) {
  // Avro writes in the schema's order, Protobuf by number.
  std::vector<std::uint32_t> order(object.fields.size());
  std::iota(order.begin(), order.end(), 0U);
  if (encoding == Encoding::protobuf)
    std::ranges::sort(order, {}, [&](std::uint32_t i) { return object.fields[i].number; });
  PlanObject made;
  std::vector<std::uint32_t> written_as(order.size());
  for (const std::uint32_t source : order) {
    const Field& field = object.fields[source];
    written_as[source] = static_cast<std::uint32_t>(made.fields.size());
    PlanField& added = made.fields.emplace_back();
    added.name = field.name;
    added.prefix = base::member_prefix(field.name);
    added.shape = add(field.shape, plan);
    added.number = field.number;
    added.required = field.required;
  }
  const auto count = static_cast<std::uint32_t>(order.size());
  made.following.assign(count + 1, count);
  for (std::uint32_t i = 0; i < count; ++i)
    made.following[i == 0 ? count : written_as[i - 1]] = written_as[i];
  made.by_prefix.resize(count);
  std::iota(made.by_prefix.begin(), made.by_prefix.end(), 0U);
  std::ranges::sort(made.by_prefix, {},
                    [&](std::uint32_t i) { return std::string_view(made.fields[i].prefix); });
  if (object.extra != nullptr) made.extra = add(*object.extra, plan);
  return made;
}

/// How far text can grow. In Avro a number of one digit in an array, `1,`, takes the eight bytes of a double,
/// and `{}` takes a byte for each field that it leaves out and one or two around them. In Protobuf an item
/// `1,` of a repeated google.protobuf.Value takes up to fifteen: five of the field's number, two sizes, the
/// kind, a double.
void set_growth(const Model& model, Encoding encoding, Plan& plan) {
  constexpr std::size_t kDouble = 4, kValue = 8, kAround = 16;
  plan.growth_factor = encoding == Encoding::avro ? kDouble : kValue;
  plan.growth_bytes = kAround;
  if (encoding == Encoding::protobuf) return;
  plan.growth_bytes += model.root().fields.size();
  for (std::size_t i = 1; i < model.objects.size(); ++i)
    plan.growth_factor = std::max(plan.growth_factor, (model.objects[i].fields.size() + 3) / 2);
}

}  // namespace

Plan make_plan(const Model& model, Encoding encoding) {
  Plan plan;
  plan.type = model.type;
  plan.version = model.version;
  set_growth(model, encoding, plan);
  for (const Object& object : model.objects) plan.objects.push_back(plan_object(object, encoding, plan));
  return plan;
}

std::uint32_t find_field(const PlanObject& object, std::string_view prefix) noexcept {
  const auto by = [&](std::uint32_t i) { return std::string_view(object.fields[i].prefix); };
  const auto found = std::ranges::lower_bound(object.by_prefix, prefix, {}, by);
  return found != object.by_prefix.end() && by(*found) == prefix
             ? *found
             : static_cast<std::uint32_t>(object.fields.size());
}

}  // namespace user_events::schemas
