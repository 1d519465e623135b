#include "schemas/avro_writer.h"

#include <algorithm>

#include "schemas/encoder.h"

namespace user_events::schemas {

const PlanShape AvroWriter::kAny{};

bool AvroWriter::run(std::string_view data, std::string& out) {
  out_ = &out;
  begin();
  return record(plan().objects.front(), data, 1);
}

bool AvroWriter::record(const PlanObject& object, std::string_view json, std::size_t depth) {
  if (depth > kMaxAvroDepth) return refuse("nested too deep");
  Members members(*this);
  if (!checked(members.read(object, json))) return false;
  for (std::size_t i = 0; i < object.fields.size(); ++i)
    if (!field(object.fields[i], members.value(i), depth)) return inside(object.fields[i].name);
  return object.extra == kNoShape || extras(members, shape(object.extra), depth);
}

bool AvroWriter::field(const PlanField& field, std::string_view json, std::size_t depth) {
  const PlanShape& shape = this->shape(field.shape);
  if (field.required) return json.empty() ? refuse("the member is missing") : value(shape, json, depth);
  if (json.empty() || (is_null(json) && shape.kind != Kind::any)) {
    *out_ += '\0';  // the union's first branch, null
    return true;
  }
  *out_ += '\2';
  return plain(shape, json, depth);
}

/// A value that is there.
bool AvroWriter::value(const PlanShape& shape, std::string_view json, std::size_t depth) {
  if (!shape.nullable || shape.kind == Kind::any) return plain(shape, json, depth);
  *out_ += is_null(json) ? '\0' : '\2';
  return is_null(json) || plain(shape, json, depth);
}

bool AvroWriter::plain(const PlanShape& shape, std::string_view json, std::size_t depth) {
  switch (shape.kind) {
    case Kind::boolean: {
      bool truth = false;
      if (!boolean(json, truth)) return false;
      *out_ += truth ? '\1' : '\0';
      return true;
    }
    case Kind::integer: {
      std::int64_t whole = 0;
      if (!integer(json, whole)) return false;
      zigzag(whole);
      return true;
    }
    case Kind::number: {
      double real = 0;
      if (!number(json, real)) return false;
      fixed64(real);
      return true;
    }
    case Kind::timestamp: {
      std::int64_t unix_ms = 0;
      if (!time(json, unix_ms)) return false;
      zigzag(unix_ms);
      return true;
    }
    case Kind::text:
      return string(json);
    case Kind::enumeration:
      return shape.avro_enum ? enumeration(shape, json) : string(json);
    case Kind::array:
      return array(this->shape(shape.inner), json, depth + 1);
    case Kind::map:
      return map(this->shape(shape.inner), json, depth + 1);
    case Kind::object:
      return record(plan().objects[shape.object], json, depth + 1);
    case Kind::any:
      break;
  }
  return any(json, depth);
}

bool AvroWriter::string(std::string_view json) {
  std::string_view content;
  return this->content(json, content) && text(content);
}

bool AvroWriter::text(std::string_view content) {
  if (content.find('\\') == std::string_view::npos) {
    zigzag(static_cast<std::int64_t>(content.size()));
    out_->append(content);
    return true;
  }
  const std::size_t at = out_->size();
  *out_ += '\0';
  if (!checked(base::append_unescaped(content, *out_))) return false;
  put_before(at, (out_->size() - at - 1) << 1U);
  return true;
}

bool AvroWriter::enumeration(const PlanShape& shape, std::string_view json) {
  const auto found = std::ranges::find(shape.symbols, json);
  if (found == shape.symbols.end()) return refuse("the schema has no such value");
  zigzag(found - shape.symbols.begin());
  return true;
}

/// Items stand in one block: their count, they, and the end, which is a block of none.
void AvroWriter::end_block(std::size_t at, std::size_t count) {
  if (count == 0) return;  // the byte that was left is the end
  put_before(at, count << 1U);
  *out_ += '\0';
}

bool AvroWriter::array(const PlanShape& item, std::string_view json, std::size_t depth) {
  if (depth > kMaxAvroDepth) return refuse("nested too deep");
  const std::size_t at = out_->size();
  *out_ += '\0';
  std::size_t count = 0;
  const bool good = checked(base::each_item(json, [&](std::string_view text) {
    ++count;
    return value(item, text, depth) || inside_any();
  }));
  if (good) end_block(at, count);
  return good;
}

bool AvroWriter::map(const PlanShape& shape, std::string_view json, std::size_t depth) {
  if (depth > kMaxAvroDepth) return refuse("nested too deep");
  const std::size_t at = out_->size();
  *out_ += '\0';
  std::size_t count = 0;
  const bool good = checked(base::each_member(json, [&](std::string_view key, std::string_view member) {
    ++count;
    return text(key) && (value(shape, member, depth) || inside_any());
  }));
  if (good) end_block(at, count);
  return good;
}

bool AvroWriter::extras(const Members& members, const PlanShape& shape, std::size_t depth) {
  const std::size_t at = out_->size();
  *out_ += '\0';
  for (std::size_t i = 0; i < members.extras(); ++i) {
    const auto [key, member] = members.extra(i);
    if (!text(key)) return false;
    if (!value(shape, member, depth + 1)) return inside_any();
  }
  end_block(at, members.extras());
  return true;
}

/// The record user_events.json.Value: which branch of its union, and the value.
bool AvroWriter::any(std::string_view json, std::size_t depth) {
  const char first = json.empty() ? '\0' : json.front();
  const auto branch = [this](int index) { *out_ += static_cast<char>(index << 1); };
  switch (first) {
    case 'n':
      branch(0);
      return checked(is_null(json));
    case 't':
    case 'f': {
      bool truth = false;
      branch(1);
      if (!boolean(json, truth)) return false;
      *out_ += truth ? '\1' : '\0';
      return true;
    }
    case '"':
      branch(4);
      return string(json);
    case '[':
      branch(5);
      return array(kAny, json, depth + 1);
    case '{':
      branch(6);  // the record Object: an array of names and values, which has a map's bytes
      return map(kAny, json, depth + 1);
    default:
      break;
  }
  std::int64_t whole = 0;
  if (json.find_first_of(".e") == std::string_view::npos && base::read_int64(json, whole)) {
    branch(2);
    zigzag(whole);
    return true;
  }
  double real = 0;
  branch(3);
  if (!number(json, real)) return false;
  fixed64(real);
  return true;
}

}  // namespace user_events::schemas
