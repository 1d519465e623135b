// JSON objects and arrays, member by member.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json_text.h"

namespace user_events::base {

/// Member names and values of a JSON object. Names are written as they are, but for `any_key`; texts must be valid UTF-8.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  void text(std::string_view name, std::string_view value) {
    key(name), append_json_string(value, out_);
  }
  void number(std::string_view name, std::uint64_t value) {
    key(name), append_json_number(value, out_);
  }
  void boolean(std::string_view name, bool value) { key(name), out_ += value ? "true" : "false"; }
  void raw(std::string_view name, std::string_view json) { key(name), out_ += json; }
  std::string& key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return out_;
  }
  /// Escaped, where it has to be.
  std::string& any_key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    append_json_string(name, out_);
    return out_ += ':';
  }
  void end() { out_ += '}'; }

 private:
  std::string& out_;
};

template <class Items, class Append>
void append_array(const Items& items, std::string& out, Append&& append) {
  out += '[';
  for (const auto& item : items) {
    if (out.back() != '[') out += ',';
    append(item);
  }
  out += ']';
}

}  // namespace user_events::base
