#include "catalogue/typed_write.h"

#include <simdjson.h>

#include <cmath>

#include "base/json_text.h"
#include "base/time_text.h"
#include "catalogue/walk.h"

namespace user_events::catalogue {

void TypedWriter::checked_text(std::string_view pointer, std::string_view value, const TextRule& rule) {
  if (!base::is_valid_utf8(value)) return fail(pointer, bad_utf8());
  if (!length_within(value, rule.min_length, rule.max_length))
    fail(pointer, wrong_length(code_points(value), rule.min_length, rule.max_length));
  if (rule.formats != 0 && !fits_format(rule.formats, value)) fail(pointer, wrong_format(rule.formats));
  base::append_json_string(value, out_);
}

void TypedWriter::time(std::string_view key, std::string_view pointer,
                       const std::optional<Timestamp>& value) {
  if (!value) return;
  const std::int64_t unix_ms = value->time_since_epoch().count();
  if (!has_four_digit_year(unix_ms)) return fail(pointer, wrong_format(kFormatDateTime));
  member(key);
  out_ += '"';
  base::append_time(unix_ms, out_);
  out_ += '"';
}

void TypedWriter::changes(std::string_view key, std::string_view pointer, const Changes& changes,
                          std::uint32_t min_properties, std::uint32_t max_properties) {
  open(key);
  for (const auto& [name, value] : changes) {
    if (!base::is_valid_utf8(name)) {
      fail(pointer, bad_utf8());
      continue;
    }
    if (is_forbidden_name(name)) {
      fail(pointer, name, forbidden_name());
      continue;
    }
    if (comma_) out_ += ',';
    comma_ = true;
    base::append_json_string(name, out_);
    out_ += ':';
    this->value(pointer, name, value);
  }
  close();
  if (changes.size() < min_properties) fail(pointer, too_few_members(min_properties));
  if (changes.size() > max_properties) fail(pointer, too_many_members(max_properties));
}

void TypedWriter::value(std::string_view pointer, std::string_view name, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (!base::is_valid_utf8(*text)) return fail(pointer, name, bad_utf8());
    base::append_json_string(*text, out_);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    base::append_json_number(*integer, out_);
  } else if (const auto* number = std::get_if<double>(&value)) {
    if (!std::isfinite(*number))
      return fail(pointer, name, {"not-finite", "JSON has no infinite number and no NaN"});
    base::append_json_number(*number, out_);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    out_ += *flag ? "true" : "false";
  } else if (const auto* raw = std::get_if<RawJson>(&value)) {
    raw_json(pointer, name, *raw);
  } else {
    out_ += "null";
  }
}

void TypedWriter::raw_json(std::string_view pointer, std::string_view name, const RawJson& value) {
  static thread_local simdjson::dom::parser parser(kMaxRawJsonBytes);
  if (value.text.size() > kMaxRawJsonBytes)
    return fail(pointer, name, {"too-large", "the JSON text is too large"});
  simdjson::dom::element element;
  simdjson::error_code error = simdjson::SUCCESS;
  if (parser.max_depth() != kMaxRawJsonDepth || parser.capacity() < value.text.size())
    error = parser.allocate(value.text.size() + 1, kMaxRawJsonDepth);
  if (error == simdjson::SUCCESS) error = parser.parse(value.text).get(element);
  if (error != simdjson::SUCCESS)
    return fail(
        pointer, name,
        {"malformed", std::string("the text is not readable as JSON: ") + simdjson::error_message(error)});
  std::string prefix(pointer);
  append_echoed_name(name, prefix);
  if (!normalise_open(element, prefix, out_, findings_)) failed_ = true;
}

void TypedWriter::names(std::string_view key, std::string_view pointer, const std::vector<std::string>& names,
                        std::uint32_t max_items) {
  if (names.empty()) return;
  member(key);
  out_ += '[';
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i != 0) out_ += ',';
    if (!base::is_valid_utf8(names[i]))
      fail(pointer, std::to_string(i), bad_utf8());
    else
      base::append_json_string(names[i], out_);
  }
  out_ += ']';
  if (names.size() > max_items) fail(pointer, too_many_items(max_items));
}

void TypedWriter::one_required(bool present, std::initializer_list<std::string_view> names) {
  if (!present) fail({}, one_missing(names));
}

void TypedWriter::fill_time(std::string_view key) {
  member(key);
  out_ += '"';
  base::append_time(context_.now_ms, out_);
  out_ += '"';
}

void TypedWriter::fill_names(std::string_view key, const Changes& changes) {
  member(key);
  if (failed_) return;  // a name may not be text
  out_ += '[';
  bool first = true;
  for (const auto& [name, value] : changes) {
    if (!first) out_ += ',';
    first = false;
    base::append_json_string(name, out_);
  }
  out_ += ']';
}

bool TypedWriter::finish(std::string* as_submitted) {
  if (failed_) {
    out_.resize(start_);
    return false;
  }
  out_ += '}';
  if (as_submitted != nullptr) as_submitted->append(out_, start_, submitted_end_ - start_).append(1, '}');
  return true;
}

void TypedWriter::fail(std::string_view pointer, Finding finding) {
  failed_ = true;
  if (findings_.size() >= kMaxFindings) return;
  findings_.push_back({std::string(pointer), std::string(finding.code), std::move(finding.detail)});
}

void TypedWriter::fail(std::string_view pointer, std::string_view name, Finding finding) {
  std::string whole(pointer);
  append_echoed_name(name, whole);
  fail(whole, std::move(finding));
}

}  // namespace user_events::catalogue
