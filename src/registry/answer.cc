#include "registry/answer.h"

#include <simdjson.h>

namespace user_events::registry {
namespace {

/// An answer as JSON. Not movable: the document refers to the parser.
class Document {
 public:
  explicit Document(std::string_view text) { ok_ = parser_.parse(text.data(), text.size()).get(root_) == simdjson::SUCCESS; }
  template <class Value>
  [[nodiscard]] std::optional<Value> member(std::string_view key) const {
    Value value{};
    if (!ok_ || !root_.is_object() || root_[key].get(value) != simdjson::SUCCESS) return std::nullopt;
    return value;
  }
  [[nodiscard]] std::optional<std::uint32_t> id(std::string_view key) const { return as_id(member<std::int64_t>(key)); }
  [[nodiscard]] std::optional<simdjson::dom::array> list() const {
    simdjson::dom::array list;
    if (!ok_ || root_.get(list) != simdjson::SUCCESS) return std::nullopt;
    return list;
  }
  [[nodiscard]] static std::optional<std::uint32_t> as_id(std::optional<std::int64_t> value) {
    if (!value || *value < 1 || *value > kMaxId) return std::nullopt;
    return static_cast<std::uint32_t>(*value);
  }

 private:
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
  bool ok_ = false;
};

}  // namespace

std::optional<std::int64_t> read_error_code(std::string_view answer) { return Document(answer).member<std::int64_t>("error_code"); }

std::optional<std::uint32_t> read_id(std::string_view answer) { return Document(answer).id("id"); }

std::optional<std::vector<std::uint32_t>> read_version_numbers(std::string_view answer) {
  const Document document(answer);
  const auto list = document.list();
  if (!list || list->size() > kMaxVersions) return std::nullopt;
  std::vector<std::uint32_t> numbers;
  for (const auto element : *list) {
    std::int64_t value = 0;
    const auto number = element.get(value) == simdjson::SUCCESS ? Document::as_id(value) : std::nullopt;
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

std::optional<Registered> read_registered(std::string_view answer) {
  const Document document(answer);
  const auto id = document.id("id"), version = document.id("version");
  const auto text = document.member<std::string_view>("schema");
  if (!id || !version || !text) return std::nullopt;
  return Registered{*id, *version, std::string(*text)};
}

}  // namespace user_events::registry
