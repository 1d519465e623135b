#include "casts/declaration.h"

#include "base/json_text.h"
#include "base/try.h"
#include "catalogue/dom.h"

namespace user_events::casts {
namespace {

using catalogue::array_in;
using catalogue::object_in;
using catalogue::text_in;
using simdjson::dom::element;

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  Result<Declaration> read(const element& value) {
    Declaration made;
    if (value.is_string() && text_in(value) == "none") {
      made.is_none = true;
      return made;
    }
    if (!value.is_object())
      return refuse(file_, "/x-cast", "`none`, or an object of `rename`, `drop`, `default`, `restore`, is expected");
    for (const auto field : object_in(value)) {
      const std::string_view name = field.key;
      if (name == "rename")
        UE_TRY(read_names(field.value, made.rename));
      else if (name == "drop")
        UE_TRY(read_drops(field.value, made.drop));
      else if (name == "default")
        UE_TRY(read_values(name, field.value, made.defaults));
      else if (name == "restore")
        UE_TRY(read_values(name, field.value, made.restore));
      else
        return refuse(file_, entry_pointer(name, {}), "only `rename`, `drop`, `default` and `restore` are known here");
    }
    return made;
  }

 private:
  Result<void> add(std::string_view member, std::string_view pointer, std::string value, Entries& entries) const {
    if (!pointer.starts_with('/') || pointer.size() < 2)
      return refuse(file_, entry_pointer(member, pointer), "a JSON Pointer to a field of the data is expected, such as `/name`");
    if (entries.size() == kMaxEntries)
      return refuse(file_, entry_pointer(member, {}), "there are more than " + std::to_string(kMaxEntries) + " entries");
    if (!entries.emplace(pointer, std::move(value)).second)
      return refuse(file_, entry_pointer(member, pointer), "the field is given twice");
    return {};
  }

  Result<void> read_names(const element& value, Entries& entries) const {
    if (!value.is_object())
      return refuse(file_, entry_pointer("rename", {}), "an object from pointers to new names is expected");
    for (const auto field : object_in(value)) {
      const std::string_view name = field.value.is_string() ? text_in(field.value) : std::string_view();
      if (name.empty() || name.find('/') != std::string_view::npos)
        return refuse(file_, entry_pointer("rename", field.key), "the field's new name is expected; it stays in its object");
      UE_TRY(add("rename", field.key, std::string(name), entries));
    }
    return {};
  }

  Result<void> read_drops(const element& value, Entries& entries) const {
    if (!value.is_array()) return refuse(file_, entry_pointer("drop", {}), "an array of pointers is expected");
    for (const auto item : array_in(value)) {
      if (!item.is_string()) return refuse(file_, entry_pointer("drop", {}), "an array of pointers is expected");
      UE_TRY(add("drop", text_in(item), {}, entries));
    }
    return {};
  }

  Result<void> read_values(std::string_view member, const element& value, Entries& entries) const {
    if (!value.is_object())
      return refuse(file_, entry_pointer(member, {}), "an object from pointers to values is expected");
    for (const auto field : object_in(value)) UE_TRY(add(member, field.key, simdjson::minify(field.value), entries));
    return {};
  }

  std::string_view file_;
};

}  // namespace

std::unexpected<Error> refuse(std::string_view file, const std::string& pointer, const std::string& what) {
  Error error{ErrorKind::usage,
              "cast-invalid",
              std::string(file) + ": at \"" + pointer + "\": " + what,
              "docs/catalogue.md (Casts between versions) says what `x-cast` may declare",
              {}};
  error.fields.push_back({pointer, error.code, what});
  return std::unexpected(std::move(error));
}

std::string entry_pointer(std::string_view member, std::string_view entry) {
  std::string pointer = "/x-cast";
  base::append_pointer_token(member, pointer);
  if (!entry.empty()) base::append_pointer_token(entry, pointer);
  return pointer;
}

Result<Declaration> read_declaration(std::string_view file, const element& schema) {
  element value;
  if (!schema.is_object() || object_in(schema).at_key("x-cast").get(value) != simdjson::SUCCESS) return Declaration{};
  return Reader(file).read(value);
}

}  // namespace user_events::casts
