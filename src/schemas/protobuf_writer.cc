#include "schemas/protobuf_writer.h"

#include "schemas/encoder.h"

namespace user_events::schemas {

const PlanShape ProtobufWriter::kAny{};

template <class Write>
bool ProtobufWriter::delimited(std::uint32_t number, Write&& write) {
  tag(number, kDelimited);
  const std::size_t at = out_->size();
  *out_ += '\0';
  if (!write()) return false;
  put_before(at, out_->size() - at - 1);
  return true;
}

bool ProtobufWriter::run(std::string_view data, std::string& out) {
  out_ = &out;
  begin();
  return message(plan().objects.front(), data, 0);
}

/// `depth`: messages around the event's data, this one included.
bool ProtobufWriter::message(const PlanObject& object, std::string_view json, std::size_t depth) {
  if (depth > kMaxProtobufDepth) return refuse("nested too deep");
  Members members(*this);
  if (!checked(members.read(object, json))) return false;
  for (std::size_t i = 0; i < object.fields.size(); ++i)
    if (!field(object.fields[i], members.value(i), depth)) return inside(object.fields[i].name);
  return object.extra == kNoShape || extras(members, shape(object.extra), depth);
}

bool ProtobufWriter::field(const PlanField& field, std::string_view json, std::size_t depth) {
  const PlanShape& shape = this->shape(field.shape);
  if (json.empty()) return field.required ? refuse("the member is missing") : true;
  if (is_null(json) && shape.nullable && shape.kind != Kind::any) return true;
  if (shape.field == ProtobufKind::array)
    return repeated(field.number, this->shape(shape.inner), json, depth);
  if (shape.field == ProtobufKind::map) return map(field.number, this->shape(shape.inner), json, depth);
  return single(field.number, shape.field, shape, json, !field.required || shape.nullable, depth);
}

/// `presence`: a default (0, false, "") is written, too.
bool ProtobufWriter::single(std::uint32_t number, ProtobufKind kind, const PlanShape& shape,
                            std::string_view json, bool presence, std::size_t depth) {
  switch (kind) {
    case ProtobufKind::timestamp:
      return delimited(number, [&] { return timestamp(json); });
    case ProtobufKind::object:
      return delimited(number, [&] { return message(plan().objects[shape.object], json, depth + 1); });
    case ProtobufKind::value:
      return delimited(number, [&] { return value(json, depth + 1); });
    case ProtobufKind::list_value:
    case ProtobufKind::array:  // a message around the repeated field
      return delimited(number, [&] { return repeated(1, this->shape(shape.inner), json, depth + 1); });
    case ProtobufKind::struct_map:
    case ProtobufKind::map:
      return delimited(number, [&] { return map(1, this->shape(shape.inner), json, depth + 1); });
    default:
      return scalar(number, kind, json, presence);
  }
}

bool ProtobufWriter::scalar(std::uint32_t number, ProtobufKind kind, std::string_view json, bool presence) {
  if (kind == ProtobufKind::boolean) {
    bool truth = false;
    if (!boolean(json, truth)) return false;
    if (!truth && !presence) return true;
    tag(number, kVarint);
    *out_ += truth ? '\1' : '\0';
  } else if (kind == ProtobufKind::integer) {
    std::int64_t whole = 0;
    if (!integer(json, whole)) return false;
    if (whole == 0 && !presence) return true;
    tag(number, kVarint);
    varint(static_cast<std::uint64_t>(whole));
  } else if (kind == ProtobufKind::number) {
    double real = 0;
    if (!this->number(json, real)) return false;
    if (json == "0" && !presence) return true;  // -0 is written
    tag(number, kFixed64);
    fixed64(real);
  } else {
    std::string_view content;
    return this->content(json, content) && string(number, content, presence);
  }
  return true;
}

bool ProtobufWriter::string(std::uint32_t number, std::string_view content, bool presence) {
  if (content.empty() && !presence) return true;
  if (content.find('\\') != std::string_view::npos)
    return delimited(number, [&] { return checked(base::append_unescaped(content, *out_)); });
  tag(number, kDelimited);
  varint(content.size());
  out_->append(content);
  return true;
}

/// google.protobuf.Timestamp: nanoseconds count forward from the second below.
bool ProtobufWriter::timestamp(std::string_view json) {
  std::int64_t unix_ms = 0;
  if (!time(json, unix_ms)) return false;
  const std::int64_t ms = (unix_ms % 1'000 + 1'000) % 1'000, seconds = (unix_ms - ms) / 1'000;
  if (seconds != 0) {
    tag(1, kVarint);
    varint(static_cast<std::uint64_t>(seconds));
  }
  if (ms != 0) {
    tag(2, kVarint);
    varint(static_cast<std::uint64_t>(ms) * 1'000'000U);
  }
  return true;
}

bool ProtobufWriter::repeated(std::uint32_t number, const PlanShape& item, std::string_view json,
                              std::size_t depth) {
  if (depth > kMaxProtobufDepth) return refuse("nested too deep");
  const ProtobufKind kind = item.element;
  if (kind <= ProtobufKind::number) return packed(number, kind, json);
  return checked(base::each_item(json, [&](std::string_view text) {
    return single(number, kind, item, text, true, depth) || inside_any();
  }));
}

/// Numbers and truth values stand in one field.
bool ProtobufWriter::packed(std::uint32_t number, ProtobufKind kind, std::string_view json) {
  if (json == "[]") return true;
  return delimited(number, [&] {
    return checked(base::each_item(json, [&](std::string_view text) {
      bool truth = false;
      std::int64_t whole = 0;
      double real = 0;
      if (kind == ProtobufKind::boolean) {
        if (!boolean(text, truth)) return inside_any();
        *out_ += truth ? '\1' : '\0';
      } else if (kind == ProtobufKind::integer) {
        if (!integer(text, whole)) return inside_any();
        varint(static_cast<std::uint64_t>(whole));
      } else {
        if (!this->number(text, real)) return inside_any();
        fixed64(real);
      }
      return true;
    }));
  });
}

/// An entry of a map is a message, too.
bool ProtobufWriter::entry(std::uint32_t number, const PlanShape& shape, std::string_view key,
                           std::string_view json, std::size_t depth) {
  if (depth + 1 > kMaxProtobufDepth) return refuse("nested too deep");
  return delimited(number,
                   [&] {
                     return string(1, key, true) && single(2, shape.element, shape, json, true, depth + 1);
                   }) ||
         inside_any();
}

bool ProtobufWriter::map(std::uint32_t number, const PlanShape& shape, std::string_view json,
                         std::size_t depth) {
  if (depth > kMaxProtobufDepth) return refuse("nested too deep");
  return checked(base::each_member(json, [&](std::string_view key, std::string_view member) {
    return entry(number, shape, key, member, depth);
  }));
}

bool ProtobufWriter::extras(const Members& members, const PlanShape& shape, std::size_t depth) {
  const auto all = [&](std::uint32_t number, std::size_t around) {
    for (std::size_t i = 0; i < members.extras(); ++i)
      if (!entry(number, shape, members.extra(i).first, members.extra(i).second, around)) return false;
    return true;
  };
  if (members.extras() == 0) return true;
  if (shape.element != ProtobufKind::value) return all(kProtobufExtraNumber, depth);
  return delimited(kProtobufExtraNumber, [&] { return all(1, depth + 1); });  // a google.protobuf.Struct
}

/// google.protobuf.Value, without its size.
bool ProtobufWriter::value(std::string_view json, std::size_t depth) {
  if (depth > kMaxProtobufDepth) return refuse("nested too deep");
  enum : std::uint32_t { kNullValue = 1, kNumberValue, kStringValue, kBoolValue, kStructValue, kListValue };
  const char first = json.empty() ? '\0' : json.front();
  switch (first) {
    case 'n':
      tag(kNullValue, kVarint);
      *out_ += '\0';
      return checked(is_null(json));
    case 't':
    case 'f':
      return scalar(kBoolValue, ProtobufKind::boolean, json, true);
    case '"':
      return scalar(kStringValue, ProtobufKind::text, json, true);
    case '[':
      return delimited(kListValue, [&] { return repeated(1, kAny, json, depth + 1); });
    case '{':
      return delimited(kStructValue, [&] { return map(1, kAny, json, depth + 1); });
    default:
      return scalar(kNumberValue, ProtobufKind::number, json, true);
  }
}

}  // namespace user_events::schemas
