// What the generated code for typed events is made of (generated/catalogue/typed_data.cc): the rules of a
// schema as calls. Writes the bytes that Schema::normalise writes for the same fields in the schema's order.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.h"
#include "catalogue/findings.h"
#include "catalogue/formats.h"
#include "user_events/event.h"

namespace user_events::catalogue {

inline constexpr std::size_t kMaxRawJsonBytes = 16u << 20;  ///< Of one RawJson value.
inline constexpr std::size_t kMaxRawJsonDepth =
    28;  ///< Of one RawJson value; leaves room for what is around it.

struct TextRule {
  std::uint32_t min_length, max_length;  ///< Code points.
  FormatMask formats;
};

/// Writes one event's data. Members are written in the order of calls; `key` is `"name":`, `pointer` a JSON
/// Pointer in the data. No allocation without findings, except growth of `out`; RawJson values are parsed,
/// which may allocate once per thread.
class TypedWriter {
 public:
  TypedWriter(const NormaliseContext& context, std::string& out, std::vector<FieldError>& findings)
      : context_(context), out_(out), findings_(findings), start_(out.size()) {
    out_ += '{';
  }

  void text(std::string_view key, std::string_view pointer, std::string_view value, const TextRule& rule) {
    member(key);
    checked_text(pointer, value, rule);
  }
  void optional_text(std::string_view key, std::string_view pointer, const std::optional<std::string>& value,
                     const TextRule& rule) {
    if (value) text(key, pointer, *value, rule);
  }
  /// Left out if empty: `fill_time` comes later.
  void time(std::string_view key, std::string_view pointer, const std::optional<Timestamp>& value);
  void changes(std::string_view key, std::string_view pointer, const Changes& value,
               std::uint32_t min_properties, std::uint32_t max_properties);
  /// Left out if empty: `fill_names` comes later.
  void names(std::string_view key, std::string_view pointer, const std::vector<std::string>& value,
             std::uint32_t max_items);
  void open(std::string_view key) {
    member(key);
    out_ += '{';
    comma_ = false;
  }
  void close() {
    out_ += '}';
    comma_ = true;
  }
  void one_required(bool present, std::initializer_list<std::string_view> names);

  /// What comes now was not submitted.
  void end_submitted() noexcept { submitted_end_ = out_.size(); }
  void fill_time(std::string_view key);
  void fill_names(std::string_view key, const Changes& changes);

  /// Ends the object. False if there were findings; `out` is then as it was before.
  [[nodiscard]] bool finish(std::string* as_submitted);

 private:
  void member(std::string_view key) {
    if (comma_) out_ += ',';
    comma_ = true;
    out_ += key;
  }
  void checked_text(std::string_view pointer, std::string_view value, const TextRule& rule);
  void value(std::string_view pointer, std::string_view name, const Value& value);
  void raw_json(std::string_view pointer, std::string_view name, const RawJson& value);
  void fail(std::string_view pointer, Finding finding);
  void fail(std::string_view pointer, std::string_view name, Finding finding);

  const NormaliseContext& context_;
  std::string& out_;
  std::vector<FieldError>& findings_;
  std::size_t start_, submitted_end_ = 0;
  bool comma_ = false, failed_ = false;
};

}  // namespace user_events::catalogue
