// The rules of CloudEvents 1.0.2 and its JSON event format for one structured event, written down a second
// time.
#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace user_events::formation::test {

/// True if `text` has the shape of `pattern`, in which `0` stands for any digit.
inline bool has_shape(std::string_view text, std::string_view pattern) {
  return std::ranges::equal(text, pattern,
                            [](char c, char p) { return p == '0' ? c >= '0' && c <= '9' : c == p; });
}

inline bool is_lower_alphanumeric(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string_view::npos;
}

inline void expect_valid_string_attribute(const std::string& name, const simdjson::dom::element& value) {
  std::string_view text;
  ASSERT_EQ(value.get_string().get(text), simdjson::SUCCESS) << name;
  EXPECT_FALSE(text.empty()) << name;
  for (const char c : text) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << name;
}

inline void expect_valid_cloudevent(const std::string& json) {
  SCOPED_TRACE(json);
  simdjson::dom::parser parser;
  simdjson::dom::object event;
  ASSERT_EQ(parser.parse(json).get(event), simdjson::SUCCESS);
  std::set<std::string> names;
  for (const auto& [key, value] : event) {
    const std::string name(key);
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_TRUE(is_lower_alphanumeric(name)) << name;
    if (name == "data") {
      EXPECT_TRUE(value.is_object());
    } else if (value.is_string()) {
      expect_valid_string_attribute(name, value);
    } else {
      EXPECT_TRUE(value.is_bool() || value.is_int64()) << name;
    }
  }
  for (const char* name : {"specversion", "id", "source", "type", "time", "datacontenttype", "dataschema",
                           "partitionkey", "sequence", "journalid", "data"})
    EXPECT_TRUE(names.contains(name)) << name;
  const auto text = [&event](const char* name) { return std::string(event[name].get_string().value()); };
  EXPECT_EQ(text("specversion"), "1.0");
  EXPECT_EQ(text("datacontenttype"), "application/json");
  EXPECT_TRUE(has_shape(text("time"), "0000-00-00T00:00:00.000Z"));
  EXPECT_TRUE(has_shape(text("sequence"), "00000000000000000000"));
  EXPECT_EQ(text("dataschema").substr(0, 23), "urn:user-events:schema:");
  EXPECT_TRUE(!names.contains("subject") || text("subject") == text("partitionkey"));
}

}  // namespace user_events::formation::test
