// The rules of CloudEvents 1.0.2 and its JSON event format for one structured event, written down a second
// time.
#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

#include <regex>
#include <set>
#include <string>

namespace user_events::formation::test {

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
  static const std::regex attribute_name("[a-z0-9]+");
  static const std::regex timestamp(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)");
  for (const auto& [key, value] : event) {
    const std::string name(key);
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_TRUE(std::regex_match(name, attribute_name)) << name;
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
  EXPECT_TRUE(std::regex_match(text("time"), timestamp));
  EXPECT_TRUE(std::regex_match(text("sequence"), std::regex("[0-9]{20}")));
  EXPECT_EQ(text("dataschema").substr(0, 23), "urn:user-events:schema:");
  EXPECT_TRUE(!names.contains("subject") || text("subject") == text("partitionkey"));
}

}  // namespace user_events::formation::test
