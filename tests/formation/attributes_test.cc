#include "formation/attributes.h"

#include <gtest/gtest.h>

#include <string>

namespace user_events::formation {
namespace {

constexpr std::string_view kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string parent_with(std::size_t at, char c) {
  std::string text(kParent);
  text[at] = c;
  return text;
}

TEST(Attributes, ControlCharactersAreTheOnesCloudEventsForbids) {
  EXPECT_FALSE(has_control_character("Grüße \xc2\xa0 日本 😀"));
  EXPECT_TRUE(has_control_character("a\tb"));
  EXPECT_TRUE(has_control_character(std::string_view("\0", 1)));
  EXPECT_TRUE(has_control_character("\x7f"));
  EXPECT_TRUE(has_control_character("\xc2\x80"));
  EXPECT_TRUE(has_control_character("\xc2\x9f"));
}

TEST(Attributes, NamesAreLowerCaseLettersAndDigits) {
  for (const char* name : {"a", "tenant", "9", "a1b2"}) EXPECT_TRUE(is_attribute_name(name)) << name;
  for (const char* name : {"", "Tenant", "ten_ant", "ten-ant", "tenant ", "ténant"})
    EXPECT_FALSE(is_attribute_name(name)) << name;
}

TEST(Attributes, JsonMediaTypes) {
  for (const char* type : {"application/json", "Application/JSON", "application/json; charset=utf-8",
                           "text/json", "application/ld+json", " application/json "})
    EXPECT_TRUE(is_json_media_type(type)) << type;
  for (const char* type : {"", "json", "application/xml", "application/jsonp", "application/xjson", "/json",
                           "application/", "text/plain; a=json"})
    EXPECT_FALSE(is_json_media_type(type)) << type;
}

TEST(Attributes, Traceparents) {
  EXPECT_TRUE(is_traceparent(kParent));
  EXPECT_TRUE(is_traceparent("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later"));
  EXPECT_FALSE(is_traceparent(std::string(kParent) + "-more"));
  EXPECT_FALSE(is_traceparent("01" + std::string(kParent.substr(2)) + "more"));
  EXPECT_FALSE(is_traceparent(kParent.substr(0, 54)));
  EXPECT_FALSE(is_traceparent("ff" + std::string(kParent.substr(2))));
  EXPECT_FALSE(is_traceparent("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
  EXPECT_FALSE(is_traceparent("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
  for (const std::size_t at : {0u, 1u, 3u, 34u, 36u, 51u, 53u, 54u}) {
    EXPECT_FALSE(is_traceparent(parent_with(at, 'A'))) << at;
    EXPECT_FALSE(is_traceparent(parent_with(at, 'g'))) << at;
  }
  for (const std::size_t at : {2u, 35u, 52u}) EXPECT_FALSE(is_traceparent(parent_with(at, '_'))) << at;
}

TEST(Attributes, Tracestates) {
  for (const char* state : {"a=1", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "a=1 , b=2", "a=1,,b=2",
                            "tenant@system=x y", "0a=1", "a/*_-=~"})
    EXPECT_TRUE(is_tracestate(state)) << state;
  for (const char* state : {"", ",", "a", "a=", "=1", "A=1", "a=1,a=2", "a=b=c", "a@b@c=1", "a=\x01", "a=ü",
                            "ä=1", "a b=1", "_a=1"})
    EXPECT_FALSE(is_tracestate(state)) << state;
  std::string many;
  for (int i = 0; i < 32; ++i) many += (i == 0 ? "" : ",") + std::string("k") + std::to_string(i) + "=v";
  EXPECT_TRUE(is_tracestate(many));
  EXPECT_FALSE(is_tracestate(many + ",k32=v"));
  EXPECT_FALSE(is_tracestate("a=" + std::string(257, 'v')));
  EXPECT_FALSE(is_tracestate("a=1" + std::string(1'024, ',')));
}

TEST(Attributes, DataSchemasOfOurFormAreTakenApart) {
  const auto schema = parse_data_schema("urn:user-events:schema:user.created:12");
  ASSERT_TRUE(schema.has_value());
  EXPECT_EQ(schema->type, "user.created");
  EXPECT_EQ(schema->version, 12u);
  for (const char* uri :
       {"", "https://example.com/a:1", "urn:user-events:schema:", "urn:user-events:schema:user.created",
        "urn:user-events:schema:user.created:", "urn:user-events:schema::1",
        "urn:user-events:schema:user.created:0", "urn:user-events:schema:user.created:1x",
        "urn:user-events:schema:user.created:-1", "urn:user-events:schema:user.created:4294967296"})
    EXPECT_FALSE(parse_data_schema(uri).has_value()) << uri;
}

TEST(Attributes, NoncharactersAreFoundAndTheirNeighboursAreNot) {
  for (const char* bad : {"\xef\xb7\x90", "\xef\xb7\xaf", "a\xef\xbf\xbe",
                          "\xef\xbf\xbf"
                          "b",
                          "\xf0\x9f\xbf\xbe", "\xf0\xaf\xbf\xbf", "\xf3\xbf\xbf\xbe", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(has_noncharacter(bad)) << testing::PrintToString(bad);
  for (const char* good : {"", "abc", "\xef\xb7\x8f", "\xef\xb7\xb0", "\xef\xbf\xbd", "\xf0\x9f\xbf\xbd",
                           "\xf0\x90\x80\x80", "\xf0\x9e\xbf\xbf", "\xe2\x82\xac", "\xef\xbb\xbf"})
    EXPECT_FALSE(has_noncharacter(good)) << testing::PrintToString(good);
}

TEST(Attributes, EveryCodePointIsJudgedAsUnicodeSays) {
  for (std::uint32_t c = 0; c <= 0x10ffff; ++c) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    std::string text;
    const auto add = [&text](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (c < 0x80)
      add(c);
    else if (c < 0x800)
      add(0xc0 | c >> 6), add(0x80 | (c & 63));
    else if (c < 0x10000)
      add(0xe0 | c >> 12), add(0x80 | (c >> 6 & 63)), add(0x80 | (c & 63));
    else
      add(0xf0 | c >> 18), add(0x80 | (c >> 12 & 63)), add(0x80 | (c >> 6 & 63)), add(0x80 | (c & 63));
    const bool expected = (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
    ASSERT_EQ(has_noncharacter(text), expected) << std::hex << c;
    ASSERT_EQ(has_noncharacter("\xbf" + text + "a"), expected) << std::hex << c;
  }
}

TEST(Attributes, ACharsetOtherThanUtf8IsNoJson) {
  for (const char* good : {"application/json;charset=UTF-8", "application/json; a=b; Charset=\"utf-8\"",
                           "application/json; charset=us-ascii", "application/json;"})
    EXPECT_TRUE(is_json_media_type(good)) << good;
  for (const char* bad : {"application/json; charset=utf-16", "application/json; a=b ;CHARSET=latin1",
                          "application/json; charset=", "application/json; charset=utf-8; charset=x"})
    EXPECT_FALSE(is_json_media_type(bad)) << bad;
}

}  // namespace
}  // namespace user_events::formation
