#include "compatibility/json_text.h"

#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "base/json_text.h"
#include "base/try.h"
#include "catalogue/dom.h"

namespace user_events::compatibility {

using catalogue::array_in;
using catalogue::object_in;
using catalogue::text_in;
using simdjson::dom::element;

std::unexpected<Error> refuse(const std::string& file, const std::string& pointer, const std::string& what) {
  Error error{ErrorKind::usage,
              "schema-invalid",
              file + (pointer.empty() ? ": " : ": at \"" + pointer + "\": ") + what,
              "docs/schema-compatibility.md says what is compared, and the limits",
              {}};
  error.fields.push_back({pointer, error.code, what});
  return std::unexpected(std::move(error));
}

std::string join(const std::string& pointer, std::string_view token) {
  std::string joined = pointer;
  base::append_pointer_token(token, joined);
  return joined;
}

namespace {

constexpr std::size_t kFewMembers = 16;  // of an object: looked up one by one

// Also what would make pointers, of which others keep one for each place, larger than the text.
Result<void> refuse_duplicates(const std::string& file, const element& value, const std::string& pointer) {
  if (pointer.size() > kMaxPointerBytes)
    return refuse(file, "", "the pointer to a place is longer than " + std::to_string(kMaxPointerBytes) + " bytes");
  if (value.is_array()) {
    std::size_t i = 0;
    for (const auto item : array_in(value))
      UE_TRY(refuse_duplicates(file, item, join(pointer, std::to_string(i++))));
  } else if (value.is_object()) {
    std::unordered_set<std::string_view> names;
    for (const auto field : object_in(value)) {
      if (!names.insert(field.key).second)
        return refuse(file, join(pointer, field.key), "the member is given twice");
      UE_TRY(refuse_duplicates(file, field.value, join(pointer, field.key)));
    }
  }
  return {};
}

bool is_same_object(const element& a, const element& b, std::uint64_t& compared) {
  if (object_in(a).size() != object_in(b).size()) return false;
  std::unordered_map<std::string_view, element> others;
  if (object_in(b).size() > kFewMembers)
    for (const auto field : object_in(b)) others.emplace(field.key, field.value);
  for (const auto field : object_in(a)) {
    element other;
    if (const auto found = others.find(field.key); found != others.end())
      other = found->second;
    else if (!others.empty() || object_in(b).at_key(field.key).get(other) != simdjson::SUCCESS)
      return false;
    if (!is_same(field.value, other, compared)) return false;
  }
  return true;
}

}  // namespace

Result<JsonText> JsonText::parse(const Document& document) {
  if (document.text.size() > kMaxTextBytes)
    return refuse(document.name, "", "larger than " + std::to_string(kMaxTextBytes) + " bytes");
  JsonText made;
  made.name_ = document.name;
  if (made.parser_->allocate(document.text.size() + 1, kMaxDepth) != simdjson::SUCCESS)
    return refuse(document.name, "", "not readable: out of memory");
  if (const auto error = made.parser_->parse(document.text.data(), document.text.size()).get(made.root_);
      error == simdjson::DEPTH_ERROR)
    return refuse(document.name, "", "nested deeper than " + std::to_string(kMaxDepth) + " levels");
  else if (error != simdjson::SUCCESS)
    return refuse(document.name, "", std::string("not readable as JSON: ") + simdjson::error_message(error));
  UE_TRY(refuse_duplicates(document.name, made.root_, ""));
  return made;
}

std::optional<long double> number(const element& value) {
  static_assert(std::numeric_limits<long double>::digits >= 64, "holds every int64, uint64 and double");
  if (value.is_int64()) return static_cast<long double>(value.get_int64().value_unsafe());
  if (value.is_uint64()) return static_cast<long double>(value.get_uint64().value_unsafe());
  if (value.is_double()) return static_cast<long double>(value.get_double().value_unsafe());
  return std::nullopt;
}

bool is_same(const element& a, const element& b) {
  std::uint64_t ignored = 0;
  return is_same(a, b, ignored);
}

bool is_same(const element& a, const element& b, std::uint64_t& compared) {
  ++compared;
  if (a.is_number() && b.is_number()) return number(a) == number(b);
  if (a.type() != b.type()) return false;
  if (a.is_string()) return text_in(a) == text_in(b);
  if (a.is_bool()) return a.get_bool().value_unsafe() == b.get_bool().value_unsafe();
  if (a.is_object()) return is_same_object(a, b, compared);
  if (!a.is_array()) return true;  // null
  const auto left = array_in(a), right = array_in(b);
  if (left.size() != right.size()) return false;
  auto at = right.begin();
  for (const auto item : left) {
    if (!is_same(item, *at, compared)) return false;
    ++at;
  }
  return true;
}

}  // namespace user_events::compatibility
