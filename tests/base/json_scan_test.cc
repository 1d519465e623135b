// Members and items of JSON in its standard form, and of texts that are none.
#include "base/json_scan.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace user_events::base {
namespace {

using Members = std::vector<std::string>;

/// `key=value` of each member; `none` if the text is no object.
Members members_of(std::string_view json) {
  Members found;
  const bool good = each_member(json, [&](std::string_view key, std::string_view value) {
    found.push_back(std::string(key) + "=" + std::string(value));
    EXPECT_EQ(std::string(key.data() - 1, value.data() + value.size()), '"' + std::string(key) + "\":" + std::string(value)) << "in one piece";
    return true;
  });
  return good ? found : Members{"none"};
}

TEST(JsonScan, GivesEachMemberWithItsText) {
  EXPECT_EQ(members_of("{}"), Members{});
  EXPECT_EQ(members_of(R"({"a":1})"), Members{"a=1"});
  EXPECT_EQ(members_of(R"({"a":{"b":[1,"]}"]},"c\"":"\\","d":null})"), (Members{R"(a={"b":[1,"]}"]})", R"(c\"="\\")", "d=null"}));
}

TEST(JsonScan, GivesEachItem) {
  std::string all;
  EXPECT_TRUE(each_item(R"([1,[2,3],{"a":"]"},"x"])", [&](std::string_view item) { return !(all += std::string(item) + ";").empty(); }));
  EXPECT_EQ(all, R"(1;[2,3];{"a":"]"};"x";)");
  EXPECT_FALSE(each_item("[1,2]", [](std::string_view item) { return item == "1"; })) << "it was stopped";
}

TEST(JsonScan, ReadsNothingBeyondTheText) {
  const std::string good = R"({"a":"x\"y","bbbbbbbbbbbb":[{"c":1.5},"]"],"d":{}})";
  for (std::size_t size = 0; size < good.size(); ++size) {
    const std::string cut = good.substr(0, size);  // a sanitizer sees its end
    EXPECT_EQ(members_of(cut), Members{"none"}) << cut;
  }
  for (const std::string_view text : {"", "{", "[]", "{}}", R"({"a"})", R"({"a":})", R"({"a":1,})", R"({"a\)", R"({a:1})", "null"})
    EXPECT_EQ(members_of(text), Members{"none"}) << text;
}

TEST(JsonScan, DepthTakesNoStack) {
  const std::string deep = "[" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "]";
  EXPECT_EQ(end_of_value(deep, 0), deep.size());
}

}  // namespace
}  // namespace user_events::base
